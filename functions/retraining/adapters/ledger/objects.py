"""Object versions: what waits, what was claimed, how each ended."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from retraining.adapters.ledger.items import SIDE_BY_SIDE, Items
from retraining.adapters.table import Hand
from retraining.documents.manifest import ClaimedObject
from retraining.rules.arrivals import Arrival
from retraining.rules.claims import Pending
from retraining.rules.names import pending_mark
from retraining.rules.review import Move
from retraining.rules.settlement import (
    PENDING,
    QUARANTINED,
    TRAINED,
    WAITING,
    Ending,
)


class Objects(Items):
    """Items `object#<id>`, one for each version."""

    def record_arrivals(self, pipeline: str, arrivals: list[Arrival]) -> list[bool]:
        """Write one item per object version; True for each that now waits.

        A duplicate that still waits counts again: the function may have died after writing the
        item and before anything else.
        """
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            return list(pool.map(lambda a: self._record_arrival(pipeline, a), arrivals))

    def _record_arrival(self, pipeline: str, arrival: Arrival) -> bool:
        item = f"object#{arrival.id}"
        values = {
            **_landed(arrival),
            "state": "PENDING",
            "pending": pending_mark(arrival.arrived, arrival.sequencer, arrival.id),
        }
        if self._table.put(pipeline, item, values, "attribute_not_exists(pipeline)"):
            return True
        return (self._table.get(pipeline, item) or {}).get("state") == "PENDING"

    def refuse_arrival(self, pipeline: str, arrival: Arrival, reason: str) -> bool:
        """End an object version as it arrives; False when the ledger knows it already."""
        values = {**_landed(arrival), "state": QUARANTINED, "reason": reason}
        item = f"object#{arrival.id}"
        condition, hand = "attribute_not_exists(pipeline)", Hand("refusal_hand")
        return self._table.put(pipeline, item, values, condition, hand=hand)

    def pending(self, pipeline: str) -> Iterable[Pending]:
        """Objects that wait, oldest first, read consistently."""
        for item in self._table.query(pipeline, index="pending"):
            yield Pending(
                item["item"].removeprefix("object#"),
                item["key"],
                item["version"],
                item["etag"],
                item["size"],
                item["sequencer"],
                released=bool(item.get("released")),
            )

    def count_pending(self, pipeline: str) -> int:
        """How many objects wait."""
        return sum(1 for _ in self._table.query(pipeline, index="pending"))

    def has_pending(self, pipeline: str) -> bool:
        """True when at least one object waits."""
        return any(True for _ in self._table.query(pipeline, index="pending", limit=1))

    def oldest_pending(self, pipeline: str, after: float = 0) -> float | None:
        """When the oldest object that waits arrived, of those later than `after`; epoch seconds."""
        mark = pending_mark(int(after * 1000), "", "")
        found = self._table.query(pipeline, index="pending", after=mark, limit=1)
        return next((item["arrived"] / 1000 for item in found), None)

    def known(self, pipeline: str, identifiers: list[str]) -> set[str]:
        """Those of these objects that the ledger has an item of."""
        items = [f"object#{identifier}" for identifier in identifiers]
        found = self._table.existing(pipeline, items)
        return {item.removeprefix("object#") for item in found}

    def end_objects(self, pipeline: str, token: int, endings: list[Ending]) -> None:
        """Give each object its end; one that has an end keeps it.

        An object that waits for more rows has not ended: the next run claims it again.
        """

        def end(ending: Ending) -> None:
            self._table.update(
                pipeline,
                f"object#{ending.id}",
                "SET #state = :state, #run = :run, reason = :reason"
                + ("" if ending.state == WAITING else " REMOVE pending"),
                {
                    ":state": ending.state,
                    ":run": token,
                    ":reason": ending.reason,
                    ":pending": "PENDING",
                    ":waiting": WAITING,
                },
                "#state IN (:pending, :waiting)",
                {"#state": "state", "#run": "run"},
            )

        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            list(pool.map(end, endings))

    def move_objects(
        self, pipeline: str, token: int, objects: Iterable[ClaimedObject], move: Move, now: float
    ) -> int:
        """Move those of a run's objects that are as it left them; how many that were.

        One that is to wait again is marked as released, and has arrived now.
        """

        def moved(item: ClaimedObject) -> bool:
            values = {":token": token, ":was": move.was, ":becomes": move.becomes}
            change = "SET #state = :becomes REMOVE pending"
            if move.becomes == PENDING:
                at = int(now * 1000)
                values |= {":at": at, ":mark": pending_mark(at, "", item.id), ":yes": True}
                change = (
                    "SET #state = :becomes, pending = :mark, arrived = :at, released = :yes"
                    " REMOVE reason"
                )
            elif move.becomes == TRAINED:
                change = "SET #state = :becomes REMOVE pending, reason"
            found = self._table.update(
                pipeline,
                f"object#{item.id}",
                change,
                values,
                "#run = :token AND #state = :was",
                {"#state": "state", "#run": "run"},
                hand=Hand("review_hand"),
            )
            return found is not None

        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            return sum(pool.map(moved, objects))


def _landed(arrival: Arrival) -> dict[str, Any]:
    """What an object's item says of the version that landed, whatever becomes of it."""
    return {
        "key": arrival.key,
        "version": arrival.version,
        "etag": arrival.etag,
        "size": arrival.size,
        "sequencer": arrival.sequencer,
        "arrived": arrival.arrived,
    }
