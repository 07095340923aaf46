"""Helpers of the interpreter's tests: machines in one line, a runner that does as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ratchet.workflow import StateError, TaskCall, TestClock, execute, parse
from ratchet.workflow.interpreter.clock import sleep
from ratchet.workflow.interpreter.execution import Execution

INVOKE = "arn:aws:states:::lambda:invoke"
TRAIN = "arn:aws:states:::sagemaker:createTrainingJob.sync"
SEND = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"

Answer = Callable[[TaskCall], Any]


def machine(states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A JSONata definition that starts at the first state."""
    return {
        "QueryLanguage": "JSONata",
        "StartAt": next(iter(states)),
        "States": states,
        **fields,
    }


class Runner:
    """A task runner that asks `answer`; a StateError it returns is raised.

    `seconds` is how long a request takes on the clock, `job_seconds` a `.sync` job.
    """

    def __init__(
        self, clock: TestClock, answer: Answer, seconds: float = 0, job_seconds: float = 0
    ) -> None:
        self._clock = clock
        self._answer = answer
        self._seconds = seconds
        self._job_seconds = job_seconds
        self.calls: list[TaskCall] = []
        self.cancelled: list[Any] = []

    def refusal(self, call: TaskCall) -> str | None:
        return None

    async def request(self, call: TaskCall) -> Any:
        self.calls.append(call)
        await sleep(self._clock, self._seconds)
        return _given(self._answer(call))

    async def complete(self, call: TaskCall, answer: Any) -> Any:
        await sleep(self._clock, self._job_seconds)
        return {**answer, "Status": "Completed"}

    async def cancel(self, call: TaskCall, answer: Any) -> None:
        self.cancelled.append(answer)


def run(
    definition: dict[str, Any],
    input: Any = None,  # noqa: A002 - the word of the API
    *,
    answer: Answer | None = None,
    **timing: float,
) -> tuple[Execution, Runner, TestClock]:
    """Run a definition on a test clock to its end."""
    clock = TestClock()
    runner = Runner(clock, answer or (lambda call: call.arguments), **timing)
    execution = clock.run(execute(parse(definition), input, runner=runner, clock=clock))
    return execution, runner, clock


def types(execution: Execution) -> list[str]:
    return [event.type for event in execution.history.events]


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something holds."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came true")


def _given(answer: Any) -> Any:
    if isinstance(answer, StateError):
        raise answer
    return answer
