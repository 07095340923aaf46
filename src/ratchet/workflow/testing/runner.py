"""Task runners that answer with mocks: one for a single state, or those of a whole machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ratchet.workflow.asl.errors import TASK_FAILED
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.interpreter.clock import Clock, sleep
from ratchet.workflow.interpreter.tasks import Callbacks, TaskCall
from ratchet.workflow.testing.mocks import InvalidMock, Mock, parse_mock

Answer = Mock | Mapping[str, Any] | Callable[[TaskCall], Any]
Answers = Mapping[str, Answer | Sequence[Answer]]


class MockRunner:
    """Answers each call with what `choose` returns for it, after `seconds` of its state."""

    def __init__(
        self,
        choose: Callable[[TaskCall], Mock],
        callbacks: Callbacks,
        clock: Clock | None = None,
        seconds: Mapping[str, float] | None = None,
    ) -> None:
        self._choose = choose
        self._callbacks = callbacks
        self._clock = clock
        self._seconds = seconds or {}
        self._chosen: dict[int, Mock] = {}
        self.calls: list[TaskCall] = []
        self.cancelled: list[TaskCall] = []
        self.invalid: InvalidMock | None = None

    def refusal(self, call: TaskCall) -> str | None:  # noqa: ARG002 - nothing is sent
        """Every call is allowed: mocks are checked for their answers, not for the requests."""
        return None

    async def request(self, call: TaskCall) -> Any:
        """The answer; for a job and a callback, that it was accepted."""
        self.calls.append(call)
        mock = self._checked(call)
        if call.resource.is_job and (mock.failure is None or mock.error == TASK_FAILED):
            self._chosen[id(call)] = mock
            return {}
        await self._pass_time(call)
        if call.token is not None:
            return self._called_back(call.token, mock)
        if mock.failure is not None:
            raise mock.failure
        return mock.result

    def _checked(self, call: TaskCall) -> Mock:
        try:
            mock = self._choose(call)
            mock.check(call.state, call.resource)
        except InvalidMock as error:
            self.invalid = self.invalid or error
            raise
        return mock

    async def complete(self, call: TaskCall, answer: Any) -> Any:  # noqa: ARG002
        """The result of the job."""
        await self._pass_time(call)
        mock = self._chosen.pop(id(call))
        if mock.failure is not None:
            raise mock.failure
        return mock.result

    async def cancel(self, call: TaskCall, answer: Any) -> None:  # noqa: ARG002
        """Remember that the job was stopped."""
        self.cancelled.append(call)

    async def _pass_time(self, call: TaskCall) -> None:
        if self._clock is not None:
            await sleep(self._clock, self._seconds.get(call.state, 0))

    def _called_back(self, token: str, mock: Mock) -> dict[str, Any]:
        if mock.failure is not None:
            self._callbacks.fail(token, mock.error, mock.cause)
        else:
            self._callbacks.succeed(token, Payload(mock.result))
        return {}


class Script:
    """Chooses the mock of a call by its state: always the same, or the next of a list."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._used: Counter[str] = Counter()

    def __call__(self, call: TaskCall) -> Mock:
        """Raises InvalidMock if there is no mock for the state, or no further one."""
        if call.state not in self._answers:
            raise InvalidMock(
                f"{call.state} calls {call.resource.arn}, but has no mock: "
                f"mocks={{{call.state!r}: returns(...)}}"
            )
        answer = self._answers[call.state]
        used = self._used[call.state]
        self._used[call.state] += 1
        if isinstance(answer, Mock | Mapping) or callable(answer):
            return _mock(answer, call)
        if used >= len(answer):
            raise InvalidMock(
                f"{call.state} is called for the {_ordinal(used + 1)} time, "
                f"but the list of its mocks has {used}"
            )
        return _mock(answer[used], call)

    @property
    def unused(self) -> list[str]:
        """States whose mocks were not used, or not all of them."""
        return [
            state
            for state, answer in self._answers.items()
            if self._used[state] < (len(answer) if isinstance(answer, Sequence) else 1)
        ]


def _mock(answer: Answer, call: TaskCall) -> Mock:
    given = answer(call) if callable(answer) else answer
    if isinstance(given, Mock):
        return given
    if isinstance(given, Mapping) and given.keys() & {"result", "errorOutput"}:
        return parse_mock(given)
    raise InvalidMock(
        f"the mock of {call.state} is {given!r}; make one with returns(), payload() or fails()"
    )


def _ordinal(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")
