"""The state of a pipeline: arrivals, wakes, requests, and the lease that one run holds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from retraining.adapters.ledger.items import STATE, Items
from retraining.adapters.table import Hand
from retraining.rules.arrivals import Lease, State, Waiting
from retraining.rules.settlement import (
    Aftermath,
)


class States(Items):
    """The item `state` of a pipeline."""

    def state(self, pipeline: str) -> State:
        """The pipeline's state."""
        return _state(self._table.get(pipeline, STATE) or {})

    def add_arrivals(self, pipeline: str, count: int, size: int, now_ms: int) -> None:
        """Count a batch of arrivals in one update; new data re-arms a paused pipeline."""
        self._table.update(
            pipeline,
            STATE,
            "SET last_arrival = :now"
            " REMOVE paused, paused_reason ADD arrivals :count, #bytes :size",
            {":now": now_ms, ":count": count, ":size": size},
            names={"#bytes": "bytes"},
        )

    def arm_wake(self, pipeline: str, at: int, now: int) -> bool:
        """Claim the right to send the one wake; False when another is on its way.

        One that should have come, or that comes later than this one would, does not count: its
        message may be lost, and a wake too many is harmless.
        """
        changed = self._table.update(
            pipeline,
            STATE,
            "SET wake_at = :at",
            {":at": at, ":now": now},
            "attribute_not_exists(wake_at) OR wake_at < :now OR wake_at > :at",
            hand=Hand("wake_hand"),
        )
        return changed is not None

    def disarm_wake(self, pipeline: str, called: int | None = None) -> State:
        """Record that a wake arrived, and when the schedule called; the state after that."""
        call, given = ("SET called_at = :now ", {":now": called}) if called else ("", None)
        return _state(self._table.update(pipeline, STATE, f"{call}REMOVE wake_at", given) or {})

    def call(self, pipeline: str, second: int) -> None:
        """Record that a marker called for what landed until then; an older one changes nothing."""
        self._table.update(
            pipeline,
            STATE,
            "SET called_at = :second",
            {":second": second},
            "attribute_not_exists(called_at) OR called_at < :second",
        )

    def ask(self, pipeline: str, by: str, second: int) -> None:
        """Ask for a run, with new objects or without; a paused pipeline resumes.

        Written after whatever the run is to see. Counting twice does no harm: one run answers all
        that was asked before it claimed.
        """
        self._table.update(
            pipeline,
            STATE,
            "SET asked_by = :by, asked_at = :second REMOVE paused, paused_reason ADD asked :one",
            {":by": by, ":second": second, ":one": 1},
        )

    def answer(self, pipeline: str, asked: int) -> None:
        """Take the requests up to this one as answered."""
        self._table.update(
            pipeline,
            STATE,
            "SET answered = :asked",
            {":asked": asked},
            "attribute_not_exists(answered) OR answered < :asked",
        )

    def take_lease(self, pipeline: str, lease: Lease) -> bool:
        """Take the lease with a new token; False if another call took it first."""
        values = {
            ":token": lease.token,
            ":before": lease.token - 1,
            ":at": lease.at,
            ":lease": {
                "token": lease.token,
                "execution": lease.execution,
                "input": lease.input,
                "started": False,
                "at": lease.at,
                "arrivals": lease.arrivals,
                "again": lease.again,
                "asked": lease.asked,
            },
        }
        changed = self._table.update(
            pipeline,
            STATE,
            "SET #token = :token, lease = :lease, last_start = :at",
            values,
            "attribute_not_exists(lease) AND (attribute_not_exists(#token) OR #token = :before)",
            {"#token": "token"},
            hand=Hand("lease_hand"),
        )
        return changed is not None

    def confirm_start(self, pipeline: str, token: int) -> None:
        """Mark the lease's execution as started."""
        self._table.update(
            pipeline,
            STATE,
            "SET lease.started = :yes",
            {":yes": True, ":token": token},
            "lease.#token = :token",
            {"#token": "token"},
        )

    def drop_lease(self, pipeline: str, token: int) -> bool:
        """Give a lease back whose execution can never run."""
        changed = self._table.update(
            pipeline,
            STATE,
            "REMOVE lease",
            {":token": token},
            "lease.#token = :token",
            {"#token": "token"},
            hand=Hand("release_hand"),
        )
        return changed is not None

    def release_lease(self, pipeline: str, token: int, seen: State, after: Aftermath) -> bool:
        """Give the lease back in one conditional update.

        Fails when this token no longer holds the lease, or when more has arrived or been asked for
        than `seen`: then look again.
        """
        changed = self._table.update(
            pipeline,
            STATE,
            "SET failures = :failures, paused = :paused, paused_reason = :reason,"
            " retry_at = :retry, promoting = :promoting, waiting = :waiting, answered = :answered"
            " REMOVE lease",
            {
                ":answered": after.answered,
                ":waiting": asdict(after.waiting) if after.waiting else None,
                ":promoting": token if after.promoting else None,
                ":failures": after.failures,
                ":paused": after.paused,
                ":reason": after.paused_reason,
                ":retry": after.retry_at,
                ":token": token,
                ":seen": seen.arrivals,
                ":asked": seen.asked,
            },
            "lease.#token = :token AND (attribute_not_exists(arrivals) OR arrivals = :seen)"
            " AND (attribute_not_exists(asked) OR asked = :asked)",
            {"#token": "token"},
            hand=Hand("release_hand"),
        )
        return changed is not None

    def end_promotion(self, pipeline: str, token: int) -> bool:
        """The next run need not wait any longer; False when it did not wait for this promotion.

        The wake under way may be a quarter of an hour off, so it no longer counts as such. Its
        repetition is True again: the first may have died before it sent the wake.
        """
        changed = self._table.update(
            pipeline,
            STATE,
            "REMOVE promoting, retry_at, wake_at",
            {":token": token},
            "promoting = :token",
            hand=Hand("promotion_hand", f"end of {token}"),
        )
        return changed is not None

    def rearm(self, pipeline: str) -> None:
        """A push re-arms a paused or backing-off pipeline.

        The wake after the pause may be an hour away, so it no longer counts as the one under way.
        What waits for a promotion still waits: its run would be judged against the champion of
        before.
        """
        self._table.update(
            pipeline,
            STATE,
            "SET failures = :none"
            " REMOVE paused, paused_reason, unregistered_noticed, wake_at, waiting",
            {":none": 0},
        )
        nothing = "attribute_not_exists(promoting) OR promoting = :nothing"
        self._table.update(pipeline, STATE, "REMOVE retry_at", {":nothing": None}, nothing)


def _state(item: dict[str, Any]) -> State:
    lease, waiting = item.get("lease"), item.get("waiting")
    return State(
        token=item.get("token", 0),
        arrivals=item.get("arrivals", 0),
        last_arrival=item.get("last_arrival"),
        last_start=item.get("last_start"),
        called=item.get("called_at"),
        waiting=Waiting(**waiting) if waiting else None,
        wake_at=item.get("wake_at"),
        promoting=item.get("promoting"),
        retry_at=item.get("retry_at"),
        lease=Lease(**lease) if lease else None,
        failures=item.get("failures", 0),
        paused=bool(item.get("paused")),
        paused_reason=item.get("paused_reason"),
        asked=item.get("asked", 0),
        answered=item.get("answered", 0),
        asked_at=item.get("asked_at", 0),
        asked_by=item.get("asked_by"),
    )
