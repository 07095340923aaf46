"""Evaluates the paths and intrinsic functions of one JSONPath state, with AWS's errors."""

from __future__ import annotations

import time
from typing import Any

from ratchet.workflow.asl import intrinsics, paths
from ratchet.workflow.asl.errors import INTRINSIC, REFERENCE_PATH, RUNTIME, StateError
from ratchet.workflow.asl.patterns import PatternTimeout
from ratchet.workflow.asl.payload import Payload, dumps
from ratchet.workflow.asl.templates import Reference, Template
from ratchet.workflow.interpreter.visit import Visit


class ReferenceEvaluator:
    """Evaluates templates against one root (`$`), the context (`$$`) and the variables (`$v`)."""

    __slots__ = ("_root", "_visit")

    def __init__(self, visit: Visit, root: Payload) -> None:
        self._visit = visit
        self._root = root

    def value(self, template: Template) -> Any:
        return template.fill(self._reference)

    def payload(self, template: Template) -> Payload:
        return template.payload if template.payload is not None else Payload(self.value(template))

    def members(self, template: Template) -> dict[str, Payload]:
        """An object template, each member as a payload."""
        return {name: Payload(part) for name, part in self.value(template).items()}

    def whole(self, path: str) -> Payload:
        """What InputPath or OutputPath selects."""
        if path == "$":
            return self._root
        self._refuse_null(path)
        try:
            return Payload(self._found(path))
        except paths.PathNotFound as error:
            raise self.failed(f"Invalid path '{path}' : {error}") from error

    def find(self, path: str) -> Any:
        """What a Choice compares. Raises PathNotFound, also for a variable that has no value."""
        name = intrinsics.variable_of(path)
        if name is not None and name not in self._visit.variables:
            raise paths.PathNotFound(f"The variable ${name} has not been assigned")
        self._refuse_null(path)
        return self._found(path)

    def number(self, template: Template | None, low: int, high: int) -> int | None:
        """A whole number in a range, None if the field is absent."""
        value = self.setting(template)
        if template is None or not template.expressions:
            return value if isinstance(value, int) else None
        return _Number(self, template, value).between(low, high)

    def percentage(self, template: Template | None) -> float | None:
        """A number from 0 to 100, None if the field is absent."""
        value = self.setting(template)
        if template is None or not template.expressions:
            return value if isinstance(value, int | float) else None
        return _Number(self, template, value).percentage()

    def text(self, template: Template) -> str:
        """The string in a field such as TimestampPath or CausePath."""
        value = self.setting(template)
        if isinstance(value, str):
            return value
        raise self.failed(
            f"The {template.field} parameter does not reference a string: "
            f"{template.value} == {dumps(value)}"
        )

    def setting(self, template: Template | None) -> Any:
        """The value of a field that may be given by path."""
        if template is None:
            return None
        if not template.expressions:
            return template.value
        reference = template.expressions[0]
        if intrinsics.is_call(reference.text):
            return self._called(reference.text)
        try:
            return self._found(reference.text)
        except paths.PathNotFound as error:
            raise self._missing(template.field, reference.text, error) from error

    def failed(self, sentence: str, error: str = RUNTIME) -> StateError:
        """The error to raise; of the state itself, not of a flow inside it."""
        failure = StateError(error, self._visit.explained(sentence))
        failure.is_own = True
        return failure

    def _missing(self, field: str, path: str, error: paths.PathNotFound) -> StateError:
        if field == "ItemsPath" and error.step is not None:
            return conflict(error.step, self._space(path))
        if field in _OF_TIME:
            sentence = f"The {field} parameter does not reference an input value: {path}"
        elif field in _OF_FAIL:
            sentence = self._not_found(path, field)
        else:
            sentence = f"Invalid path '{path}' : {error}"
        return self.failed(sentence)

    def _refuse_null(self, path: str) -> None:
        """AWS evaluates no path on an input that is null, not even `$`."""
        of_root = not path.startswith("$$") and intrinsics.variable_of(path) is None
        if of_root and self._root.value is None:
            raise self.failed("Unable to apply Path transformation to null or empty input.")

    def _not_found(self, path: str, field: str) -> str:
        return (
            f"The JSONPath '{path}' specified for the field '{field}' could not be found in the "
            f"input '{self._searched(path)}'"
        )

    def _reference(self, reference: Reference) -> Any:
        text = reference.text
        if intrinsics.is_call(text):
            return self._called(text)
        self._refuse_null(text)
        try:
            return self._found(text)
        except paths.PathNotFound as error:
            raise self.failed(self._not_found(text, reference.field)) from error

    def _called(self, text: str) -> Any:
        try:
            return intrinsics.evaluate(intrinsics.parsed(text), self._argument(text))
        except intrinsics.IntrinsicSyntaxError as error:
            raise self.failed(f"Invalid intrinsic function '{text}': {error}") from error
        except intrinsics.CallFailed as error:
            sentence = f"The function '{error.call}' had the following error: {error.reason}"
            raise self.failed(sentence, INTRINSIC) from error

    def _argument(self, call: str) -> intrinsics.ReadPath:
        def read(path: str) -> Any:
            try:
                return self._found(path)
            except paths.PathNotFound as error:
                raise self.failed(
                    f"The function '{call}' had the following error: The JsonPath argument for the "
                    f"field '{path}' could not be found in the input '{self._searched(path)}'"
                ) from error

        return read

    def _found(self, text: str) -> Any:
        space, begun = self._space(text), time.monotonic()
        try:
            return paths.find(intrinsics.path_of(text), space)
        except paths.PathSyntaxError as error:
            raise self.failed(f"Invalid path '{text}' : {error}") from error
        except PatternTimeout as error:
            raise self.failed(f"The path '{text}' was aborted. {error}") from error
        finally:
            self._visit.environment.turn.spend_since(begun)

    def _space(self, text: str) -> Any:
        """What a path searches: the input, the context object or a variable."""
        if text.startswith("$$"):
            return self._visit.context(bound=False)
        name = intrinsics.variable_of(text)
        if name is None:
            return self._root.value
        if name not in self._visit.variables:
            raise self.failed(f"The variable '${name}' in '{text}' has not been assigned")
        return self._visit.variables[name].value

    def _searched(self, text: str) -> str:
        """What a path searched, as AWS shows it: an input keeps its whitespace."""
        space = self._space(text)
        return self._root.text if space is self._root.value else dumps(space)


_OF_TIME = ("SecondsPath", "TimestampPath", "TimeoutSecondsPath", "HeartbeatSecondsPath")
_OF_FAIL = ("ErrorPath", "CausePath")


def conflict(step: paths.Step, value: Any) -> StateError:
    """A reference path (ItemsPath, ResultPath) that does not fit its input.

    AWS names neither the state nor the error that its guide lists (ResultPathMatchFailure).
    """
    failure = StateError(REFERENCE_PATH, f'Unable to apply step "{step}" to input {dumps(value)}')
    failure.is_own = True
    return failure


class _Number:
    """A number found by path, with AWS's errors for other values."""

    def __init__(self, evaluator: ReferenceEvaluator, template: Template, value: Any) -> None:
        self._evaluator = evaluator
        self._field = template.field
        self._path = template.expressions[0].text
        self._value = value

    def between(self, low: int, high: int) -> int:
        value = self._integer()
        if value is None:
            raise self._evaluator.failed(self._no_integer())
        if value < low:
            raise self._evaluator.failed(self._too_low(value))
        if value > high:
            raise self._evaluator.failed(f"{self._name} must be at most {high}.")
        return value

    def percentage(self) -> float:
        value = self._value
        if isinstance(value, str):
            value = _parsed(float, value)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self._evaluator.failed(self._refers_to("float"))
        if not 0 <= value <= 100:
            raise self._evaluator.failed(f"{self._name} must be between 0 and 100.")
        return value

    @property
    def _name(self) -> str:
        return self._field.removesuffix("Path")

    @property
    def _is_time(self) -> bool:
        return self._field.endswith("SecondsPath")

    def _integer(self) -> int | None:
        value = self._value
        if isinstance(value, str) and not self._is_time:
            value = _parsed(int, value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def _no_integer(self) -> str:
        if self._is_time:
            return (
                f"The {self._field} parameter cannot be parsed as a long value: "
                f"{self._path} == {_shown(self._value)}"
            )
        return self._refers_to("integer")

    def _refers_to(self, kind: str) -> str:
        return (
            f'The {self._field} field refers to value "{_shown(self._value)}" '
            f"which is not a valid {kind}: {self._path}"
        )

    def _too_low(self, value: int) -> str:
        if self._is_time:
            kind = "negative" if value < 0 else "non-positive"
            return f"The {self._field} parameter references a {kind} value: {self._path} == {value}"
        return f"{self._name} cannot be negative."


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else dumps(value)


def _parsed(kind: type[int] | type[float], text: str) -> int | float | None:
    try:
        return kind(text)
    except ValueError:
        return None
