"""What each state does. The simple ones are plain functions, which evaluate before they act.

Each takes its lane, the state and its input and gives the next state's name (None at the end)
and the output.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from ratchet.workflow.asl.errors import RUNTIME, StateError
from ratchet.workflow.asl.model import (
    Choice,
    Fail,
    Flow,
    Map,
    Parallel,
    Pass,
    Succeed,
    Task,
    Wait,
)
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.asl.timestamps import timestamp
from ratchet.workflow.interpreter import containers, distributed, handlers, task_state
from ratchet.workflow.interpreter.choosing import applies
from ratchet.workflow.interpreter.clock import sleep
from ratchet.workflow.interpreter.dataflow import Data, PathData, data_of
from ratchet.workflow.interpreter.lane import Lane

Outcome = tuple[str | None, Payload]

MAX_WAIT_SECONDS = 99_999_999
MAX_TIMESTAMP_SECONDS = 2**31 - 1  # AWS refuses a timestamp further away than that
_VISITS = 100  # states after which a flow lets others run


async def run_flow(lane: Lane, flow: Flow, payload: Payload) -> Payload:
    """Run a flow from StartAt, or from where it stood, to its end; the last output."""
    states = flow.states
    name: str | None = flow.start_at
    if lane.standing is not None:
        name, payload = lane.standing.state, lane.standing.payload
    visited, turn = 0, lane.execution.turn
    while name is not None:
        state = states[name]
        lane.enter(state, payload)
        at_once = _AT_ONCE.get(type(state))
        if at_once is not None:
            name, payload = at_once(lane, state, payload)
        else:
            name, payload = await _WAITING[type(state)](lane, state, payload)
        visited += 1
        if visited % _VISITS == 0 or turn.is_over:
            await turn.end()
    lane.state = None
    return payload


def _pass(lane: Lane, state: Pass, payload: Payload) -> Outcome:
    data = data_of(lane, state, payload)
    fixed = state.result.payload if state.result is not None and not state.is_jsonata else None
    return state.next, data.leave(data.given() if fixed is None else fixed)


def _succeed(lane: Lane, state: Succeed, payload: Payload) -> Outcome:
    data = data_of(lane, state, payload)
    return None, data.leave(data.input)


def _fail(lane: Lane, state: Fail, payload: Payload) -> Outcome:
    evaluator = data_of(lane, state, payload).evaluator
    error = evaluator.text(state.error) if state.error is not None else None
    cause = evaluator.text(state.cause) if state.cause is not None else None
    raise StateError(error, cause)


def _choice(lane: Lane, state: Choice, payload: Payload) -> Outcome:
    data = data_of(lane, state, payload)
    for rule in state.rules:
        if applies(rule, data):
            return rule.next, data.decide(rule)
    if state.default is None:
        sentence = (
            "Failed to transition out of the state. The state does not point to a next state."
        )
        raise StateError(RUNTIME, lane.explained(sentence))
    return state.default, data.decide(state)


async def _wait(lane: Lane, state: Wait, payload: Payload) -> Outcome:
    data = data_of(lane, state, payload)
    await sleep(lane.execution.clock, _delay(lane, state, data))
    return state.next, data.leave(data.input)


def _delay(lane: Lane, state: Wait, data: Data) -> float:
    if state.timestamp is None:
        return data.evaluator.number(state.seconds, 0, MAX_WAIT_SECONDS) or 0
    text = data.evaluator.text(state.timestamp)
    moment = timestamp(text)
    if moment is None:
        raise _no_timestamp(lane, state, data, text)
    delay = moment - lane.execution.clock.now()
    if delay > MAX_TIMESTAMP_SECONDS:
        raise StateError(RUNTIME, lane.explained("Wait state delay is too long."))
    return delay


def _no_timestamp(lane: Lane, state: Wait, data: Data, text: str) -> StateError:
    field = state.timestamp.field if state.timestamp is not None else "Timestamp"
    if isinstance(data, PathData):
        place = state.timestamp.value if state.timestamp is not None else ""
        return data.evaluator.failed(
            f"The {field} parameter does not reference a valid ISO-8601 extended offset date-time "
            f"format string: {place} == {text}"
        )
    return lane.evaluation_failed(
        "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format "
        f"string: {text}",
        "Timestamp",
        entered=True,
    )


async def _task(lane: Lane, state: Task, payload: Payload) -> Outcome:
    return await handlers.guarded(lane, state, payload, partial(task_state.attempt, lane, state))


async def _parallel(lane: Lane, state: Parallel, payload: Payload) -> Outcome:
    attempt = partial(containers.parallel, lane, state, run_flow)
    return await handlers.guarded(lane, state, payload, attempt)


async def _map(lane: Lane, state: Map, payload: Payload) -> Outcome:
    if state.is_distributed:
        attempt = partial(distributed.iterate, lane, state)
    else:
        attempt = partial(containers.iterate, lane, state, run_flow)
    return await handlers.guarded(lane, state, payload, attempt)


_AT_ONCE: dict[type, Callable[[Lane, Any, Payload], Outcome]] = {
    Pass: _pass,
    Succeed: _succeed,
    Fail: _fail,
    Choice: _choice,
}
_WAITING: dict[type, Callable[[Lane, Any, Payload], Awaitable[Outcome]]] = {
    Wait: _wait,
    Task: _task,
    Parallel: _parallel,
    Map: _map,
}
