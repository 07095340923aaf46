"""Validates definitions: what local AWS accepts, and how it refuses the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.stepfunctions.jobs import unsupported
from ratchet.workflow import check, parse
from ratchet.workflow.asl.findings import (
    ERROR,
    UNSUPPORTED,
    Finding,
    InvalidDefinition,
    as_refused_here,
)
from ratchet.workflow.asl.model import StateMachine, Task

UPDATABLE = frozenset(
    {
        "definition",
        "roleArn",
        "loggingConfiguration",
        "tracingConfiguration",
        "encryptionConfiguration",
    }
)


def refuse_unsupported(request: dict[str, Any]) -> None:
    """Refuse what this release does not support: Express machines and versions."""
    if request.get("type", "STANDARD") != "STANDARD":
        raise ServiceError(
            "StateMachineTypeNotSupported",
            f"State Machine Type Not Supported: '{request['type']}'. Local AWS runs STANDARD "
            "state machines; create it with type STANDARD",
        )
    if request.get("publish"):
        raise ServiceError(
            "ValidationException",
            "publish is not supported: local AWS has no state machine versions; leave it out",
        )


def accepted(text: str) -> StateMachine:
    """The model of a valid definition; else raises InvalidDefinition with every reason."""
    machine, findings = _examined(text)
    errors = [finding for finding in findings if finding.severity == ERROR]
    if machine is None or errors:
        reasons = ", ".join(
            f"{finding.code}: {finding.reason}"
            + (f". {finding.suggestion}" if finding.suggestion else "")
            + f" at {finding.location}"
            for finding in errors
        )
        raise ServiceError("InvalidDefinition", f"Invalid State Machine Definition: '{reasons}'")
    return machine


def validated(request: dict[str, Any]) -> dict[str, Any]:
    """The response of ValidateStateMachineDefinition."""
    _, findings = _examined(request["definition"])
    wanted = ("ERROR",) if request.get("severity", "ERROR") == "ERROR" else ("ERROR", "WARNING")
    limit = request.get("maxResults") or 100
    shown = [finding for finding in findings if finding.severity in wanted]
    failed = any(finding.severity == ERROR for finding in findings)
    return {
        "result": "FAIL" if failed else "OK",
        "diagnostics": [_diagnostic(finding) for finding in shown[:limit]],
        "truncated": len(shown) > limit,
    }


def _examined(text: str) -> tuple[StateMachine | None, tuple[Finding, ...]]:
    if not text.lstrip().startswith("{"):
        finding = Finding(
            "syntax",
            "The definition is not a JSON object",
            "The API accepts JSON only; YAML is for files",
            code="INVALID_JSON_DESCRIPTION",
        )
        return None, (finding,)
    try:
        machine = parse(text)
    except InvalidDefinition as error:
        return None, error.findings
    return machine, (*as_refused_here(check(machine)), *_beyond_local(machine))


def _beyond_local(machine: StateMachine) -> Iterator[Finding]:
    for state in machine.all_states():
        reason = unsupported(state.resource) if isinstance(state, Task) else None
        if reason is not None:
            yield Finding(
                "local-aws",
                f"{reason[:1].upper()}{reason[1:]}",
                "Use an aws-sdk integration, or run it on AWS",
                path=(*state.path, "Resource"),
                state=state.name,
                code=UNSUPPORTED,
            )


def _diagnostic(finding: Finding) -> dict[str, Any]:
    message = f"{finding.reason}. {finding.suggestion}" if finding.suggestion else finding.reason
    return {
        "severity": finding.severity,
        "code": finding.code,
        "message": message,
        "location": finding.location,
    }
