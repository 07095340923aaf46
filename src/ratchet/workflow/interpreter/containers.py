"""Parallel and inline Map: lanes of their own, first failure stops the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from ratchet.workflow.asl import errors
from ratchet.workflow.asl.errors import StateError
from ratchet.workflow.asl.model import Flow, Map, Parallel
from ratchet.workflow.asl.payload import MAX_PAYLOAD_BYTES, Payload
from ratchet.workflow.interpreter.dataflow import Data, JsonataData
from ratchet.workflow.interpreter.lane import Item, Lane, too_large

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

    def lane(self, previous: int, place: int) -> Lane:
        """A new lane for the branch or item at `place`; after a redrive, from where it stood."""
        lane = Lane(self._parent.execution, previous, self._parent)
        lane.place = place
        lane.standing = self._parent.unfinished.pop(place, None)
        self._parent.children.append(lane)
        return lane

    def done(self, lane: Lane, output: Payload) -> None:
        """A lane came to its end: it cannot be broken off any more."""
        lane.closed = True
        self._parent.children.remove(lane)
        self._parent.done[lane.place] = output

    def fail(self, lane: Lane, error: Exception) -> None:
        """Take the failure of a lane: break off the others and hand the error to `join`."""
        if self._failure is not None or lane.closed:
            return
        self._failure = error
        self._parent.previous = lane.previous
        self._parent.stands()  # what a redrive needs to know of the lanes
        lane.closed = True
        if isinstance(error, StateError):
            error.is_own = False
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


async def parallel(lane: Lane, state: Parallel, run_flow: RunFlow, data: Data) -> Payload:
    """Run all branches on the same input; the list of their outputs."""
    begins = lane.begins() or not lane.is_underway
    data.renew()
    given = data.given()
    started = lane.record("ParallelStateStarted") if begins else lane.previous
    group = Group(lane)

    async def branch(flow: Flow, inner: Lane) -> None:
        try:
            output = await run_flow(inner, flow, given)
        except Exception as error:  # noqa: BLE001 - `join` raises it
            group.fail(inner, error)
            return
        lane.previous = inner.previous
        group.done(inner, output)

    for place, flow in enumerate(state.branches):
        if place not in lane.done:
            group.start(branch(flow, group.lane(started, place)))
    await group.join()
    lane.record("ParallelStateSucceeded", chain=False)
    return collected(lane, state, [lane.done[place] for place in range(len(state.branches))])


async def iterate(lane: Lane, state: Map, run_flow: RunFlow, data: Data) -> Payload:
    """Run the processor once for each item; the list of outputs in the order of the items."""
    begins = lane.begins() or not lane.is_underway
    data.renew()
    items, limit = _items(state, data)
    started = lane.record("MapStateStarted", {"length": len(items)}) if begins else lane.previous
    _tolerated(state, data)
    if state.processor is None:
        raise StateError(errors.RUNTIME, lane.explained("The Map state has no ItemProcessor."))
    await _Iterations(lane, state, state.processor, data, items, run_flow).run(started, limit)
    lane.record("MapStateSucceeded", chain=False)
    return collected(lane, state, [lane.done[place] for place in range(len(items))])


def items_of(state: Map, data: Data, *, members: bool = False) -> Any:
    """What a Map runs over, from Items, ItemsPath or its input: an array.

    With `members` it may be an object too: a distributed Map runs over its members.
    """
    items = _given(state, data)
    if isinstance(items, list) or (members and isinstance(items, dict)):
        return items
    if isinstance(data, JsonataData) and state.items is not None:
        return data.evaluator.typed(state.items, "array")  # says what it is instead
    path = state.items.value if state.items is not None else "$"
    raise data.refused(f'Reference path "{path}" must point to array.')


def _given(state: Map, data: Data) -> Any:
    if state.items is None:
        return data.input.value
    if isinstance(data, JsonataData):
        return data.evaluator.value(state.items)
    return data.evaluator.setting(state.items)


def concurrency(state: Map, data: Data, most: int) -> int:
    """How many iterations run at a time; 0 stands for as many as there may be."""
    return min(data.evaluator.number(state.max_concurrency, 0, MAX_NUMBER) or most, most)


def _items(state: Map, data: Data) -> tuple[list[Any], int]:
    if isinstance(data, JsonataData):
        items = items_of(state, data)
        return items, concurrency(state, data, MAX_INLINE_CONCURRENCY)
    limit = concurrency(state, data, MAX_INLINE_CONCURRENCY)
    return items_of(state, data), limit


def _tolerated(state: Map, data: Data) -> None:
    """AWS evaluates these in an inline Map too, where they have no effect."""
    data.evaluator.number(state.tolerated_count, 0, MAX_NUMBER)
    data.evaluator.percentage(state.tolerated_percentage)


class _Iterations:
    """The iterations of one Map: as many workers as may run at once, each taking the next item."""

    def __init__(
        self,
        lane: Lane,
        state: Map,
        processor: Flow,
        data: Data,
        items: list[Any],
        run_flow: RunFlow,
    ) -> None:
        self._lane = lane
        self._state = state
        self._data = data
        self._items = items
        self._processor = processor
        self._run_flow = run_flow
        self._group = Group(lane)
        # Those that stood somewhere go on first.
        self._open = iter(
            [*lane.unfinished]
            + [
                place
                for place in range(len(items))
                if place not in lane.done and place not in lane.unfinished
            ]
        )

    async def run(self, started: int, limit: int) -> None:
        for _ in range(min(limit, len(self._items))):
            inner = self._begin(started)
            if inner is not None:
                self._group.start(self._worker(inner))
        await self._group.join()

    def _begin(self, previous: int) -> Lane | None:
        place = next(self._open, None)
        if place is None:
            return None
        inner = self._group.lane(previous, place)
        inner.index = place
        inner.name = self._state.name
        inner.item = Item(place, Payload(self._items[place]))
        if inner.standing is None:
            inner.record("MapIterationStarted", {"name": inner.name, "index": place})
        return inner

    async def _worker(self, first: Lane) -> None:
        inner, turn = first, first.execution.turn
        while True:
            try:
                await self._one(inner)
                if turn.is_over:
                    await turn.end()
                following = self._begin(inner.previous)
            except Exception as error:  # noqa: BLE001 - `join` raises it
                self._failed(inner, error)
                return
            if following is None:
                return
            inner = following

    async def _one(self, inner: Lane) -> None:
        given = self._given(inner)
        output = await self._run_flow(inner, self._processor, given)
        details = {"name": inner.name, "index": inner.index}
        self._lane.previous = inner.record("MapIterationSucceeded", details, chain=False)
        self._group.done(inner, output)

    def _given(self, inner: Lane) -> Payload:
        """What the flow of an item gets."""
        selector = self._state.selector
        if selector is None or inner.standing is not None:
            return inner.item.value if inner.item is not None else self._data.input
        inner.state, inner.entered = self._state, self._lane.entered
        return self._data.seen_by(inner).payload(selector)

    def _failed(self, inner: Lane, error: Exception) -> None:
        if isinstance(error, StateError):
            inner.note_iteration("MapIterationFailed", inner, inner.previous)
        self._group.fail(inner, error)


def collected(lane: Lane, state: Map | Parallel, results: list[Payload]) -> Payload:
    """The array of all outputs. Raises States.DataLimitExceeded if it is too large.

    AWS then runs everything again at a redrive, what succeeded too.
    """
    if sum(result.size + 1 for result in results) + 1 <= 2 * MAX_PAYLOAD_BYTES:
        text = f"[{','.join(result.text for result in results)}]"
        result = Payload([result.value for result in results], text)
        if not result.is_too_large:
            return result
    lane.start_over()
    raise too_large(state.name)
