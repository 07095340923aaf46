"""Machines as tests give them (workflow, file, text, dict, model), with placeholders filled in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from ratchet.workflow import load, parse
from ratchet.workflow.asl.findings import WorkflowError
from ratchet.workflow.asl.model import Flow, State, StateMachine
from ratchet.workflow.files import content_of
from ratchet.workflow.similar_names import most_similar
from ratchet.workflow.testing.mocks import InvalidMock


class Authored(Protocol):
    """A Workflow or a graph."""

    def to_dict(self) -> Mapping[str, Any]:
        """The definition as ASL."""


Machine = StateMachine | Mapping[str, Any] | Authored | Path | str | bytes

_ENDINGS = (".json", ".yaml", ".yml")
_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9_.]+)\}")
_FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:"
_KNOWN = {
    "Partition": "aws",
    "AWS.Partition": "aws",
    "Region": "us-east-1",
    "AccountId": "123456789012",
}


def machine_of(machine: Machine, substitutions: Mapping[str, str] | None = None) -> StateMachine:
    """The model of a machine that can be run. Raises InvalidDefinition with all findings.

    `${Name}` (a DefinitionSubstitution) becomes `substitutions[Name]`; without one it becomes
    the partition, a function ARN for a whole Resource or a name ending in FunctionArn, or the
    name itself.
    """
    if isinstance(machine, StateMachine):
        return machine
    document = parse(_text_or_mapping(machine)).document
    return load(_filled(document, substitutions or {}))


def _text_or_mapping(machine: Machine) -> str | bytes | Mapping[str, Any]:
    if isinstance(machine, Path):
        return content_of(machine)
    if isinstance(machine, str) and machine.endswith(_ENDINGS) and "\n" not in machine:
        raise WorkflowError(f"a text is the definition itself; for a file give Path({machine!r})")
    if isinstance(machine, str | bytes | Mapping):
        return machine
    if not hasattr(machine, "to_dict"):
        raise WorkflowError(f"a machine is a Workflow, a Path, a dict or a text, not {machine!r}")
    return machine.to_dict()  # type: ignore[union-attr]


def find_state(machine: StateMachine, name: str) -> tuple[Flow, State]:
    """The state of that name at any depth, and the flow it is in. Raises WorkflowError."""
    for flow in machine.all_flows():
        if name in flow.states:
            return flow, flow.states[name]
    raise WorkflowError(_no_state(machine, name))


def refuse_unknown_states(machine: StateMachine, names: Iterable[str]) -> None:
    """Raises InvalidMock for the first name that no state has: its mock would never be used."""
    known = {state.name for state in machine.all_states()}
    for name in names:
        if name not in known:
            raise InvalidMock(_no_state(machine, name))


def _no_state(machine: StateMachine, name: str) -> str:
    names = [state.name for state in machine.all_states()]
    near = most_similar(name, names)
    hint = f" (did you mean {near}?)" if near else f"; it has {', '.join(names[:20])}"
    return f"the machine has no state {name!r}{hint}"


def _filled(value: Any, substitutions: Mapping[str, str], key: str = "") -> Any:
    if isinstance(value, str):
        whole = key == "Resource" and _PLACEHOLDER.fullmatch(value) is not None
        return _PLACEHOLDER.sub(lambda m: _substitute(m[1], substitutions, whole=whole), value)
    if isinstance(value, dict):
        return {name: _filled(part, substitutions, name) for name, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, substitutions) for part in value]
    return value


def _substitute(name: str, substitutions: Mapping[str, str], *, whole: bool) -> str:
    if name in substitutions:
        return substitutions[name]
    if whole or name.endswith("FunctionArn"):
        return _FUNCTION + name.removesuffix("FunctionArn")
    return _KNOWN.get(name, name)
