"""Every decision of the gate, and the judgement around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from retraining.documents.verdict import (
    Comparison,
    DataVerdict,
    Promise,
    RuleAnswer,
    SettingsVerdict,
    SliceVerdict,
    Wanted,
)
from retraining.rules.settlement import (
    APPROVAL_PENDING,
    INCONCLUSIVE,
    MODEL_REJECTED,
    PROMOTED,
    SUSPECT,
    TRAINED,
)

PROMOTE: Final = "promote"


@dataclass(frozen=True)
class Promote:
    """The challenger serves, or waits for a person who approves it."""

    name: ClassVar = PROMOTE
    data_state: ClassVar = TRAINED
    sentence: str
    waits: bool = False

    @property
    def outcome(self) -> str:
        """The outcome of a run that ends with this decision."""
        return APPROVAL_PENDING if self.waits else PROMOTED


@dataclass(frozen=True)
class Reject:
    """The challenger is refused; its data stay."""

    name: ClassVar = "reject"
    outcome: ClassVar = MODEL_REJECTED
    data_state: ClassVar = TRAINED
    sentence: str


@dataclass(frozen=True)
class Inconclusive:
    """What must be shown is not: by the rule (`guard` asks for no proof), or of new features."""

    name: ClassVar = "inconclusive"
    outcome: ClassVar = INCONCLUSIVE
    data_state: ClassVar = TRAINED
    sentence: str


@dataclass(frozen=True)
class Suspect:
    """The data themselves look bad: out of the history until a person releases them."""

    name: ClassVar = "suspect"
    outcome: ClassVar = SUSPECT
    data_state: ClassVar = SUSPECT
    sentence: str


@dataclass(frozen=True)
class Further:
    """Nothing is decided before these candidates are trained and scored."""

    name: ClassVar = "further"
    outcome: ClassVar = None
    data_state: ClassVar = None
    sentence: str
    wanted: tuple[Wanted, ...]


Decision = Promote | Reject | Inconclusive | Suspect | Further


@dataclass(frozen=True)
class Judgement:
    """The gate's decision with all its reasons."""

    decision: Decision
    rules: tuple[RuleAnswer, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    data: DataVerdict | None = None
    settings: SettingsVerdict | None = None
    promise: Promise | None = None
    slices: tuple[SliceVerdict, ...] = ()
