"""What the gate is given: the terms of the pipeline, and the facts of the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from retraining.documents.metrics import Measured, Metrics
from retraining.rules.candidates import CHALLENGER, CHAMPION, FRESH

GUARD: Final = "guard"
SUPERIOR: Final = "superior"


@dataclass(frozen=True)
class Terms:
    """The gate's section of a definition."""

    metric: str
    minimum: float
    rule: str
    margin: float
    confidence: float
    min_holdout_rows: int
    approval: str = "auto"
    undecided_settings: str = "keep"
    slices: dict[str, dict[str, Any]] = field(default_factory=dict)  # `minimum` and `min_rows`

    @classmethod
    def of(cls, gate: dict[str, Any]) -> Terms:
        """The terms of a definition's `gate`."""
        return cls(
            gate["metric"],
            float(gate["minimum"]),
            gate["rule"],
            float(gate["margin"]),
            float(gate["confidence"]),
            int(gate["min_holdout_rows"]),
            gate["approval"],
            gate["undecided_settings"],
            gate["slices"],
        )


@dataclass(frozen=True)
class Earlier:
    """A champion that met an earlier batch: what it had promised, and what it did."""

    run: str
    promised: float | None
    promised_lift: float | None
    arrival: float | None
    arrival_lift: float | None
    arrival_rows: int


@dataclass(frozen=True)
class Facts:
    """What was measured, what was prepared, what is expected, and what was before."""

    measured: Metrics
    prepared_rows: dict[str, int]  # by holdout
    golden_rows: int
    shared_rows: int  # row ids that a candidate is both trained and judged on
    has_champion: bool
    expects_reference: bool
    champion_knows_reference: bool = False  # it was trained on former holdouts
    champion_promise: float | None = None  # the lift that the champion's verdict told
    champion_promised: float | None = None  # the value that it told
    changed: bool = False  # settings or features are not the champion's
    other_features: bool = False  # features are not
    untested: bool = False  # they are not, and no earlier batch could test them
    holdout_share: float = 0.15  # of a batch's rows
    trains_alone: bool = True  # the batch has rows of its own to fit on and to stop on
    not_compared: str | None = None  # why the champion is not judged, after "a champion that"
    apart_rows: int = 0  # that nobody is judged on, as the champion cannot be scored
    released: bool = False  # by a person: whatever the batch looks like, it is not set aside
    earlier: tuple[Earlier, ...] = ()  # oldest first
    again: bool = False  # the batch is an earlier one, which says nothing new of the champion
    first_batch: bool = False  # nothing was trained on before it
    lacks_refit: bool = False  # the model of all rows is trained once the challenger has passed
    repeats_champion: bool = False  # with its settings, this run would train it again
    run: str = "RUN"  # id of the run that brought the batch, to be typed

    @property
    def what_changed(self) -> str:
        """What a backtest is about, in words."""
        return "features" if self.other_features else "settings"

    @property
    def none_fresh(self) -> bool:
        """Whether the champion was trained on every held-out row of the batch."""
        return self.has_champion and self.prepared_rows.get(FRESH) == 0

    @property
    def why_none_fresh(self) -> str:
        """Why no held-out row of the batch is fresh, in words."""
        unscored = " or cannot be scored on" if self.apart_rows else ""
        return f"the champion was trained on{unscored} every held-out row of this batch"

    def defined(self, holdout: str) -> bool:
        """Whether the challenger has a value there."""
        found = self.of(holdout)
        return found is not None and found.value is not None

    def silent(self, holdout: str) -> bool:
        """Whether a holdout says nothing of any model: it has no rows, or one label in them all.

        A score that is not a number is the model's fault and not the rows'.
        """
        if holdout == FRESH and self.none_fresh:
            return True
        roles = (CHALLENGER, CHAMPION) if self.has_champion else (CHALLENGER,)
        found = [self.of(holdout, role) for role in roles]
        return all(one is not None and one.value is None and not one.not_finite for one in found)

    def of(self, holdout: str, role: str = CHALLENGER) -> Measured | None:
        """What was measured of a candidate on this holdout."""
        return self.measured.on(role, holdout)
