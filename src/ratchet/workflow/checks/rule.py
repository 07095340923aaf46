"""What every check is: a small class with an id, a one-line summary, a link, and a method."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, ClassVar

from ratchet.workflow.asl.findings import ERROR, Finding, Path
from ratchet.workflow.asl.model import State, StateMachine
from ratchet.workflow.checks.uses import Reader
from ratchet.workflow.similar_names import most_similar

if TYPE_CHECKING:
    from ratchet.workflow.checks.role import Role

ASL = "https://docs.aws.amazon.com/step-functions/latest/dg/"
MAX_COMPARED = 500  # names; comparing with more would take seconds in a hostile definition
_PLACEHOLDER = re.compile(r"\$\{[^}]+\}")


@dataclass(frozen=True, slots=True)
class Subject:
    """The machine to check. With `placeholders`, `${Name}` in a string stands for any value.

    `states` are the states at every depth; `role` is what the template allows, if it is known;
    `expressions` reads JSONata for all rules.
    """

    machine: StateMachine
    placeholders: bool = False
    role: Role | None = None
    states: tuple[State, ...] = field(init=False)
    expressions: Reader = field(init=False, default_factory=Reader)

    def __post_init__(self) -> None:
        object.__setattr__(self, "states", tuple(self.machine.all_states()))

    def is_open(self, value: Any) -> bool:
        """Whether a value is unknown because a substitution will set it."""
        return self.placeholders and isinstance(value, str) and bool(_PLACEHOLDER.search(value))


class Rule:
    """One check. Subclasses yield findings by `self.finding(...)`."""

    id: ClassVar[str]
    summary: ClassVar[str]
    link: ClassVar[str] = ASL
    code: ClassVar[str] = "SCHEMA_VALIDATION_FAILED"

    def check(self, subject: Subject) -> Iterator[Finding]:
        raise NotImplementedError

    def finding(
        self,
        path: Path,
        reason: str,
        suggestion: str = "",
        *,
        code: str | None = None,
        severity: str = ERROR,
    ) -> Finding:
        return Finding(
            rule=self.id,
            reason=reason,
            suggestion=suggestion,
            path=path,
            state=state_of(path),
            code=code or self.code,
            severity=severity,
        )


def state_of(path: Path) -> str | None:
    """The name of the innermost state on a path."""
    name = None
    for before, step in pairwise(path):
        if before == "States" and isinstance(step, str):
            name = step
    return name


def nearest(name: str, known: Iterable[str], *, most: int = 12) -> str:
    """Suggest the most similar known name, or all of them if there are few."""
    some = list(islice(known, MAX_COMPARED + 1))
    if len(some) > MAX_COMPARED:
        return ""
    names = sorted(some)
    if near := most_similar(name, names):
        return f"Did you mean {near}?"
    return f"Known: {', '.join(names)}" if 0 < len(names) <= most else ""


def shown(value: Any) -> str:
    """A value as messages quote it: short, on one line."""
    text = repr(value[:60] if isinstance(value, str | list) else value)
    return text if len(text) <= 60 else f"{text[:57]}..."
