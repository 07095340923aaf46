"""The checks that stand before a definition is accepted, and behind lint."""

from __future__ import annotations

from ratchet.workflow.asl.findings import Finding
from ratchet.workflow.asl.model import StateMachine
from ratchet.workflow.checks.expressions import Expressions
from ratchet.workflow.checks.fields import KnownFields, QueryLanguages, Variables
from ratchet.workflow.checks.graph import ChoiceDefault, Endings, Reachable, Targets, UniqueNames
from ratchet.workflow.checks.handlers import ErrorNames
from ratchet.workflow.checks.integrations import Integrations, TokenIsPassed
from ratchet.workflow.checks.rule import Rule, Subject
from ratchet.workflow.checks.unsupported import NotYet

RULES: tuple[Rule, ...] = (
    NotYet(),
    KnownFields(),
    QueryLanguages(),
    Variables(),
    Targets(),
    Endings(),
    Reachable(),
    UniqueNames(),
    ChoiceDefault(),
    Expressions(),
    ErrorNames(),
    Integrations(),
    TokenIsPassed(),
)

__all__ = ["RULES", "Rule", "Subject", "check"]


def check(machine: StateMachine, *, placeholders: bool = False) -> tuple[Finding, ...]:
    """All findings about a machine, with positions if it came as text.

    With `placeholders`, `${Name}` in a string is a substitution still to come.
    """
    subject = Subject(machine, placeholders)
    findings = [finding for rule in RULES for finding in rule.check(subject)]
    return tuple(_placed(machine, finding) for finding in findings)


def _placed(machine: StateMachine, finding: Finding) -> Finding:
    position = machine.source.position(finding.path)
    return finding if position is None else finding.at(*position)
