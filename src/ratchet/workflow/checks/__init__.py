"""What `ratchet lint` reports, and what a definition must pass before it is accepted."""

from __future__ import annotations

from itertools import chain, islice

from ratchet.workflow.asl.findings import Finding
from ratchet.workflow.asl.model import StateMachine
from ratchet.workflow.checks.choices import ChoiceDefault, ChoiceRules, TextOrder
from ratchet.workflow.checks.dataflow import UnwrittenPaths
from ratchet.workflow.checks.expressions import Expressions, Functions, StatesVariable
from ratchet.workflow.checks.fields import (
    DistributedFields,
    ExclusiveFields,
    KnownFields,
    NeededFields,
    StateShape,
)
from ratchet.workflow.checks.graph import (
    Endings,
    Loops,
    Reachable,
    RepeatedKeys,
    Targets,
    Terminal,
    UniqueNames,
)
from ratchet.workflow.checks.handlers import (
    ErrorNames,
    Heartbeats,
    RetryDelays,
    UnreachableHandlers,
    WildcardPlace,
)
from ratchet.workflow.checks.integrations import Integrations, TokenIsPassed
from ratchet.workflow.checks.languages import MixedLanguages, QueryLanguages, Variables
from ratchet.workflow.checks.map_calls import MapCalls
from ratchet.workflow.checks.map_parts import MapParts
from ratchet.workflow.checks.metrics import MetricByPlace
from ratchet.workflow.checks.parameters import (
    ArgumentKinds,
    ArgumentNames,
    ArgumentsNeeded,
    ArgumentValues,
)
from ratchet.workflow.checks.paths import JsonPaths, PathAsText
from ratchet.workflow.checks.permissions import Permissions
from ratchet.workflow.checks.role import Role
from ratchet.workflow.checks.rule import Rule, Subject
from ratchet.workflow.checks.top_level import TopLevel
from ratchet.workflow.checks.unsupported import NotYet
from ratchet.workflow.checks.variables import ContextObject, UnknownVariables

RULES: tuple[Rule, ...] = (
    NotYet(),
    StateShape(),
    KnownFields(),
    NeededFields(),
    ExclusiveFields(),
    DistributedFields(),
    MapParts(),
    MapCalls(),
    QueryLanguages(),
    MixedLanguages(),
    Variables(),
    Targets(),
    Endings(),
    Reachable(),
    Terminal(),
    Loops(),
    UniqueNames(),
    RepeatedKeys(),
    ChoiceRules(),
    ChoiceDefault(),
    TextOrder(),
    Expressions(),
    Functions(),
    StatesVariable(),
    TopLevel(),
    JsonPaths(),
    PathAsText(),
    UnknownVariables(),
    ContextObject(),
    UnwrittenPaths(),
    MetricByPlace(),
    WildcardPlace(),
    ErrorNames(),
    UnreachableHandlers(),
    Heartbeats(),
    RetryDelays(),
    Integrations(),
    TokenIsPassed(),
    ArgumentNames(),
    ArgumentsNeeded(),
    ArgumentKinds(),
    ArgumentValues(),
    Permissions(),
)

MAX_FINDINGS = 1_000  # of one rule

__all__ = ["RULES", "Role", "Rule", "Subject", "check", "link_of"]


def check(
    machine: StateMachine, *, placeholders: bool = False, role: Role | None = None
) -> tuple[Finding, ...]:
    """All findings about a machine, with positions if it came as text.

    With `placeholders`, `${Name}` in a string is a substitution filled in later. `role` is what the
    template lets the machine do.
    """
    subject = Subject(machine, placeholders, role)
    findings = (islice(rule.check(subject), MAX_FINDINGS) for rule in RULES)
    return tuple(_placed(machine, finding) for finding in chain.from_iterable(findings))


def _placed(machine: StateMachine, finding: Finding) -> Finding:
    if finding.line is not None:
        return finding
    position = machine.source.position(finding.path)
    return finding if position is None else finding.at(*position)


def link_of(rule: str) -> str | None:
    """The page of AWS's documentation behind a rule, by its id."""
    return next((known.link for known in RULES if known.id == rule), None)
