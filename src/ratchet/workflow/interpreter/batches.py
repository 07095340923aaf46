"""Batches of items for child executions, as ItemBatcher defines them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ratchet.workflow.asl.model import ItemBatcher
from ratchet.workflow.asl.payload import MAX_PAYLOAD_BYTES, Payload
from ratchet.workflow.interpreter.containers import MAX_NUMBER
from ratchet.workflow.interpreter.dataflow import Data

Batch = tuple[Payload, int]
"""The input of a child execution, and the number of items in it."""


def batches(batcher: ItemBatcher | None, data: Data, items: Sequence[Payload]) -> list[Batch]:
    """The inputs of the child executions. Raises StateError for limits that are not numbers."""
    if batcher is None:
        return [(item, 1) for item in items]
    most = data.evaluator.number(batcher.max_items, 1, MAX_NUMBER)
    size = data.evaluator.number(batcher.max_bytes, 1, MAX_PAYLOAD_BYTES) or MAX_PAYLOAD_BYTES
    shared = data.evaluator.payload(batcher.input) if batcher.input is not None else None
    start = _start(shared)
    return [
        (_batch(start, batch), len(batch))
        for batch in _cut(items, most or len(items), size, len(start.encode()) + 2)
    ]


def _start(shared: Payload | None) -> str:
    given = f'"BatchInput":{shared.text},' if shared is not None else ""
    return f'{{{given}"Items":['


def _cut(items: Sequence[Payload], most: int, size: int, start: int) -> Iterator[list[Payload]]:
    batch: list[Payload] = []
    filled = start
    for item in items:
        if batch and (len(batch) >= most or filled + item.size + 1 > size):
            yield batch
            batch, filled = [], start
        batch.append(item)
        filled += item.size + 1
    if batch:
        yield batch


def _batch(start: str, batch: list[Payload]) -> Payload:
    return Payload.parse(f"{start}{','.join(item.text for item in batch)}]}}")
