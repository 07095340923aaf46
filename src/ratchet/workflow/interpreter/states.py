"""What each state does. The simple ones are plain functions.

Each takes its branch, the state and its input and gives the next state's name (None at the end)
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
from ratchet.workflow.interpreter.branch import Branch
from ratchet.workflow.interpreter.choosing import applies
from ratchet.workflow.interpreter.clock import sleep
from ratchet.workflow.interpreter.dataflow import Data, PathData, data_of

Outcome = tuple[str | None, Payload]

MAX_WAIT_SECONDS = 99_999_999
MAX_TIMESTAMP_SECONDS = 2**31 - 1  # AWS refuses timestamps further away
_VISITS = 100  # states after which a flow lets others run


async def run_flow(branch: Branch, flow: Flow, payload: Payload) -> Payload:
    """Run a flow from StartAt, or from its checkpoint, to its end; the last output."""
    states = flow.states
    name: str | None = flow.start_at
    if branch.checkpoint is not None:
        name, payload = branch.checkpoint.state, branch.checkpoint.payload
    visited, turn = 0, branch.environment.turn
    while name is not None:
        state = states[name]
        branch.enter(state, payload)
        at_once = _AT_ONCE.get(type(state))
        if at_once is not None:
            name, payload = at_once(branch, state, payload)
        else:
            name, payload = await _WAITING[type(state)](branch, state, payload)
        visited += 1
        if visited % _VISITS == 0 or turn.is_over:
            await turn.end()
    branch.end()
    return payload


def _pass(branch: Branch, state: Pass, payload: Payload) -> Outcome:
    data = data_of(branch, state, payload)
    fixed = state.result.payload if state.result is not None and not state.is_jsonata else None
    return state.next, data.leave(data.given() if fixed is None else fixed)


def _succeed(branch: Branch, state: Succeed, payload: Payload) -> Outcome:
    data = data_of(branch, state, payload)
    return None, data.leave(data.input)


def _fail(branch: Branch, state: Fail, payload: Payload) -> Outcome:
    evaluator = data_of(branch, state, payload).evaluator
    error = evaluator.text(state.error) if state.error is not None else None
    cause = evaluator.text(state.cause) if state.cause is not None else None
    raise StateError(error, cause)


def _choice(branch: Branch, state: Choice, payload: Payload) -> Outcome:
    data = data_of(branch, state, payload)
    for rule in state.rules:
        if applies(rule, data):
            return rule.next, data.decide(rule)
    if state.default is None:
        sentence = (
            "Failed to transition out of the state. The state does not point to a next state."
        )
        raise StateError(RUNTIME, branch.visit.explained(sentence))
    return state.default, data.decide(state)


async def _wait(branch: Branch, state: Wait, payload: Payload) -> Outcome:
    data = data_of(branch, state, payload)
    await sleep(branch.environment.clock, _delay(branch, state, data))
    return state.next, data.leave(data.input)


def _delay(branch: Branch, state: Wait, data: Data) -> float:
    if state.timestamp is None:
        return data.evaluator.number(state.seconds, 0, MAX_WAIT_SECONDS) or 0
    text = data.evaluator.text(state.timestamp)
    moment = timestamp(text)
    if moment is None:
        raise _no_timestamp(branch, state, data, text)
    delay = moment - branch.environment.clock.now()
    if delay > MAX_TIMESTAMP_SECONDS:
        raise StateError(RUNTIME, branch.visit.explained("Wait state delay is too long."))
    return delay


def _no_timestamp(branch: Branch, state: Wait, data: Data, text: str) -> StateError:
    field = state.timestamp.field if state.timestamp is not None else "Timestamp"
    if isinstance(data, PathData):
        place = state.timestamp.value if state.timestamp is not None else ""
        return data.evaluator.failed(
            f"The {field} parameter does not reference a valid ISO-8601 extended offset date-time "
            f"format string: {place} == {text}"
        )
    return branch.recorder.evaluation_failed(
        branch.visit,
        "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format "
        f"string: {text}",
        "Timestamp",
        entered=True,
    )


async def _task(branch: Branch, state: Task, payload: Payload) -> Outcome:
    attempt = partial(task_state.attempt, branch.visit, branch.recorder, state)
    return await handlers.guarded(branch, state, payload, attempt)


async def _parallel(branch: Branch, state: Parallel, payload: Payload) -> Outcome:
    attempt = partial(containers.parallel, branch, state, run_flow)
    return await handlers.guarded(branch, state, payload, attempt)


async def _map(branch: Branch, state: Map, payload: Payload) -> Outcome:
    if state.is_distributed:
        attempt = partial(distributed.iterate, branch, state)
    else:
        attempt = partial(containers.iterate, branch, state, run_flow)
    return await handlers.guarded(branch, state, payload, attempt)


_AT_ONCE: dict[type, Callable[[Branch, Any, Payload], Outcome]] = {
    Pass: _pass,
    Succeed: _succeed,
    Fail: _fail,
    Choice: _choice,
}
_WAITING: dict[type, Callable[[Branch, Any, Payload], Awaitable[Outcome]]] = {
    Wait: _wait,
    Task: _task,
    Parallel: _parallel,
    Map: _map,
}
