"""What a run's end means for its objects and its pipeline: rules without AWS."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from retraining.documents.check_report import CheckedObject
from retraining.documents.manifest import ClaimedObject
from retraining.rules.arrivals import State, Waiting
from retraining.rules.promotion import LONGEST_PROMOTION

PAUSE_AFTER: Final = 3  # failures in a row
FIRST_BACKOFF: Final = 60  # seconds, four times as long after each further failure
LONGEST_BACKOFF: Final = 3600
PENDING, TRAINED, SUSPECT, QUARANTINED = "PENDING", "TRAINED", "SUSPECT", "QUARANTINED"
SUPERSEDED = "SUPERSEDED"  # trained on already, as another object of the same content
KEPT = "KEPT"  # an earlier batch, which stays what it is: the run brought none of its own
WAITING = "WAITING"  # an object of too few rows, and the outcome of the run that found them
FAILED, PROMOTED, POSTPONED = "FAILED", "PROMOTED", "POSTPONED"
UNCHANGED = "UNCHANGED"
APPROVAL_PENDING = "APPROVAL_PENDING"
KEEPING_THE_MODEL: Final = (PROMOTED, POSTPONED, APPROVAL_PENDING)
"""Outcomes of runs whose model serves, or may yet."""
DATA_REJECTED = "DATA_REJECTED"
MODEL_REJECTED = "MODEL_REJECTED"
INCONCLUSIVE = "INCONCLUSIVE"
ANSWERS: Final = (*KEEPING_THE_MODEL, MODEL_REJECTED, INCONCLUSIVE, UNCHANGED)
"""Outcomes of runs that judged a model, or need not: who asked for a run has had one.

A run that brought bad data, or too few, judged nothing with what was asked for. One without new
objects comes to the same however often it is repeated, unless it failed.
"""


@dataclass(frozen=True)
class Ending:
    """How one object ends in a run."""

    id: str
    state: str
    reason: str | None


def unless_released(data_state: str, *, released: bool) -> str:
    """What becomes of the data; what a person has released is not set aside again.

    But for a batch that was to be cut by time and was not prepared: no later run could tell its
    sides.
    """
    return TRAINED if released and data_state == SUSPECT else data_state


def endings(
    objects: tuple[ClaimedObject, ...],
    checked: dict[str, CheckedObject],
    data_state: str,
    sentence: str,
) -> list[Ending]:
    """The end of every claimed object of a run that came to a conclusion.

    `checked` holds the data check's result by object id. A failed run ends nothing: its objects
    stay pending for the next one.
    """
    return [_ending(item, checked.get(item.id), data_state, sentence) for item in objects]


def _ending(
    item: ClaimedObject, check: CheckedObject | None, data_state: str, sentence: str
) -> Ending:
    if check is not None and not check.accepted:
        return Ending(item.id, QUARANTINED, check.sentence)
    return Ending(item.id, data_state, None if data_state == TRAINED else sentence)


def keeps_accepted_copy(endings: list[Ending]) -> bool:
    """True when some of the run's accepted data may be trained on, now or after a release."""
    return any(end.state in (TRAINED, SUSPECT) for end in endings)


@dataclass(frozen=True)
class Aftermath:
    """What the pipeline's state becomes when the lease goes back.

    `promoting`: this run's model is on its way to the endpoint; the next run waits for its end.
    """

    failures: int = 0
    retry_at: int | None = None
    paused: bool = False
    paused_reason: str | None = None
    promoting: bool = False
    waiting: Waiting | None = None
    answered: int = 0


def aftermath(state: State, outcome: str, sentence: str, now: float, asked: int = 0) -> Aftermath:
    """What a run's end means for its pipeline; it claimed after `asked` requests for a run.

    One without new objects leaves those waiting that are too few.
    """
    after, again = _aftermath(state, outcome, sentence, now), _is_again(state)
    waiting = state.waiting if again else after.waiting
    done = outcome in ANSWERS or (again and outcome != FAILED)
    answered = max(state.answered, asked) if done else state.answered
    return replace(after, waiting=waiting, answered=answered)


def _is_again(state: State) -> bool:
    return state.lease is not None and state.lease.again


def _aftermath(state: State, outcome: str, sentence: str, now: float) -> Aftermath:
    """Failures back off; after three in a row the pipeline pauses.

    Not where data arrived, or a run was asked for, since the last one began: a push may have put
    right what was wrong. What was asked for before stays open over a pause, and is answered by the
    first run after it.

    A run that starts before a promotion ends would be judged against yesterday's champion, and
    its verdict refused. So it waits until finish_run ends the wait, at most for LONGEST_PROMOTION.
    """
    if outcome == PROMOTED:
        return Aftermath(retry_at=int(now) + LONGEST_PROMOTION, promoting=True)
    if outcome == WAITING and state.lease is not None:
        return Aftermath(waiting=Waiting(state.lease.arrivals, int(now)))
    if outcome != FAILED:
        return Aftermath()
    failures = state.failures + 1
    lease = state.lease
    more = lease is not None and (state.arrivals > lease.arrivals or state.asked > lease.asked)
    if failures >= PAUSE_AFTER and not more:
        reason = f"{failures} runs failed in a row; the last: {sentence}"
        return Aftermath(failures, None, paused=True, paused_reason=reason[:1000])
    return Aftermath(failures, int(now) + backoff(failures))


def backoff(failures: int) -> int:
    """Seconds before the next attempt."""
    return int(min(LONGEST_BACKOFF, FIRST_BACKOFF * 4 ** (failures - 1)))
