"""What a check finds in a definition, and the error that carries findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

Path = tuple[str | int, ...]

ERROR = "ERROR"
WARNING = "WARNING"
NOTE = "NOTE"  # AWS accepts it; this release cannot run it
UNSUPPORTED = "UNSUPPORTED_BY_RATCHET"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of a definition.

    `rule` is our id of the check, `code` the code AWS gives in ValidateStateMachineDefinition,
    `path` is its place in the document. `line` and `column` count from 1 and are set if
    the definition came as text.
    """

    rule: str
    reason: str
    suggestion: str
    path: Path = ()
    state: str | None = None
    code: str = "SCHEMA_VALIDATION_FAILED"
    severity: str = ERROR
    line: int | None = None
    column: int | None = None

    @property
    def field(self) -> str | None:
        """The last named step of the path: the field that is wrong."""
        names = [step for step in self.path if isinstance(step, str)]
        return names[-1] if names else None

    @property
    def location(self) -> str:
        """The place as AWS writes it: `/States/A/Next`."""
        return "/" + "/".join(str(step) for step in self.path)

    def at(self, line: int, column: int) -> Finding:
        return replace(self, line=line, column=column)

    def __str__(self) -> str:
        where = f"{self.line}:{self.column}: " if self.line is not None else ""
        text = f"{where}{self.severity.lower()}: {self.reason} at {self.location}"
        return f"{text}. {self.suggestion}" if self.suggestion else text


class WorkflowError(Exception):
    """Base class of the errors that this package raises."""


class InvalidDefinition(WorkflowError):
    """A definition that AWS (or this release) would not accept; `findings` give the reasons."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(str(finding) for finding in self.findings))


def errors_of(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """What AWS would refuse."""
    return tuple(finding for finding in findings if finding.severity == ERROR)


def as_refused_here(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings for running a machine by this release: what it cannot run is an error."""
    return tuple(
        replace(finding, severity=ERROR) if finding.code == UNSUPPORTED else finding
        for finding in findings
    )
