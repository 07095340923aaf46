"""State machines in the Amazon States Language: author, check, draw, run and operate them.

Nothing below is imported before it is used: `import ratchet.workflow` costs almost nothing, and
boto3 is loaded when the first call is made.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ratchet.workflow.former_names import refuse

if TYPE_CHECKING:
    from ratchet.workflow import exceptions, inputs, sagemaker, steps, template
    from ratchet.workflow.asl.errors import StateError
    from ratchet.workflow.asl.findings import (
        Finding,
        InvalidDefinition,
        WorkflowError,
        errors_of,
    )
    from ratchet.workflow.asl.model import StateMachine
    from ratchet.workflow.asl.payload import Payload
    from ratchet.workflow.checks import check
    from ratchet.workflow.drawing.draw import draw
    from ratchet.workflow.editing.definition import Definition
    from ratchet.workflow.history.events import Event
    from ratchet.workflow.history.record import History
    from ratchet.workflow.interpreter.clock import Clock, RealClock, TestClock
    from ratchet.workflow.interpreter.execution import execute
    from ratchet.workflow.interpreter.identity import Identity
    from ratchet.workflow.interpreter.tasks import Callbacks, TaskCall, TaskRunner
    from ratchet.workflow.loading import load, parse
    from ratchet.workflow.operating.execution import Execution, ExecutionStatus
    from ratchet.workflow.operating.workflow import Workflow

_HOMES = {
    "asl.errors": ("StateError",),
    "asl.findings": ("Finding", "InvalidDefinition", "WorkflowError", "errors_of"),
    "asl.model": ("StateMachine",),
    "asl.payload": ("Payload",),
    "checks": ("check",),
    "drawing.draw": ("draw",),
    "editing.definition": ("Definition",),
    "interpreter.clock": ("Clock", "RealClock", "TestClock"),
    "history.events": ("Event",),
    "history.record": ("History",),
    "interpreter.execution": ("execute",),
    "interpreter.identity": ("Identity",),
    "interpreter.tasks": ("Callbacks", "TaskCall", "TaskRunner"),
    "loading": ("load", "parse"),
    "operating.execution": ("Execution", "ExecutionStatus"),
    "operating.workflow": ("Workflow",),
}
_SPELT = {
    "set_stream_logger": "logging.basicConfig(level=logging.INFO)",
    "workflow": "from ratchet.workflow import Workflow, Execution",
}
_MODULES = ("exceptions", "inputs", "sagemaker", "steps", "template")
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Callbacks",
    "Clock",
    "Definition",
    "Event",
    "Execution",
    "ExecutionStatus",
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
    "Workflow",
    "WorkflowError",
    "check",
    "draw",
    "errors_of",
    "exceptions",
    "execute",
    "inputs",
    "load",
    "parse",
    "sagemaker",
    "steps",
    "template",
]


def __getattr__(name: str) -> Any:
    """Import a name from its module on first use."""
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name not in _HOME:
        refuse(__name__, name, _SPELT)
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
