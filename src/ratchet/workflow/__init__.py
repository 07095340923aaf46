"""One model of the Amazon States Language: load, check and run state machines.

`load` reads and checks a definition, `check` lists what is wrong with one, `execute` runs it on
a clock that tests can turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratchet.workflow.building import build
from ratchet.workflow.checks import check
from ratchet.workflow.clock import Clock, RealClock, TestClock
from ratchet.workflow.errors import StateError
from ratchet.workflow.execution import Execution, Identity, execute
from ratchet.workflow.findings import Finding, InvalidDefinition, WorkflowError, errors_of
from ratchet.workflow.history import Event, History
from ratchet.workflow.model import StateMachine
from ratchet.workflow.payload import Payload
from ratchet.workflow.source import read
from ratchet.workflow.tasks import Callbacks, TaskCall, TaskRunner

__all__ = [
    "Callbacks",
    "Clock",
    "Event",
    "Execution",
    "Finding",
    "History",
    "Identity",
    "InvalidDefinition",
    "Payload",
    "RealClock",
    "StateError",
    "StateMachine",
    "TaskCall",
    "TaskRunner",
    "TestClock",
    "WorkflowError",
    "check",
    "errors_of",
    "execute",
    "load",
    "parse",
]


def parse(source: str | bytes | Mapping[str, Any]) -> StateMachine:
    """The model of a definition (dict, JSON or YAML text), right or wrong.

    Raises InvalidDefinition only if there is no JSON or YAML object in it.
    """
    return build(read(source))


def load(source: str | bytes | Mapping[str, Any]) -> StateMachine:
    """The model of a definition that can be run. Raises InvalidDefinition with all findings."""
    machine = parse(source)
    findings = errors_of(check(machine))
    if findings:
        raise InvalidDefinition(findings)
    return machine
