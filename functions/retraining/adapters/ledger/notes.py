"""What people were told, so that they are told once, and how far a sweep has come."""

from __future__ import annotations

import hashlib

from retraining.adapters.ledger.items import LEDGER, STATE, Items
from retraining.adapters.table import Hand


class Notes(Items):
    """Items and marks that say: told already."""

    def note_unregistered_once(self, pipeline: str) -> bool:
        """True the first time that data arrives for a pipeline nobody pushed."""
        changed = self._table.update(
            pipeline,
            STATE,
            "SET unregistered_noticed = :yes",
            {":yes": True},
            "attribute_not_exists(unregistered_noticed)",
            hand=Hand("notice_hand"),
        )
        return changed is not None

    def note_unplaced_once(self, prefix: str, day: int) -> bool:
        """True the first time on a day (since 1970) that data arrives under a stranger's prefix.

        By its hash, since a prefix may be longer than an item's key; the item expires.
        """
        item = f"unplaced#{hashlib.sha256(prefix.encode()).hexdigest()}#{day}"
        expires = {"expires": (day + 2) * 86_400}
        condition, hand = "attribute_not_exists(pipeline)", Hand("notice_hand")
        return self._table.put(LEDGER, item, expires, condition, hand=hand)

    def note_out_of_step_once(self, pipeline: str, day: int) -> bool:
        """True the first time on a day that a pipeline's endpoint does not serve its champion."""
        expires = {"expires": (day + 2) * 86_400}
        condition, hand = "attribute_not_exists(pipeline)", Hand("notice_hand")
        return self._table.put(pipeline, f"out-of-step#{day}", expires, condition, hand=hand)

    def sweep_place(self, pipeline: str) -> dict[str, str]:
        """Where the next sweep continues listing; empty at the beginning."""
        item = self._table.get(pipeline, "sweep") or {}
        return {name: item[name] for name in ("KeyMarker", "VersionIdMarker") if item.get(name)}

    def keep_sweep_place(self, pipeline: str, place: dict[str, str]) -> None:
        """Remember where the next sweep continues."""
        self._table.put(pipeline, "sweep", place)
