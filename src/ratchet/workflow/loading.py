"""The model of a definition, whatever its form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratchet.workflow.asl.building import build
from ratchet.workflow.asl.findings import InvalidDefinition, as_refused_here, errors_of
from ratchet.workflow.asl.model import StateMachine
from ratchet.workflow.asl.source import read
from ratchet.workflow.checks import check


def parse(source: str | bytes | Mapping[str, Any]) -> StateMachine:
    """The model of a definition (dict, JSON or YAML text), valid or not.

    Raises InvalidDefinition only if it is not a JSON or YAML object.
    """
    return build(read(source))


def load(source: str | bytes | Mapping[str, Any]) -> StateMachine:
    """The model of a definition that can be run. Raises InvalidDefinition with all findings."""
    machine = parse(source)
    findings = errors_of(as_refused_here(check(machine)))
    if findings:
        raise InvalidDefinition(findings)
    return machine
