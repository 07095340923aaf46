"""Parallel and inline Map: lanes of their own, first failure stops the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from ratchet.workflow.asl import errors
from ratchet.workflow.asl.errors import StateError
from ratchet.workflow.asl.model import Flow, Map, Parallel
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.interpreter.lane import Lane, too_large

RunFlow = Callable[[Lane, Flow, Payload], Awaitable[Payload]]

MAX_INLINE_CONCURRENCY = 40  # AWS: an inline Map runs at most 40 iterations at a time
MAX_NUMBER = 100_000_000


class Group:
    """The lanes inside one container. The first that fails breaks off the others."""

    def __init__(self, parent: Lane) -> None:
        self._parent = parent
        self._tasks: list[asyncio.Task[None]] = []
        self._failure: Exception | None = None
        parent.children = []

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.ensure_future(work))

    def lane(self, previous: int) -> Lane:
        lane = Lane(self._parent.execution, previous, self._parent)
        self._parent.children.append(lane)
        return lane

    def done(self, lane: Lane) -> None:
        """A lane came to its end: it cannot be broken off any more."""
        lane.closed = True
        self._parent.children.remove(lane)

    def fail(self, lane: Lane, error: Exception) -> None:
        """Take the failure of a lane: break off the others and hand the error to `join`."""
        if self._failure is not None or lane.closed:
            return
        self._failure = error
        self._parent.previous = lane.previous
        lane.closed = True
        if isinstance(error, StateError):
            self._break_off(lane)
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current:
                task.cancel()

    def _break_off(self, failed: Lane) -> None:
        for other in [lane for lane in self._parent.children if not lane.closed]:
            other.abort(failed.previous)
            other.note_iteration("MapIterationAborted", self._parent, failed.previous)

    async def join(self) -> None:
        """Wait for all lanes; raise the first failure."""
        try:
            if self._tasks:
                await asyncio.wait(self._tasks)
        except asyncio.CancelledError:
            await self._give_up()
            raise
        if self._failure is not None:
            self._parent.children = []
            raise self._failure

    async def _give_up(self) -> None:
        """Cancel all lanes and let them do what they do when cancelled, such as stopping jobs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def parallel(lane: Lane, state: Parallel, payload: Payload, run_flow: RunFlow) -> Payload:
    """Run all branches on the same input; the list of their outputs."""
    given = payload
    if state.arguments is not None:
        given = lane.evaluator(payload).payload(state.arguments)
    started = lane.record("ParallelStateStarted")
    group = Group(lane)
    results: list[Payload] = [given] * len(state.branches)

    async def branch(index: int, flow: Flow, inner: Lane) -> None:
        try:
            results[index] = await run_flow(inner, flow, given)
        except Exception as error:  # noqa: BLE001 - `join` raises it
            group.fail(inner, error)
            return
        lane.previous = inner.previous
        group.done(inner)

    for index, flow in enumerate(state.branches):
        group.start(branch(index, flow, group.lane(started)))
    await group.join()
    lane.record("ParallelStateSucceeded", chain=False)
    return _collected(state.name, results)


async def iterate(lane: Lane, state: Map, payload: Payload, run_flow: RunFlow) -> Payload:
    """Run the processor once for each item; the list of outputs in the order of the items."""
    items, limit = _items(lane, state, payload)
    started = lane.record("MapStateStarted", {"length": len(items)})
    if state.processor is None:
        raise StateError(errors.RUNTIME, lane.explained("The Map state has no ItemProcessor."))
    iterations = _Iterations(lane, state, state.processor, payload, items, run_flow)
    await iterations.run(started, limit)
    lane.record("MapStateSucceeded", chain=False)
    return _collected(state.name, iterations.results)


def _items(lane: Lane, state: Map, payload: Payload) -> tuple[list[Any], int]:
    evaluator = lane.evaluator(payload)
    items = payload.value if state.items is None else evaluator.typed(state.items, "array")
    if not isinstance(items, list):
        sentence = 'Reference path "$" must point to array.'
        raise StateError(errors.RUNTIME, lane.explained(sentence))
    limit = evaluator.number(state.max_concurrency, 0, MAX_NUMBER) or MAX_INLINE_CONCURRENCY
    # AWS evaluates these in an inline Map too, where they have no effect.
    evaluator.number(state.tolerated_count, 0, MAX_NUMBER)
    evaluator.number(state.tolerated_percentage, 0, 100)
    return items, min(limit, MAX_INLINE_CONCURRENCY)


class _Iterations:
    """The iterations of one Map: as many workers as may run at once, each taking the next item."""

    def __init__(
        self,
        lane: Lane,
        state: Map,
        processor: Flow,
        payload: Payload,
        items: list[Any],
        run_flow: RunFlow,
    ) -> None:
        self._lane = lane
        self._state = state
        self._payload = payload
        self._items = items
        self._processor = processor
        self._run_flow = run_flow
        self._group = Group(lane)
        self._next = 0
        self.results: list[Payload] = [payload] * len(items)

    async def run(self, started: int, limit: int) -> None:
        for _ in range(min(limit, len(self._items))):
            self._group.start(self._worker(self._begin(started)))
        await self._group.join()

    def _begin(self, previous: int) -> Lane:
        index = self._next
        self._next += 1
        inner = self._group.lane(previous)
        inner.index = index
        inner.name = self._state.name
        inner.item = {"Index": index, "Value": Payload(self._items[index]).bound}
        inner.record("MapIterationStarted", {"name": inner.name, "index": index})
        return inner

    async def _worker(self, inner: Lane) -> None:
        while True:
            try:
                await self._one(inner)
                if self._next >= len(self._items):
                    return
                inner = self._begin(inner.previous)
            except Exception as error:  # noqa: BLE001 - `join` raises it
                self._failed(inner, error)
                return

    async def _one(self, inner: Lane) -> None:
        index, given = self._given(inner)
        self.results[index] = await self._run_flow(inner, self._processor, given)
        details = {"name": inner.name, "index": inner.index}
        self._lane.previous = inner.record("MapIterationSucceeded", details, chain=False)
        self._group.done(inner)

    def _given(self, inner: Lane) -> tuple[int, Payload]:
        """Which item a lane works on, and what its flow gets."""
        index = inner.index or 0
        selector = self._state.selector
        if selector is None:
            return index, Payload(self._items[index])
        inner.state, inner.entered = self._state, self._lane.entered
        return index, inner.evaluator(self._payload).payload(selector)

    def _failed(self, inner: Lane, error: Exception) -> None:
        if isinstance(error, StateError):
            inner.note_iteration("MapIterationFailed", inner, inner.previous)
        self._group.fail(inner, error)


def _collected(name: str, results: list[Payload]) -> Payload:
    if sum(result.size + 1 for result in results) + 1 > 2 * 262_144:
        raise too_large(name)  # before the texts are joined: they may be large
    result = Payload(
        [result.value for result in results], f"[{','.join(result.text for result in results)}]"
    )
    if result.is_too_large:
        raise too_large(name)
    return result
