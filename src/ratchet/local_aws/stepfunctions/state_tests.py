"""TestState: runs a single state with its calls mocked."""

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
"""The name of a state that is given without a state machine."""

_ENDS = frozenset({"Choice", "Succeed", "Fail"})
_PLACE = re.compile(
    r"An error occurred while executing the state '.*?' \(entered at the event id #\d+\)\. ",
    re.DOTALL,
)


class StateTestOperation:
    """The API operation; it keeps nothing after the response."""

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
    """The state machine and the state to test; a single state is wrapped in a machine."""
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
        "stateName is required with the definition of a whole state machine: which of "
        f"{', '.join(state.name for state in machine.all_states())} to test",
    )


def _around(state: dict[str, Any]) -> dict[str, Any]:
    """A state machine of this state and the states that it may lead to."""
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
        raise ServiceError(code, f"{name} is not JSON: {error}") from error


def _members(request: dict[str, Any], name: str) -> dict[str, Any]:
    value = _json(request, name, "ValidationException")
    if not isinstance(value, dict):
        raise ServiceError("ValidationException", f"{name} is not a JSON object")
    return value


def _configured(given: dict[str, Any]) -> int:
    """How often the state was retried before."""
    unknown = sorted(given.keys() - {"retrierRetryCount"})
    if unknown:
        raise ServiceError(
            "ValidationException",
            f"stateConfiguration.{unknown[0]} is not supported by local AWS, only "
            "retrierRetryCount",
        )
    return int(given.get("retrierRetryCount", 0))


def _answer(found: dict[str, Any], level: str) -> dict[str, Any]:
    """The response of the API: values are JSON text, causes do not name the state."""
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
