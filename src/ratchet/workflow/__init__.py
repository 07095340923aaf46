"""One model of the Amazon States Language: load, check and run state machines.

`load` reads and checks a definition, `check` lists what is wrong with one, `execute` runs it on
a clock that tests can turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratchet.workflow.asl.building import build
from ratchet.workflow.asl.errors import StateError
from ratchet.workflow.asl.findings import Finding, InvalidDefinition, WorkflowError, errors_of
from ratchet.workflow.asl.model import StateMachine
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.asl.source import read
from ratchet.workflow.checks import check
from ratchet.workflow.interpreter.clock import Clock, RealClock, TestClock
from ratchet.workflow.interpreter.execution import Execution, Identity, execute
from ratchet.workflow.interpreter.history import Event, History
from ratchet.workflow.interpreter.tasks import Callbacks, TaskCall, TaskRunner

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
