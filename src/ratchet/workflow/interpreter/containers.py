"""Parallel and inline Map: branches that run side by side, until one fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from ratchet.workflow.asl.errors import RUNTIME, StateError, too_large
from ratchet.workflow.asl.model import Flow, Map, Parallel
from ratchet.workflow.asl.payload import MAX_PAYLOAD_BYTES, Payload
from ratchet.workflow.interpreter.branch import Branch
from ratchet.workflow.interpreter.context import Item
from ratchet.workflow.interpreter.dataflow import Data, JsonataData

RunFlow = Callable[[Branch, Flow, Payload], Awaitable[Payload]]

MAX_INLINE_CONCURRENCY = 40  # AWS: an inline Map runs at most 40 iterations at a time
MAX_NUMBER = 100_000_000


class Group:
    """The branches inside one container. The first that fails aborts the others."""

    def __init__(self, parent: Branch) -> None:
        self._parent = parent
        self._tasks: list[asyncio.Task[None]] = []
        self._failure: Exception | None = None
        parent.children = []

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.ensure_future(work))

    def done(self, branch: Branch, output: Payload) -> None:
        """A branch has ended: it can no longer be aborted."""
        branch.recorder.close()
        self._parent.children.remove(branch)
        self._parent.progress.done[branch.place] = output

    def fail(self, branch: Branch, error: Exception) -> None:
        """Take the failure of a branch: abort the others and pass the error to `join`."""
        if self._failure is not None or branch.recorder.is_closed:
            return
        self._failure = error
        self._parent.recorder.previous = branch.recorder.previous
        self._parent.save_children()
        branch.recorder.close()
        if isinstance(error, StateError):
            error.is_own = False
            self._abort_others(branch)
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current:
                task.cancel()

    def _abort_others(self, failed: Branch) -> None:
        parent, previous = self._parent, failed.recorder.previous
        for other in [branch for branch in parent.children if not branch.recorder.is_closed]:
            other.abort(previous)
            other.record_iteration("MapIterationAborted", parent.recorder, previous)

    async def join(self) -> None:
        """Wait for all branches; raise the first failure."""
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
        """Cancel all branches and wait for what they do then, such as stopping jobs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def parallel(branch: Branch, state: Parallel, run_flow: RunFlow, data: Data) -> Payload:
    """Run all branches on the same input; the list of their outputs."""
    recorder = branch.recorder
    begins = branch.begins() or not branch.progress.is_any
    data.renew()
    given = data.given()
    started = recorder.record("ParallelStateStarted") if begins else recorder.previous
    group = Group(branch)

    async def run(flow: Flow, inner: Branch) -> None:
        try:
            output = await run_flow(inner, flow, given)
        except Exception as error:  # noqa: BLE001 - `join` raises it
            group.fail(inner, error)
            return
        recorder.previous = inner.recorder.previous
        group.done(inner, output)

    for place, flow in enumerate(state.branches):
        if place not in branch.progress.done:
            group.start(run(flow, branch.child(started, place)))
    await group.join()
    recorder.record("ParallelStateSucceeded", chain=False)
    return _in_order(branch, state, len(state.branches))


async def iterate(branch: Branch, state: Map, run_flow: RunFlow, data: Data) -> Payload:
    """Run the processor once for each item; the list of outputs in the order of the items."""
    recorder = branch.recorder
    begins = branch.begins() or not branch.progress.is_any
    data.renew()
    items, limit = _items(state, data)
    started = recorder.previous
    if begins:
        started = recorder.record("MapStateStarted", {"length": len(items)})
    _tolerated(state, data)
    if state.processor is None:
        sentence = "The Map state has no ItemProcessor."
        raise StateError(RUNTIME, branch.visit.explained(sentence))
    await _Iterations(branch, state, state.processor, data, items, run_flow).run(started, limit)
    recorder.record("MapStateSucceeded", chain=False)
    return _in_order(branch, state, len(items))


def _in_order(branch: Branch, state: Map | Parallel, count: int) -> Payload:
    done = branch.progress.done
    return collected(branch, state, [done[place] for place in range(count)])


def items_of(state: Map, data: Data, *, members: bool = False) -> Any:
    """What a Map runs over, from Items, ItemsPath or its input: an array.

    With `members` it may be an object too: a distributed Map runs over its members.
    """
    items = _given(state, data)
    if isinstance(items, list) or (members and isinstance(items, dict)):
        return items
    if isinstance(data, JsonataData) and state.items is not None:
        return data.evaluator.typed(state.items, "array")  # raises an error that names its type
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
        branch: Branch,
        state: Map,
        processor: Flow,
        data: Data,
        items: list[Any],
        run_flow: RunFlow,
    ) -> None:
        self._branch = branch
        self._state = state
        self._data = data
        self._items = items
        self._processor = processor
        self._run_flow = run_flow
        self._group = Group(branch)
        done, stopped = dict(branch.progress.done), dict(branch.progress.stopped)
        fresh = (n for n in range(len(items)) if n not in done and n not in stopped)
        self._open = iter([*stopped, *fresh])  # those that had begun continue first

    async def run(self, started: int, limit: int) -> None:
        for _ in range(min(limit, len(self._items))):
            inner = self._begin(started)
            if inner is not None:
                self._group.start(self._worker(inner))
        await self._group.join()

    def _begin(self, previous: int) -> Branch | None:
        place = next(self._open, None)
        if place is None:
            return None
        inner = self._branch.child(previous, place)
        inner.iterates = self._state.name
        inner.item = Item(place, Payload(self._items[place]))
        if inner.checkpoint is None:
            inner.recorder.record("MapIterationStarted", self._details(inner))
        return inner

    def _details(self, inner: Branch) -> dict[str, Any]:
        return {"name": self._state.name, "index": inner.place}

    async def _worker(self, first: Branch) -> None:
        inner, turn = first, first.environment.turn
        while True:
            try:
                await self._one(inner)
                if turn.is_over:
                    await turn.end()
                following = self._begin(inner.recorder.previous)
            except Exception as error:  # noqa: BLE001 - `join` raises it
                self._failed(inner, error)
                return
            if following is None:
                return
            inner = following

    async def _one(self, inner: Branch) -> None:
        given = self._given(inner)
        output = await self._run_flow(inner, self._processor, given)
        self._branch.recorder.previous = inner.recorder.record(
            "MapIterationSucceeded", self._details(inner), chain=False
        )
        self._group.done(inner, output)

    def _given(self, inner: Branch) -> Payload:
        """What the flow of an item gets."""
        selector = self._state.selector
        item = inner.item
        if item is None:
            return self._data.input
        if selector is None or inner.checkpoint is not None:
            return item.value
        return self._data.for_item(item, inner.recorder).payload(selector)

    def _failed(self, inner: Branch, error: Exception) -> None:
        if isinstance(error, StateError):
            inner.record_iteration("MapIterationFailed", inner.recorder, inner.recorder.previous)
        self._group.fail(inner, error)


def collected(branch: Branch, state: Map | Parallel, results: list[Payload]) -> Payload:
    """The array of all outputs. Raises States.DataLimitExceeded if it is too large.

    AWS then runs everything again at a redrive, what succeeded too.
    """
    if sum(result.size + 1 for result in results) + 1 <= 2 * MAX_PAYLOAD_BYTES:
        text = f"[{','.join(result.text for result in results)}]"
        result = Payload([result.value for result in results], text)
        if not result.is_too_large:
            return result
    branch.start_over()
    raise too_large(state.name)
