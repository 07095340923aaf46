"""What every check is: a small class with an id, one line, a link, and a look at the machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, ClassVar

from ratchet.workflow.asl.findings import ERROR, Finding, Path
from ratchet.workflow.asl.model import StateMachine

ASL = "https://docs.aws.amazon.com/step-functions/latest/dg/"
_PLACEHOLDER = re.compile(r"\$\{[^}]+\}")


@dataclass(frozen=True, slots=True)
class Subject:
    """The machine under check. With `placeholders`, `${Name}` in a string stands for any value."""

    machine: StateMachine
    placeholders: bool = False

    def is_open(self, value: Any) -> bool:
        """Whether a value is not known yet because a substitution is to fill it."""
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


def nearest(name: str, known: Any, sentence: str = "Did you mean {}?") -> str:
    """A suggestion of the most similar known name, or of all of them if they are few."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    if close:
        return sentence.format(close[0])
    names = sorted(known)
    return f"Known: {', '.join(names)}" if 0 < len(names) <= 12 else ""
