"""What one run claims: a batch of object versions, divided into chunks of similar size."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from retraining.documents.champion import Champion
from retraining.documents.definition import PushedDefinition
from retraining.documents.manifest import ClaimedObject, Manifest
from retraining.documents.run_record import RunRecord
from retraining.rules import names
from retraining.rules.names import sequence
from retraining.rules.settlement import FAILED, KEPT, TRAINED

DECISIVE: Final = ("data", "checks", "etl", "split", "training", "gate")
"""The sections of a definition that decide what a run comes to."""

HELD_OUT_FIRST: Final = "holdout_own"  # of a run record's rows

MOST_CHUNKS: Final = 8
CHUNK_BYTES: Final = 32 << 20  # below this a further function costs more than it saves
CHUNK_OBJECTS: Final = 250

# What one run takes; the follow-up takes the rest. A function checks at least 20 MB a second and
# every object costs it about 70 ms, so eight of them need 9 minutes of their 15 at most; the
# manifest of so many objects is 6 MB, which every function of the run can hold.
MOST_OBJECTS: Final = 20_000
MOST_BYTES: Final = 16 << 30

LARGEST_OBJECT: Final = 8 << 30  # one function checks an object from end to end

PACKED: Final = {".gz": 10, ".zip": 10, ".parquet": 4}
"""How much text a byte is expected to become: a drop is divided before anybody has unpacked it."""


@dataclass(frozen=True)
class Pending:
    """One object version that waits in the ledger."""

    id: str
    key: str
    version: str
    etag: str
    size: int
    sequencer: str
    released: bool = False  # by a person


def batch(pending: Iterable[Pending]) -> list[Pending]:
    """The oldest objects that one run can check, as they arrived; the rest waits.

    `pending` comes oldest first, by the second of the event. What a person released is a batch of
    its own: what is said of it does not hold for anything else.
    """
    taken: list[Pending] = []
    total, oldest = 0, list(islice(pending, MOST_OBJECTS))
    for item in [one for one in oldest if one.released] or oldest:
        total += text_bytes(item.key, item.size)
        if taken and total > MOST_BYTES:
            break
        taken.append(item)
    return in_order_of_arrival(taken)


def is_full(sizes: list[int]) -> bool:
    """True when a batch of such objects may have left one behind.

    Its rows must not wait for more: the next run would take the very same objects.
    """
    return len(sizes) >= MOST_OBJECTS or sum(sizes) + LARGEST_OBJECT > MOST_BYTES


def text_bytes(key: str, size: int) -> int:
    """How much text an object is expected to hold; what holds more than the most is refused."""
    times = next((n for end, n in PACKED.items() if key.lower().endswith(end)), 1)
    return max(size, min(size * times, LARGEST_OBJECT))


def least_rows(manifest: Manifest) -> int:
    """How many new rows the batch needs; one that is full or was released does not wait."""
    full = is_full([text_bytes(item.key, item.size) for item in manifest.objects])
    return 1 if full or manifest.released else manifest.definition.min_new_rows


def in_order_of_arrival(objects: list[Pending]) -> list[Pending]:
    """The versions of each key in the order of their writes, in the places that the key has.

    The time of an event says which of two keys came first, to the second. Of one key the
    sequencer knows better, and says nothing about two ("Event message structure", Amazon S3 user
    guide). An object whose event was lost has none, as a listing does not tell it.
    """
    versions: dict[str, list[Pending]] = {}
    for item in objects:
        versions.setdefault(item.key, []).append(item)
    for of_key in versions.values():
        if all(item.sequencer for item in of_key):
            of_key.sort(key=lambda item: sequence(item.sequencer))
        of_key.reverse()
    return [versions[item.key].pop() for item in objects]


def too_large(size: int) -> str | None:
    """Why no run could check an object of this size, and what to do; None when one can."""
    if size <= LARGEST_OBJECT:
        return None
    return (
        f"it has {size / (1 << 30):.1f} GiB, and an object may have at most"
        f" {LARGEST_OBJECT >> 30} GiB: split the file and drop the parts"
    )


def chunked(objects: list[Pending]) -> list[int]:
    """The chunk of each object: largest first into the lightest chunk, ties by id."""
    count = chunk_count(objects)
    loads = [(0, chunk) for chunk in range(count)]
    chunk_of: dict[str, int] = {}
    sizes = {item.id: text_bytes(item.key, item.size) for item in objects}
    for identifier in sorted(sizes, key=lambda one: (-sizes[one], one)):
        load, chunk = min(loads)
        chunk_of[identifier] = chunk
        loads[chunk] = (load + sizes[identifier] + 1, chunk)
    return [chunk_of[item.id] for item in objects]


def chunk_count(objects: list[Pending]) -> int:
    """How many functions check these objects side by side."""
    by_bytes = -(-sum(text_bytes(item.key, item.size) for item in objects) // CHUNK_BYTES)
    by_count = -(-len(objects) // CHUNK_OBJECTS)
    return max(1, min(MOST_CHUNKS, len(objects), max(by_bytes, by_count)))


def manifest_objects(objects: list[Pending], bucket: str) -> tuple[ClaimedObject, ...]:
    """The manifest's `objects`."""
    return tuple(
        ClaimedObject(
            id=item.id,
            bucket=bucket,
            key=item.key,
            version=item.version,
            etag=item.etag,
            size=item.size,
            chunk=chunk,
            released=item.released,
        )
        for item, chunk in zip(objects, chunked(objects), strict=True)
    )


def history(runs: Iterable[RunRecord], baseline: int | None) -> tuple[str, ...]:
    """The batches that are trained on, oldest first."""
    return tuple(
        names.batch(run.token)
        for run in runs
        if run.token >= (baseline or 0) and run.data_state == TRAINED
    )


def judged_again(manifest: Manifest) -> str | None:
    """The run whose batch is judged again; None of a run with a batch of its own."""
    token = names.token_of(manifest.batch)
    return names.run_id(manifest.pipeline, token) if manifest.again else None


def differ(one: PushedDefinition, other: PushedDefinition) -> bool:
    """Whether a run comes to something else with the one than with the other."""
    return any(one.section(name) != other.section(name) for name in DECISIVE)


def repetitions(runs: Iterable[RunRecord]) -> frozenset[str]:
    """The batches whose held-out rows all landed before: a drop again, or corrections by key."""
    return frozenset(
        names.batch(run.token)
        for run in runs
        if run.rows and not run.again and run.rows.get(HELD_OUT_FIRST) == 0
    )


def reference(
    history: tuple[str, ...], count: int, repeated: Collection[str], trained_on: Iterable[str]
) -> tuple[str, ...]:
    """The last batches, whose holdouts are judged on; repetitions do not count towards them.

    Those between stay, for by key their rows are the newest. None of those whose holdouts the
    champion was trained on, should a push ask for more batches than the run asked for that trained
    it.
    """
    own = [place for place, batch in enumerate(history) if batch not in repeated]
    first = own[-count] if len(own) >= count else 0
    known = set(trained_on)
    return tuple(batch for batch in history[first:] if batch not in known)


def fingerprint(
    objects: tuple[ClaimedObject, ...], definition: PushedDefinition, image: str
) -> str:
    """What a batch, what is done with it and what trains on it have in common with another run's.

    A content has many ETags, one for each way of uploading it, but an ETag with a size has one
    content: two that are equal are the same, and two that are not are trained on.
    """
    contents = [(item.etag, item.size) for item in objects]  # with a key the last one counts
    contents = contents if definition.section("data")["key"] else sorted(contents)
    parameters = {name: definition.section(name) for name in DECISIVE}
    text = json.dumps([contents, parameters, image], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def repeated(runs: list[RunRecord], wanted: str) -> str | None:
    """The run that a new one would repeat, row for row: the last whose data were trained on.

    One that failed later, at its promotion, is not finished with its data. For one without new
    objects the history must be the same besides.
    """
    trained = [run for run in runs if run.data_state in (TRAINED, KEPT)]
    last = trained[-1] if trained else None
    finished = last is not None and last.outcome not in (None, FAILED)
    return last.run if last is not None and finished and last.fingerprint == wanted else None


def left(record: RunRecord, manifest: Manifest, champion: Champion | None) -> bool:
    """Whether the champion is still the one that a run left: its own model, or whom it met."""
    if record.promoted:
        return champion is not None and champion.token == record.token
    met = manifest.champion.package if manifest.champion else None
    return met == (champion.package if champion else None)
