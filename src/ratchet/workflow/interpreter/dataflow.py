"""The data flow of a state, input to output, in either query language.

A state calls `given`, does its work, and calls `leave` with a result; how input and result become
arguments, variables and output is decided here.
"""

from __future__ import annotations

from typing import Any

from ratchet.workflow.asl import paths
from ratchet.workflow.asl.errors import RUNTIME, StateError
from ratchet.workflow.asl.model import Catcher, Choice, ChoiceRule, State
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.asl.templates import Template
from ratchet.workflow.interpreter.branch import Branch
from ratchet.workflow.interpreter.context import Item
from ratchet.workflow.interpreter.expressions import Evaluator
from ratchet.workflow.interpreter.recorder import Recorder
from ratchet.workflow.interpreter.references import ReferenceEvaluator, conflict

EMPTY = Payload({}, "{}")


class JsonataData:
    """JSONata: Arguments in; Assign and Output out, both with the variables of before."""

    __slots__ = ("_branch", "_evaluator", "_state", "_visit", "input")

    def __init__(self, branch: Branch, state: State, payload: Payload) -> None:
        self._branch = branch
        self._state = state
        self._visit = branch.visit
        self.input = payload
        self._evaluator: Evaluator | None = None

    @property
    def evaluator(self) -> Evaluator:
        """Evaluates the state's fields; made when a field needs it."""
        if self._evaluator is None:
            self._evaluator = self._with()
        return self._evaluator

    def renew(self) -> None:
        """Read the context again: token and retry count differ at each attempt."""
        self._evaluator = None

    def given(self) -> Payload:
        """What a Task is called with, what branches get, what a Pass passes on."""
        arguments: Template | None = getattr(self._state, "arguments", None)
        return self.input if arguments is None else self.evaluator.payload(arguments)

    def for_item(self, item: Item, recorder: Recorder) -> Evaluator:
        """An evaluator of the same input for one item of a Map; failures go to `recorder`."""
        return Evaluator(self._visit.of_item(item), recorder, input=self.input)

    def refused(self, sentence: str) -> StateError:
        """The error for an input that a state cannot work on."""
        return StateError(RUNTIME, self._visit.explained(sentence))

    def leave(self, result: Payload, *, is_result: bool = False) -> Payload:
        """Leave the state. `is_result`: expressions see it as `$states.result`."""
        evaluator = self._with(result=result) if is_result else None
        return self._left(evaluator, self._state.assign, self._state.output, result)

    def decide(self, choice: Choice | ChoiceRule) -> Payload:
        """Leave a Choice by one of its rules, or by its Default."""
        return self._left(None, choice.assign, choice.output, self.input)

    def caught(self, catcher: Catcher, error: Payload) -> Payload:
        """Leave the state by a Catch."""
        evaluator = self._with(errorOutput=error)
        return self._left(evaluator, catcher.assign, catcher.output, error)

    def _left(
        self,
        evaluator: Evaluator | None,
        assign: Template | None,
        output: Template | None,
        default: Payload,
    ) -> Payload:
        """Leave with what the templates give, by the state's own evaluator if none is given."""
        if assign is None and output is None:
            return self._branch.exit(default, default, None)
        evaluator = evaluator or self.evaluator
        assigned = evaluator.members(assign) if assign is not None else None
        result = default if output is None else evaluator.payload(output)
        return self._branch.exit(default, result, assigned)

    def _with(self, **states: Payload) -> Evaluator:
        return Evaluator(self._visit, self._branch.recorder, input=self.input, **states)


class PathData:
    """JSONPath: InputPath and Parameters in; ResultSelector, ResultPath and OutputPath out."""

    __slots__ = ("_branch", "_evaluator", "_raw", "_state", "_visit", "input")

    def __init__(self, branch: Branch, state: State, payload: Payload) -> None:
        self._branch = branch
        self._state = state
        self._visit = branch.visit
        self._raw = payload
        path = state.input_path
        if path == "$":
            self.input = payload
        else:
            self.input = self._on(payload).whole(path) if path is not None else EMPTY
        self._evaluator: ReferenceEvaluator | None = None

    @property
    def evaluator(self) -> ReferenceEvaluator:
        """Evaluates the state's fields; made when a field needs it."""
        if self._evaluator is None:
            self._evaluator = self._on(self.input)
        return self._evaluator

    def renew(self) -> None:
        """Paths read the context on every evaluation: nothing to do."""

    def given(self) -> Payload:
        parameters = self._state.parameters
        return self.input if parameters is None else self.evaluator.payload(parameters)

    def for_item(self, item: Item, _: Recorder) -> ReferenceEvaluator:
        return ReferenceEvaluator(self._visit.of_item(item), self.input)

    def refused(self, sentence: str) -> StateError:
        return self.evaluator.failed(sentence)

    def leave(self, result: Payload, *, is_result: bool = False) -> Payload:  # noqa: ARG002
        state = self._state
        assigned = self._assigned(state.assign, result)
        if state.result_selector is not None:
            result = self._on(result).payload(state.result_selector)
        return self._out(self._combined(result, state.result_path), assigned)

    def decide(self, choice: Choice | ChoiceRule) -> Payload:
        return self._out(self.input, self._assigned(choice.assign, self.input))

    def caught(self, catcher: Catcher, error: Payload) -> Payload:
        """AWS applies ResultPath of the Catch, but no OutputPath."""
        output = self._combined(error, catcher.result_path)
        assigned = self._assigned(catcher.assign, error)
        return self._branch.exit(self._raw, output, assigned)

    def _on(self, root: Payload) -> ReferenceEvaluator:
        return ReferenceEvaluator(self._visit, root)

    def _assigned(self, assign: Template | None, root: Payload) -> dict[str, Payload] | None:
        return self._on(root).members(assign) if assign is not None else None

    def _combined(self, result: Payload, path: str | None) -> Payload:
        if path == "$":
            return result
        if path is None:
            return self._raw
        try:
            steps = paths.reference_steps(path)
            return Payload(_placed(self._raw.value, steps, result.value))
        except paths.PathSyntaxError as error:
            raise self.evaluator.failed(f"Invalid path '{path}' : {error}") from error
        except _NoSuchPlace as error:
            raise conflict(error.step, self._raw.value) from error

    def _out(self, combined: Payload, assigned: dict[str, Payload] | None) -> Payload:
        path = self._state.output_path
        if path == "$":
            output = combined
        else:
            output = self._on(combined).whole(path) if path is not None else EMPTY
        return self._branch.exit(self._raw, output, assigned)


Data = JsonataData | PathData


def data_of(branch: Branch, state: State, payload: Payload) -> Data:
    """The data flow of a state in its query language."""
    return (JsonataData if state.is_jsonata else PathData)(branch, state, payload)


class _NoSuchPlace(LookupError):
    """A result cannot be put into the input: `step` does not exist there."""

    def __init__(self, step: paths.Step) -> None:
        super().__init__(step)
        self.step = step


def _placed(root: Any, steps: tuple[paths.Step, ...], value: Any) -> Any:
    """A copy of `root` with `value` at the place; only objects and arrays on the way are copied."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        if not isinstance(root, list) or not 0 <= step < len(root):
            raise _NoSuchPlace(step)
        return [*root[:step], _placed(root[step], rest, value), *root[step + 1 :]]
    if not isinstance(root, dict):
        raise _NoSuchPlace(step)
    return {**root, step: _placed(root.get(step, {}), rest, value)}
