"""Machines as tests take them: a file, a text, a dict or a model; placeholders are filled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ratchet.workflow import load, parse
from ratchet.workflow.asl.findings import WorkflowError
from ratchet.workflow.asl.model import Flow, State, StateMachine

Machine = StateMachine | Mapping[str, Any] | Path | str | bytes

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
    the partition, a function ARN for a name ending in FunctionArn, or the name itself.
    """
    if isinstance(machine, StateMachine):
        return machine
    if isinstance(machine, Path):
        machine = machine.read_bytes()
    document = parse(machine).document
    return load(_filled(document, substitutions or {}))


def find_state(machine: StateMachine, name: str) -> tuple[Flow, State]:
    """The state of that name at any depth, and the flow it is in. Raises WorkflowError."""
    for flow in machine.all_flows():
        if name in flow.states:
            return flow, flow.states[name]
    from difflib import get_close_matches

    names = [state.name for state in machine.all_states()]
    near = get_close_matches(name, names, n=1)
    hint = f" (did you mean {near[0]}?)" if near else f"; it has {', '.join(names[:20])}"
    raise WorkflowError(f"the machine has no state {name!r}{hint}")


def _filled(value: Any, substitutions: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: _substitute(match[1], substitutions), value)
    if isinstance(value, dict):
        return {key: _filled(part, substitutions) for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, substitutions) for part in value]
    return value


def _substitute(name: str, substitutions: Mapping[str, str]) -> str:
    if name in substitutions:
        return substitutions[name]
    if name.endswith("FunctionArn"):
        return _FUNCTION + name.removesuffix("FunctionArn")
    return _KNOWN.get(name, name)
