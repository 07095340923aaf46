"""Mocked answers of integrations: a result or an error, checked against what the API can return.

The forms and the three degrees of strictness are those of AWS's TestState API (MockInput).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ratchet.workflow.asl.errors import StateError
from ratchet.workflow.asl.findings import WorkflowError
from ratchet.workflow.integrations.resource import Resource
from ratchet.workflow.testing import answers

Validation = Literal["STRICT", "PRESENT", "NONE"]

_MEMBERS = frozenset({"result", "errorOutput", "fieldValidationMode"})


class InvalidMock(WorkflowError):
    """A mock that the real service could not answer with, or that is malformed."""


@dataclass(frozen=True)
class Mock:
    """What a Task, Map or Parallel state receives instead of a real answer.

    `result` is plain JSON as the state receives it (for lambda:invoke with the member Payload), or
    `error` is the name that Retry and Catch match. STRICT requires every member that the API
    always returns, PRESENT checks only those given, NONE nothing.
    """

    result: Any = None
    error: str | None = None
    cause: str | None = None
    validation: Validation = "STRICT"

    @property
    def failure(self) -> StateError | None:
        """The error that the state gets; None for a result."""
        return StateError(self.error, self.cause) if self.error is not None else None

    def check(self, state: str, resource: Resource) -> None:
        """Raises InvalidMock if the API behind `resource` could not return this result."""
        if self.error is not None or self.validation == "NONE":
            return
        problems = list(answers.problems(resource, self.result, strict=self.validation == "STRICT"))
        if problems:
            listed = "; ".join(problems)
            raise InvalidMock(f"the mock of {state} is not an answer of {resource.arn}: {listed}")


def returns(result: Any, *, validation: Validation = "STRICT") -> Mock:
    """The integration answers with `result`."""
    return Mock(result, validation=validation)


def payload(value: Any) -> Mock:
    """A Lambda function, called through lambda:invoke, returns `value`."""
    return Mock({"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": value})


def fails(error: str, cause: str | None = None) -> Mock:
    """The integration fails with this error."""
    return Mock(error=error, cause=cause)


def parse_mock(given: Mapping[str, Any]) -> Mock:
    """A mock in the form of AWS's API: `result` or `errorOutput`, and `fieldValidationMode`.

    `result` may be JSON itself or, as in the API, JSON as text.
    """
    unknown = sorted(given.keys() - _MEMBERS)
    if unknown:
        known = ", ".join(sorted(_MEMBERS))
        raise InvalidMock(f"a mock has no member {unknown[0]!r}; it has {known}")
    mode = given.get("fieldValidationMode", "STRICT")
    if mode not in get_args(Validation):
        modes = ", ".join(get_args(Validation))
        raise InvalidMock(f"fieldValidationMode must be one of {modes}, not {mode!r}")
    if ("result" in given) == ("errorOutput" in given):
        raise InvalidMock("a mock has either a result or an errorOutput")
    if "result" in given:
        return Mock(answers.as_json(given["result"]), validation=mode)
    return _parse_error(given["errorOutput"])


def _parse_error(output: Any) -> Mock:
    texts = (str, type(None))
    if not isinstance(output, Mapping) or not isinstance(output.get("error"), str):
        raise InvalidMock(f"errorOutput needs a text `error`, but is {output!r}")
    if output.keys() - {"error", "cause"} or not isinstance(output.get("cause"), texts):
        raise InvalidMock(f"errorOutput has the texts error and cause, but is {dict(output)!r}")
    return fails(output["error"], output.get("cause"))
