"""Retry and Catch, the same for Task, Map and Parallel."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence

from ratchet.workflow.asl.errors import StateError
from ratchet.workflow.asl.model import Catcher, Map, Parallel, Retrier, Task
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.interpreter.branch import Branch
from ratchet.workflow.interpreter.clock import sleep
from ratchet.workflow.interpreter.dataflow import Data, data_of

Attempt = Callable[[Data], Awaitable[Payload]]


async def guarded(
    branch: Branch, state: Task | Map | Parallel, payload: Payload, attempt: Attempt
) -> tuple[str | None, Payload]:
    """Make attempts until one succeeds, no Retry entry is left, or a Catch takes the error."""
    data = data_of(branch, state, payload)
    used = [0] * len(state.retry)
    while True:
        try:
            result = await attempt(data)
            return state.next, data.leave(result, is_result=True)
        except StateError as error:
            delay = next_delay(state.retry, used, error)
            if delay is None:
                return _caught(branch, state, data, error)
            await sleep(branch.environment.clock, delay)
            branch.visit.retries += 1


def next_delay(retriers: Sequence[Retrier], used: list[int], error: StateError) -> float | None:
    """Seconds until the next attempt, None if there is none. Counts the attempt in `used`."""
    for index, retrier in enumerate(retriers):
        if not error.matches(retrier.errors):
            continue
        if used[index] >= retrier.attempts:
            return None
        used[index] += 1
        return _delay(retrier, used[index])
    return None


def _delay(retrier: Retrier, attempt: int) -> float:
    try:
        delay = retrier.interval * retrier.backoff ** (attempt - 1)
    except OverflowError:
        delay = float("inf")
    if retrier.max_delay is not None:
        delay = min(delay, retrier.max_delay)
    return random.uniform(0, delay) if retrier.jitter else delay  # noqa: S311 - spreads load


def _caught(
    branch: Branch, state: Task | Map | Parallel, data: Data, error: StateError
) -> tuple[str | None, Payload]:
    if isinstance(state, Map | Parallel) and not error.is_own:
        branch.recorder.record(f"{state.type}StateFailed")
    catcher = _catcher(state.catch, error)
    if catcher is None:
        raise error
    return catcher.next, data.caught(catcher, Payload(error.output))


def _catcher(catchers: Sequence[Catcher], error: StateError) -> Catcher | None:
    return next((catcher for catcher in catchers if error.matches(catcher.errors)), None)
