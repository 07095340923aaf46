"""What each state does. The simple ones are plain functions: a flow of them never leaves Python.

Each takes its lane, the state and its input and gives the next state's name (None at the end)
and the output.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from ratchet.workflow.asl.errors import NO_CHOICE, StateError
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
from ratchet.workflow.interpreter import containers, handlers, task_state
from ratchet.workflow.interpreter.clock import sleep
from ratchet.workflow.interpreter.lane import Evaluator, Lane

Outcome = tuple[str | None, Payload]

MAX_WAIT_SECONDS = 99_999_999
_TURNS = 100  # states after which a flow lets others run


async def run_flow(lane: Lane, flow: Flow, payload: Payload) -> Payload:
    """Run the states of a flow from StartAt to the end; the last output."""
    states = flow.states
    name: str | None = flow.start_at
    turns = 0
    while name is not None:
        state = states[name]
        lane.enter(state, payload)
        at_once = _AT_ONCE.get(type(state))
        if at_once is not None:
            name, payload = at_once(lane, state, payload)
        else:
            name, payload = await _WAITING[type(state)](lane, state, payload)
        turns += 1
        if turns % _TURNS == 0:
            await asyncio.sleep(0)
    lane.state = None
    return payload


def _pass(lane: Lane, state: Pass, payload: Payload) -> Outcome:
    default = payload
    if not state.is_jsonata and state.result is not None and state.result.payload is not None:
        default = state.result.payload
    evaluator = lane.evaluator(payload)
    return state.next, lane.leave(state, evaluator, state.output, state.assign, default)


def _succeed(lane: Lane, state: Succeed, payload: Payload) -> Outcome:
    return None, lane.leave(state, lane.evaluator(payload), state.output, None, payload)


def _fail(lane: Lane, state: Fail, payload: Payload) -> Outcome:
    evaluator = lane.evaluator(payload)
    error = evaluator.typed(state.error, "string") if state.error is not None else None
    cause = evaluator.typed(state.cause, "string") if state.cause is not None else None
    raise StateError(error, cause)


def _choice(lane: Lane, state: Choice, payload: Payload) -> Outcome:
    evaluator = lane.evaluator(payload)
    for rule in state.rules:
        if evaluator.typed(rule.condition, "boolean"):
            return rule.next, lane.leave(state, evaluator, rule.output, rule.assign, payload)
    if state.default is None:
        sentence = (
            "Failed to transition out of the state. The state does not point to a next state."
        )
        raise StateError(NO_CHOICE, lane.explained(sentence))
    return state.default, lane.leave(state, evaluator, state.output, state.assign, payload)


async def _wait(lane: Lane, state: Wait, payload: Payload) -> Outcome:
    evaluator = lane.evaluator(payload)
    await sleep(lane.execution.clock, _delay(lane, state, evaluator))
    evaluator = lane.evaluator(payload)
    return state.next, lane.leave(state, evaluator, state.output, state.assign, payload)


def _delay(lane: Lane, state: Wait, evaluator: Evaluator) -> float:
    if state.timestamp is None:
        return evaluator.number(state.seconds, 0, MAX_WAIT_SECONDS) or 0
    text = evaluator.typed(state.timestamp, "string")
    moment = timestamp(text)
    if moment is None:
        raise lane.evaluation_failed(
            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format "
            f"string: {text}",
            "Timestamp",
            entered=True,
        )
    return moment - lane.execution.clock.now()


_ISO = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$")


def timestamp(text: str) -> float | None:
    """Epoch seconds of an ISO 8601 extended offset date-time, None if it is none."""
    match = _ISO.match(text)
    if match is None:
        return None
    try:
        whole = datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None
    return whole + float(f"0{match[2]}" if match[2] else 0)


async def _task(lane: Lane, state: Task, payload: Payload) -> Outcome:
    return await handlers.guarded(
        lane, state, payload, lambda: task_state.attempt(lane, state, payload)
    )


async def _parallel(lane: Lane, state: Parallel, payload: Payload) -> Outcome:
    return await handlers.guarded(
        lane, state, payload, lambda: containers.parallel(lane, state, payload, run_flow)
    )


async def _map(lane: Lane, state: Map, payload: Payload) -> Outcome:
    return await handlers.guarded(
        lane, state, payload, lambda: containers.iterate(lane, state, payload, run_flow)
    )


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
