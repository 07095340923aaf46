"""The distributed Map: a child execution for each item, or batch of items."""

from __future__ import annotations

import asyncio

from ratchet.workflow.asl.errors import EXCEEDED, StateError
from ratchet.workflow.asl.model import Map, StateMachine
from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.interpreter import map_run, results
from ratchet.workflow.interpreter.batches import batches
from ratchet.workflow.interpreter.branch import Branch
from ratchet.workflow.interpreter.child_pool import MAX_CONCURRENCY, ChildPool
from ratchet.workflow.interpreter.containers import MAX_NUMBER, collected, concurrency, items_of
from ratchet.workflow.interpreter.context import Item
from ratchet.workflow.interpreter.dataflow import Data, JsonataData
from ratchet.workflow.interpreter.items import given_items, read_items
from ratchet.workflow.interpreter.map_run import Child, MapRun
from ratchet.workflow.interpreter.status import ABORTED, FAILED, RUNNING, SUCCEEDED, TIMED_OUT


async def iterate(branch: Branch, state: Map, data: Data) -> Payload:
    """Run the processor for each item; gives the results, or where they were written."""
    begins = branch.begins()
    data.renew()
    run, stopped = _Run(branch, state, data), branch.progress.map_run
    return await (run.first() if begins or stopped is None else run.again(stopped))


class _Run:
    """One Map Run while it is running."""

    def __init__(self, branch: Branch, state: Map, data: Data) -> None:
        self._branch = branch
        self._environment = branch.environment
        self._state = state
        self._data = data
        self._given_up = False
        self._bad = 0
        self._total = 0

    async def first(self) -> Payload:
        record = self._branch.recorder.record
        items, limit = self._scope()
        record("MapStateStarted", {"length": len(items) if items is not None else 0})
        self._branch.progress.map_run = run = self._new_run(limit)
        self._environment.announce(run)
        record("MapRunStarted", {"mapRunArn": run.arn})
        return await self._guarded(run, items)

    async def again(self, run: MapRun) -> Payload:
        """After a redrive: what failed is redriven, what was pending is started."""
        run.status, run.stopped = RUNNING, None
        run.redrives += 1
        run.redriven = self._environment.clock.now()
        details = {"mapRunArn": run.arn, "redriveCount": run.redrives}
        self._branch.recorder.record("MapRunRedriven", details)
        items = self._items() if not run.children else None
        return await self._guarded(run, items)

    def _scope(self) -> tuple[list[Item] | None, int]:
        """What to run over and how much at a time, evaluated in AWS's order."""
        if isinstance(self._data, JsonataData):
            return self._items(), concurrency(self._state, self._data, MAX_CONCURRENCY)
        limit = concurrency(self._state, self._data, MAX_CONCURRENCY)
        return self._items(), limit

    def _items(self) -> list[Item] | None:
        """The items in the state's input; None if a reader has them."""
        if self._state.reader is not None:
            return None
        return given_items(items_of(self._state, self._data, members=True))

    def _new_run(self, limit: int) -> MapRun:
        evaluator, state = self._data.evaluator, self._state
        count = evaluator.number(state.tolerated_count, 0, MAX_NUMBER)
        percentage = evaluator.percentage(state.tolerated_percentage)
        identity = self._environment.identity
        arn, machine_arn = map_run.new_arns(identity.machine_arn, state.label)
        return MapRun(
            arn=arn,
            execution_arn=identity.arn,
            machine_arn=machine_arn,
            max_concurrency=0 if limit == MAX_CONCURRENCY else limit,
            tolerated_count=count,
            tolerated_percentage=percentage,
            started=self._environment.clock.now(),
        )

    async def _guarded(self, run: MapRun, items: list[Item] | None) -> Payload:
        record, now = self._branch.recorder.record, self._environment.clock.now
        try:
            if not run.children:
                run.children = await self._prepared(items)
            self._total = sum(child.items for child in run.children)
            output = await self._completed(run)
        except StateError as error:
            run.finish(FAILED, now())
            record("MapRunFailed", dict(error.details))
            error.is_own = False
            raise
        except asyncio.CancelledError:
            run.finish(ABORTED, now())
            record("MapRunAborted")
            raise
        run.finish(SUCCEEDED, now())
        record("MapRunSucceeded")
        record("MapStateSucceeded", chain=False)
        return output

    async def _prepared(self, items: list[Item] | None) -> list[Child]:
        reader = self._state.reader
        if items is None and reader is not None:
            items = await read_items(reader, self._branch.visit, self._data)
        inputs = batches(self._state.batcher, self._data, await self._selected(items or []))
        return [Child(place, count, payload) for place, (payload, count) in enumerate(inputs)]

    async def _selected(self, items: list[Item]) -> list[Payload]:
        selector = self._state.selector
        if selector is None:
            return [item.value for item in items]
        recorder = self._branch.recorder.fork(self._branch.recorder.previous)
        selected, turn = [], self._environment.turn
        for item in items:
            selected.append(self._data.for_item(item, recorder).payload(selector))
            if turn.is_over:
                await turn.end()
        return selected

    async def _completed(self, run: MapRun) -> Payload:
        await self._run_children(run)
        writer = self._state.writer
        written = None
        if writer is not None and writer.resource is not None:
            written = await results.write(writer, self._branch.visit, self._data, run)
        if self._given_up:
            raise StateError(EXCEEDED, "The specified tolerated failure threshold was exceeded")
        if written is not None:
            return written
        return collected(self._branch, self._state, results.outputs(writer, run))

    async def _run_children(self, run: MapRun) -> None:
        left = [child for child in run.children if child.status != SUCCEEDED]
        pool = ChildPool(
            run, left, lambda child: self._one(run, child), lambda: self._may_start(run)
        )
        try:
            await pool.finish()
        except asyncio.CancelledError:
            self._give_up(run)
            await pool.settled()
            raise

    def _may_start(self, run: MapRun) -> bool:
        """Whether more children may start; gives up once too many have failed."""
        if not self._given_up and run.exceeded(self._bad, self._total):
            self._give_up(run)
        return not self._given_up

    async def _one(self, run: MapRun, child: Child) -> None:
        child.redrives = run.redrives
        if child.execution is not None:
            await child.execution.redrive()
        else:
            await self._environment.child(run, child, self._machine()).run()
        if child.status in (FAILED, TIMED_OUT):
            self._bad += child.items

    def _machine(self) -> StateMachine:
        """What a child runs: the processor as a separate machine."""
        machine, processor = self._environment.machine, self._state.processor
        if processor is None:
            raise self._data.refused("The Map state has no ItemProcessor.")
        return StateMachine(machine.source, processor, machine.query_language)

    def _give_up(self, run: MapRun) -> None:
        """Abort the children that are running, and start no more."""
        self._given_up = True
        for child in run.children:
            if child.execution is not None:
                child.execution.stop()
