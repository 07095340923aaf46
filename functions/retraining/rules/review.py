"""What a person's word means for the data of a run that were set aside: rules without AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from retraining.documents.definition import PushedDefinition
from retraining.documents.run_record import RunRecord
from retraining.errors import ReviewRefused
from retraining.rules import belonging
from retraining.rules.settlement import PENDING, QUARANTINED, SUSPECT, TRAINED, WAITING

RELEASE, DISCARD = "release", "discard"
RELEASED, DISCARDED = "RELEASED", "DISCARDED"  # what a record says; of an object the latter
OPEN: Final = (SUSPECT, QUARANTINED, WAITING)


@dataclass(frozen=True)
class Move:
    """What the record says then, and what its objects become that are in one state now."""

    record: str
    was: str
    becomes: str


def returns(definition: PushedDefinition, record: RunRecord) -> bool:
    """Whether a run's suspect rows return to the history under their own batch.

    Those with a key do: as a new batch they would replace what later ones say of the same keys. A
    batch that the check set aside was never cut by time, and no later run could tell its sides.
    """
    uncut = belonging.by_time(definition.json) and record.cut is None
    return definition.keyed and not uncut


def moves(record: RunRecord, decision: str, *, own_batch: bool) -> tuple[Move, ...]:
    """What to try in turn until objects are found; raises ReviewRefused if nothing is set aside.

    What is released lands again, as if it had been dropped now, and is not set aside again; or
    suspect rows return under their `own_batch`. A record that has moved already is a repetition's:
    the objects that are left follow it.
    """
    if decision not in (RELEASE, DISCARD):
        raise ReviewRefused(f"decision {decision!r} is neither {RELEASE} nor {DISCARD}")
    state = str(record.data_state)
    found = _released(state, own_batch) if decision == RELEASE else _discarded(state)
    if not found:
        raise nothing_left(record)
    return found


def _released(state: str, own_batch: bool) -> tuple[Move, ...]:
    back = Move(TRAINED, SUSPECT, TRAINED)
    if state == SUSPECT and own_batch:
        return (back,)
    if state == TRAINED:  # with objects that were bad by themselves
        return (back, Move(TRAINED, QUARANTINED, PENDING))
    if state in OPEN:
        return (Move(RELEASED, state, PENDING),)
    return tuple(Move(RELEASED, was, PENDING) for was in OPEN) if state == RELEASED else ()


def _discarded(state: str) -> tuple[Move, ...]:
    if state in OPEN:
        return (Move(DISCARDED, state, DISCARDED),)
    if state == TRAINED:
        return (Move(TRAINED, QUARANTINED, DISCARDED),)
    rest = (Move(DISCARDED, was, DISCARDED) for was in OPEN)
    return tuple(rest) if state == DISCARDED else ()


def nothing_left(record: RunRecord) -> ReviewRefused:
    """There is nothing to decide about."""
    return ReviewRefused(
        f"nothing of run {record.run} is set aside: its data are {record.data_state}. List what is"
        f" with: ratchet data list {record.pipeline}"
    )
