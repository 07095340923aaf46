"""The ledger: what happened to every object version, who may run, which model is champion."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Final

from retraining.adapters.table import Hand, Table
from retraining.documents.champion import Champion
from retraining.documents.manifest import ClaimedObject
from retraining.documents.promotion import PostponedPromotion, Promotion
from retraining.documents.registration import Registration
from retraining.documents.run_record import RunRecord
from retraining.rules.arrivals import Arrival, Lease, State, Waiting
from retraining.rules.claims import Pending
from retraining.rules.names import pending_mark, token6
from retraining.rules.review import Move
from retraining.rules.settlement import (
    PENDING,
    QUARANTINED,
    TRAINED,
    WAITING,
    Aftermath,
    Ending,
)

REGISTRATIONS: Final = "#registrations"
LEDGER: Final = "#ledger"  # the partition of what is true of the whole table
STATE: Final = "state"
SIDE_BY_SIDE: Final = 16  # writes under way at once


@dataclass(frozen=True)
class HeldPromotion:
    """What is wanted of the pipeline's endpoint, and the execution that alone may move it."""

    promotion: Promotion
    holder: str


class Ledger:
    """The ledger's items and the conditions under which each may change."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._table = Table(dynamodb, table)

    # --- objects ----------------------------------------------------------------------------

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

    def move_data(self, record: RunRecord, becomes: str) -> bool:
        """Change what a run's record says of its data; False when it no longer says what it did."""
        changed = self._table.update(
            record.pipeline,
            f"run#{token6(record.token)}",
            "SET data_state = :becomes",
            {":becomes": becomes, ":was": record.data_state},
            "data_state = :was",
            hand=Hand("review_hand"),
        )
        return changed is not None

    # --- the pipeline's state ---------------------------------------------------------------

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

        Fails when the lease is no longer this token's, or when more arrived or was asked for than
        `seen`: then look again.
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

    # --- sweeps -----------------------------------------------------------------------------

    def sweep_place(self, pipeline: str) -> dict[str, str]:
        """Where the next sweep continues listing; empty at the beginning."""
        item = self._table.get(pipeline, "sweep") or {}
        return {name: item[name] for name in ("KeyMarker", "VersionIdMarker") if item.get(name)}

    def keep_sweep_place(self, pipeline: str, place: dict[str, str]) -> None:
        """Remember where the next sweep continues."""
        self._table.put(pipeline, "sweep", place)

    # --- runs -------------------------------------------------------------------------------

    def open_run(self, record: RunRecord) -> None:
        """Begin a run's record; one that exists stays."""
        item = f"run#{token6(record.token)}"
        self._table.put(record.pipeline, item, _known(record), "attribute_not_exists(pipeline)")

    def run(self, pipeline: str, token: int) -> RunRecord:
        """A run's record; one that knows nothing when there is none."""
        item = self._table.get(pipeline, f"run#{token6(token)}")
        return RunRecord.from_json(item) if item else RunRecord(pipeline=pipeline, token=token)

    def runs(self, pipeline: str) -> list[RunRecord]:
        """Every run's record, oldest first."""
        return [RunRecord.from_json(item) for item in self._table.query(pipeline, "run#")]

    def update_run(self, record: RunRecord) -> RunRecord:
        """Add what this record knows to the stored one; all that is known then."""
        return self._set_run(record, _known(record))

    def close_run(self, record: RunRecord) -> RunRecord:
        """Write the whole record of a run that has ended, what stays unknown as null."""
        return self._set_run(record, _values(record))

    def _set_run(self, record: RunRecord, values: dict[str, Any]) -> RunRecord:
        named = {f"#{i}": name for i, name in enumerate(values)}
        assigned = ", ".join(f"#{i} = :{i}" for i in range(len(values)))
        valued = {f":{i}": value for i, value in enumerate(values.values())}
        item = f"run#{token6(record.token)}"
        changed = self._table.update(record.pipeline, item, f"SET {assigned}", valued, None, named)
        return RunRecord.from_json(changed)

    # --- champion and promotion -------------------------------------------------------------

    def champion(self, pipeline: str) -> Champion | None:
        """The champion; None before the first promotion."""
        item = self._table.get(pipeline, "champion")
        return Champion.from_json(item) if item else None

    def set_champion(
        self, pipeline: str, champion: Champion, holder: str, replaces: str | None = None
    ) -> bool:
        """Name the champion, while this execution holds the promotion.

        False when it no longer does, or when a newer run's model already is the champion, unless
        that one is what it `replaces`.
        """
        return self._table.put_while(
            pipeline,
            "champion",
            champion.as_json(),
            "attribute_not_exists(#token) OR #token <= :token OR package = :replaces",
            {":token": champion.token, ":replaces": replaces or "-"},
            {"#token": "token"},
            held=("promotion", "holder = :holder", {":holder": holder}),
        )

    def drop_champion(self, pipeline: str, package: str) -> None:
        """Name no champion any more, if it is this package's model."""
        self._table.delete(pipeline, "champion", "package = :package", {":package": package})

    def lock_promotion(
        self, promotion: Promotion, holder: str, now: int, until: int, ended: str | None = None
    ) -> bool:
        """Write down what is wanted, which takes the lock; the same holder may do so again.

        `ended`: the execution that held it and is over.
        """
        return self._table.put(
            promotion.pipeline,
            "promotion",
            {**promotion.as_json(), "holder": holder, "until": until},
            "attribute_not_exists(holder) OR holder IN (:holder, :ended) OR #until < :now",
            {":holder": holder, ":ended": ended or holder, ":now": now},
            {"#until": "until"},
        )

    def promotion(self, pipeline: str) -> HeldPromotion | None:
        """The promotion under way, and the execution that holds it."""
        item = self._table.get(pipeline, "promotion")
        if not item or "holder" not in item:
            return None
        return HeldPromotion(Promotion.from_json(item), item["holder"])

    def close_promotion(self, pipeline: str, holder: str) -> None:
        """Give the promotion lock back, if it is still this execution's."""
        self._table.update(
            pipeline,
            "promotion",
            "REMOVE holder, #until",
            {":holder": holder},
            "holder = :holder",
            {"#until": "until"},
        )

    def postponed(self, pipeline: str) -> PostponedPromotion | None:
        """The promotion that waits for room, if one does."""
        found = (self._table.get(pipeline, STATE) or {}).get("postponed")
        return PostponedPromotion.from_json(found) if found else None

    def postpone(self, pipeline: str, promotion: PostponedPromotion) -> None:
        """Remember a promotion to try again, in place of an earlier one."""
        values = {":promotion": promotion.as_json()}
        self._table.update(pipeline, STATE, "SET postponed = :promotion", values)

    def count_try(self, pipeline: str, promotion: PostponedPromotion, now: int) -> None:
        """Count a try that ended without a word, unless somebody has counted or ended it."""
        self._table.update(
            pipeline,
            STATE,
            "SET postponed.tries = :next, postponed.#at = :now",
            {
                ":package": promotion.package,
                ":tries": promotion.tries,
                ":next": promotion.tries + 1,
                ":now": now,
            },
            "postponed.package = :package AND postponed.tries = :tries",
            {"#at": "at"},
        )

    def drop_postponed(self, pipeline: str, package: str) -> None:
        """Forget the postponed promotion of this package, if it is the one that waits."""
        values = {":package": package}
        self._table.update(
            pipeline, STATE, "REMOVE postponed", values, "postponed.package = :package"
        )

    # --- the ledger itself -------------------------------------------------------------------

    def generation(self) -> str | None:
        """The ledger's generation; None before the first registration."""
        item = self._table.get(LEDGER, "generation")
        return str(item["generation"]) if item else None

    def begin(self, generation: str) -> None:
        """Give the ledger this generation unless it has one."""
        values = {"generation": generation}
        self._table.put(LEDGER, "generation", values, "attribute_not_exists(pipeline)")

    # --- registrations ----------------------------------------------------------------------

    def registration(self, pipeline: str) -> Registration | None:
        """A registered pipeline, or None."""
        item = self._table.get(REGISTRATIONS, pipeline)
        return Registration.from_json(item) if item else None

    def registered(self) -> list[str]:
        """Names of all registered pipelines."""
        return [item["item"] for item in self._table.query(REGISTRATIONS)]

    def register(self, pipeline: str, registration: Registration) -> None:
        """Write a registration."""
        self._table.put(REGISTRATIONS, pipeline, registration.as_json())

    def unregister(self, pipeline: str) -> None:
        """Remove a registration, if there is one."""
        self._table.delete(REGISTRATIONS, pipeline)


def _values(record: RunRecord) -> dict[str, Any]:
    """A record's attributes beside the item's key, which holds the pipeline."""
    return {name: value for name, value in record.as_json().items() if name != "pipeline"}


def _known(record: RunRecord) -> dict[str, Any]:
    return {name: value for name, value in _values(record).items() if value is not None}


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
