# ruff: noqa: PT028 - test_state is not a test, but called by tests
"""Tests one state, as AWS's TestState API does: its data flow, its next state, its error handling.

Nothing is called: a Task, Map or Parallel state needs a mock. A state is run without its Retry and
Catch first; if it fails, they are applied in this order, as in an execution.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ratchet.workflow import parse
from ratchet.workflow.asl.errors import StateError
from ratchet.workflow.asl.model import Flow, Map, Parallel, State, StateMachine, Task
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.history.events import ROLES, Role
from ratchet.workflow.interpreter import handlers
from ratchet.workflow.interpreter.branch import Branch
from ratchet.workflow.interpreter.clock import TestClock
from ratchet.workflow.interpreter.context import Context
from ratchet.workflow.interpreter.environment import Environment
from ratchet.workflow.interpreter.execution import Execution
from ratchet.workflow.interpreter.recorder import Recorder
from ratchet.workflow.interpreter.states import run_flow
from ratchet.workflow.interpreter.tasks import Callbacks, TaskCall
from ratchet.workflow.testing.machines import Machine, find_state, machine_of
from ratchet.workflow.testing.mocks import InvalidMock, Mock, parse_mock, returns
from ratchet.workflow.testing.parts import PART, emptied, replaced
from ratchet.workflow.testing.runner import MockRunner

Status = Literal["SUCCEEDED", "FAILED", "RETRIABLE", "CAUGHT_ERROR"]
Handled = Task | Map | Parallel


@dataclass(frozen=True)
class StateTest:
    """The outcome of a state; the members are those of the TestState API.

    `inspection` contains, as far as they apply: input, afterArguments, result, variables,
    errorDetails (retryIndex, retryBackoffIntervalSeconds, catchIndex), and in JSONPath
    afterInputPath, afterParameters, afterResultSelector and afterResultPath, all as plain JSON.
    """

    status: Status
    output: Any = None
    next_state: str | None = None
    error: str | None = None
    cause: str | None = None
    inspection: dict[str, Any] = field(default_factory=dict)

    def as_api(self) -> dict[str, Any]:
        """The answer as AWS spells it, without absent members."""
        answer = {
            "status": self.status,
            "output": self.output if self.status in ("SUCCEEDED", "CAUGHT_ERROR") else None,
            "nextState": self.next_state,
            "error": self.error,
            "cause": self.cause,
            "inspectionData": self.inspection,
        }
        return {key: value for key, value in answer.items() if value is not None}


def test_state(
    machine: Machine,
    state: str,
    input: Any = None,  # noqa: A002 - the word of the API
    mock: Mock | Mapping[str, Any] | None = None,
    *,
    variables: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
    retries: int = 0,
    substitutions: Mapping[str, str] | None = None,
) -> StateTest:
    """Run one state of a machine (at any depth) on `input`.

    `mock` is what the integration answers: `returns(...)`, `payload(...)`, `fails(...)`, or a
    dict in the form of the API. `variables` and `context` are what the state sees, `retries` how
    often it was retried before. Raises InvalidDefinition for a machine that cannot run, InvalidMock
    for a mock the real API could not return, WorkflowError for a state that does not exist.
    """
    model = machine_of(machine, substitutions)
    _, found = find_state(model, state)
    given = mock if isinstance(mock, Mock) or mock is None else parse_mock(mock)
    _check(found, given)
    trial = _Trial(model, found, given, dict(variables or {}), dict(context or {}), retries)
    return trial.run(Payload({} if input is None else input))


test_state.__test__ = False  # type: ignore[attr-defined]  # pytest would collect it by its name


def _check(state: State, mock: Mock | None) -> None:
    if not isinstance(state, Handled):
        if mock is not None:
            raise InvalidMock(f"{state.name} is a {state.type} state: it calls nothing to mock")
        return
    if mock is None:
        raise InvalidMock(
            f"{state.name} is a {state.type} state and needs a mock: nothing is called"
        )
    if isinstance(state, Task):
        mock.check(state.name, state.resource)
    elif _gives_a_list(state) and _is_not_a_list(mock):
        raise InvalidMock(f"{state.name} is a {state.type} state: its result is a list")


def _gives_a_list(state: State) -> bool:
    """Whether its result is put together from those of its branches or iterations."""
    return isinstance(state, Parallel) or (isinstance(state, Map) and not state.is_distributed)


def _is_not_a_list(mock: Mock) -> bool:
    return mock.error is None and mock.validation != "NONE" and not isinstance(mock.result, list)


class _Moved(Exception):
    """Not an error: raised instead of entering the state after the tested one."""

    def __init__(self, name: str, payload: Payload) -> None:
        self.name = name
        self.payload = payload


class _TestBranch(Branch):
    """A branch that stops before its second state, with the given number of earlier retries."""

    def __init__(self, environment: Environment, trial: _Trial) -> None:
        super().__init__(environment, Recorder(environment.history, environment.clock, 0))
        self._retries = trial.retries
        self._is_first = True
        self.variables.update({name: Payload(v) for name, v in trial.variables.items()})

    def enter(self, state: State, payload: Payload) -> None:
        if not self._is_first:
            raise _Moved(state.name, payload)
        self._is_first = False
        super().enter(state, payload)
        self.visit.retries = self._retries


class _GivenContext(Context):
    """A context object with the caller's members in it."""

    def __init__(self, execution: Execution, members: Payload) -> None:
        super().__init__(execution.identity, execution.input, execution.started)
        self._members = members

    def within(self, members: dict[str, Any], *, bound: bool) -> dict[str, Any]:
        given = self._members.bound if bound else self._members.value
        return _merged(super().within(members, bound=bound), given)


class _TestExecution(Execution):
    """An execution whose context object has the `members` that the caller gave."""

    members = Payload({})

    @property
    def context(self) -> Context:
        return _GivenContext(self, self.members)


@dataclass(frozen=True)
class _Trial:
    machine: StateMachine
    state: State
    mock: Mock | None
    variables: dict[str, Any]
    context: dict[str, Any]
    retries: int

    def run(self, payload: Payload) -> StateTest:
        bare, branch = self._attempt(payload, self._without("Retry", "Catch"))
        if not isinstance(bare, StateError):
            done = self._done("SUCCEEDED", bare, branch, payload)
            done.inspection.update(self._between(payload))
            return done
        if not isinstance(self.state, Handled):
            return self._failed("FAILED", bare, branch, payload)
        retry = self._retry(bare)
        if retry is not None:
            return self._failed("RETRIABLE", bare, branch, payload, retry)
        outcome, branch = self._attempt(payload, self._without("Retry"))
        if isinstance(outcome, StateError):
            return self._failed("FAILED", outcome, branch, payload)
        index = next(i for i, c in enumerate(self.state.catch) if bare.matches(c.errors))
        caught = self._done("CAUGHT_ERROR", outcome, branch, payload)
        caught.inspection["errorDetails"] = {"catchIndex": index}
        return dataclasses.replace(caught, error=bare.error, cause=bare.cause)

    def _retry(self, error: StateError) -> dict[str, Any] | None:
        """Which Retry entry takes the error, and how long it waits at least and at most."""
        if not isinstance(self.state, Handled):
            return None
        retriers = self.state.retry
        used = [self.retries if error.matches(entry.errors) else 0 for entry in retriers]
        plain = [dataclasses.replace(entry, jitter=False) for entry in retriers]
        delay = handlers.next_delay(plain, used, error)
        if delay is None:
            return None
        index = next(i for i, entry in enumerate(retriers) if error.matches(entry.errors))
        return {"retryIndex": index, "retryBackoffIntervalSeconds": round(delay)}

    def _without(self, *fields: str) -> dict[str, Any]:
        return {key: value for key, value in self.state.document.items() if key not in fields}

    def _between(self, payload: Payload) -> dict[str, Any]:
        """The intermediate data of a JSONPath state, by running it with fewer fields."""
        if self.state.is_jsonata:
            return {}
        path = {key: v for key, v in self.state.document.items() if key == "InputPath"}
        bodies = {"afterInputPath": {"Type": "Pass", "End": True, **path}}
        if isinstance(self.state, Handled):
            rest = ("Retry", "Catch", "Assign", "OutputPath")
            bodies["afterResultSelector"] = self._without(*rest, "ResultPath")
            bodies["afterResultPath"] = self._without(*rest)
        outcomes = {name: self._attempt(payload, body)[0] for name, body in bodies.items()}
        return {
            name: outcome[1].value
            for name, outcome in outcomes.items()
            if not isinstance(outcome, StateError)
        }

    def _attempt(
        self, payload: Payload, body: dict[str, Any]
    ) -> tuple[tuple[str | None, Payload] | StateError, Branch]:
        """Run the state with other fields. Returns the next state and the output, or the error."""
        machine = parse(replaced(self.machine.document, self.state.path, emptied(body)))
        flow, _ = find_state(machine, self.state.name)
        clock, callbacks = TestClock(), Callbacks()
        runner = MockRunner(self._answer, callbacks)
        execution = _TestExecution(
            machine, payload, runner=runner, clock=clock, callbacks=callbacks
        )
        execution.members = Payload(self.context)
        branch = _TestBranch(execution, self)
        only = dataclasses.replace(flow, start_at=self.state.name)
        outcome = clock.run(_stepped(branch, only, payload))
        if body.get("Type") == self.state.type:
            self._check_parts(outcome, runner)
        return outcome, branch

    def _answer(self, call: TaskCall) -> Mock:
        """The mock, or inside a container (the call has the number) that part of its result."""
        mock = self.mock or Mock()
        if call.state != PART or mock.error is not None or mock.validation == "NONE":
            return mock
        number = call.arguments
        if number >= len(mock.result):
            raise _wrong_length(self.state.name, number + 1, mock.result)
        return returns(mock.result[number])

    def _check_parts(self, outcome: object, runner: MockRunner) -> None:
        if self.mock is None or self.mock.error is not None or isinstance(outcome, StateError):
            return
        parts = sum(call.state == PART for call in runner.calls)
        if (
            _gives_a_list(self.state)
            and self.mock.validation != "NONE"
            and parts != len(self.mock.result)
        ):
            raise _wrong_length(self.state.name, parts, self.mock.result)

    # the answer

    def _done(
        self, status: Status, outcome: tuple[str | None, Payload], branch: Branch, payload: Payload
    ) -> StateTest:
        name, output = outcome
        inspection = self._inspection(branch, payload)
        return StateTest(status, output.value, name, inspection=inspection)

    def _failed(
        self,
        status: Status,
        error: StateError,
        branch: Branch,
        payload: Payload,
        details: dict[str, Any] | None = None,
    ) -> StateTest:
        inspection = self._inspection(branch, payload)
        if details:
            inspection["errorDetails"] = details
        return StateTest(status, error=error.error, cause=error.cause, inspection=inspection)

    def _inspection(self, branch: Branch, payload: Payload) -> dict[str, Any]:
        data: dict[str, Any] = {"input": payload.value}
        for event in branch.environment.history.events:
            details = event.details or {}
            if isinstance(self.state, Task) and ROLES[event.type] is Role.ATTEMPT_STARTED:
                name = "afterArguments" if self.state.is_jsonata else "afterParameters"
                data[name] = _value(details.get("parameters", details.get("input")))
        if self.mock is not None and self.mock.error is None:
            data["result"] = self.mock.result
        if branch.variables:
            data["variables"] = {name: value.value for name, value in branch.variables.items()}
        return data


async def _stepped(
    branch: Branch, flow: Flow, payload: Payload
) -> tuple[str | None, Payload] | StateError:
    try:
        return None, await run_flow(branch, flow, payload)
    except _Moved as moved:
        return moved.name, moved.payload
    except StateError as error:
        return error


def _value(payload: Any) -> Any:
    return payload.value if isinstance(payload, Payload) else payload


def _wrong_length(state: str, parts: int, result: list[Any]) -> InvalidMock:
    return InvalidMock(
        f"the mock of {state} is a list of {len(result)}, but the state has {parts} parts"
    )


def _merged(own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The context object with the caller's members merged into it."""
    merged = dict(own)
    for key, value in given.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
