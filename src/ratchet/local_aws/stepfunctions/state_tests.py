"""TestState: one state tried on its own, with what it calls mocked."""

from __future__ import annotations

import json
import re
from typing import Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.stepfunctions import definitions
from ratchet.workflow.asl.findings import WorkflowError
from ratchet.workflow.asl.model import StateMachine
from ratchet.workflow.asl.payload import dumps, loads

ALONE = "State"
"""The name of a state whose definition comes without a machine around it."""

_ENDS = frozenset({"Choice", "Succeed", "Fail"})
_PLACE = re.compile(
    r"An error occurred while executing the state '.*?' \(entered at the event id #\d+\)\. ",
    re.DOTALL,
)


class StateTestOperation:
    """The operation of the API; nothing of it outlasts the answer."""

    def test_state(self, request: dict[str, Any]) -> dict[str, Any]:
        from ratchet.workflow.testing import InvalidMock, test_state

        machine, name = _subject(request)
        try:
            found = test_state(
                machine,
                name,
                _json(request, "input", "InvalidExecutionInput"),
                request.get("mock"),
                variables=_members(request, "variables"),
                context=_members(request, "context"),
                retries=_configured(request.get("stateConfiguration") or {}),
            )
        except InvalidMock as error:
            raise ServiceError(
                "ValidationException", f"{error}. Local AWS calls nothing"
            ) from error
        except WorkflowError as error:
            raise ServiceError("ValidationException", str(error)) from error
        return _answer(found.as_api(), request.get("inspectionLevel", "INFO"))


def _subject(request: dict[str, Any]) -> tuple[StateMachine, str]:
    """The machine and the state in it: of a whole definition, or made around a single state."""
    text, name = request["definition"], request.get("stateName")
    if name is not None:
        return definitions.accepted(text), name
    try:
        state = json.loads(text)
    except (ValueError, RecursionError):
        state = None
    if not isinstance(state, dict) or "States" in state or "Type" not in state:
        return _whole(text)
    return definitions.accepted(dumps(_around(state))), ALONE


def _whole(text: str) -> tuple[StateMachine, str]:
    machine = definitions.accepted(text)
    raise ServiceError(
        "ValidationException",
        "A definition of a whole state machine needs stateName: which of "
        f"{', '.join(state.name for state in machine.all_states())} to test",
    )


def _around(state: dict[str, Any]) -> dict[str, Any]:
    """A machine that holds a state and every state it may lead to."""
    body = dict(state)
    if not {"Next", "End"} & body.keys() and body["Type"] not in _ENDS:
        body["End"] = True
    entries = [*_entries(body.get("Choices")), *_entries(body.get("Catch"))]
    targets = [body.get("Next"), body.get("Default"), *(entry.get("Next") for entry in entries)]
    states: dict[str, Any] = {ALONE: body}
    states |= {str(name): {"Type": "Succeed"} for name in targets if name is not None}
    language = {name: body[name] for name in ("QueryLanguage",) if name in body}
    return {**language, "StartAt": ALONE, "States": states}


def _entries(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _json(request: dict[str, Any], name: str, code: str) -> Any:
    try:
        return loads(request.get(name, "{}"))
    except (ValueError, RecursionError) as error:
        raise ServiceError(code, f"{name} is no JSON: {error}") from error


def _members(request: dict[str, Any], name: str) -> dict[str, Any]:
    value = _json(request, name, "ValidationException")
    if not isinstance(value, dict):
        raise ServiceError("ValidationException", f"{name} is no JSON object")
    return value


def _configured(given: dict[str, Any]) -> int:
    """How often the state was tried before."""
    unknown = sorted(given.keys() - {"retrierRetryCount"})
    if unknown:
        raise ServiceError(
            "ValidationException",
            f"stateConfiguration.{unknown[0]} is not supported by local AWS; it knows "
            "retrierRetryCount",
        )
    return int(given.get("retrierRetryCount", 0))


def _answer(found: dict[str, Any], level: str) -> dict[str, Any]:
    """The answer as the API gives it: values are JSON text, causes do not say where."""
    answer = dict(found)
    if "output" in answer:
        answer["output"] = dumps(answer["output"])
    if "cause" in answer:
        answer["cause"] = _PLACE.sub("", answer["cause"])
    inspection = answer.pop("inspectionData")
    if level != "INFO":
        answer["inspectionData"] = {
            name: value if name == "errorDetails" else dumps(value)
            for name, value in inspection.items()
        }
    return answer
