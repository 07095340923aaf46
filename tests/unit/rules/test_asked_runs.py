"""A run that is asked for comes once, with what waits or without, and is not forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from retraining.rules import arrivals, settlement, sweeping
from retraining.rules.arrivals import Lease, Leave, Nothing, Rearm, Start, State, Trigger, Waiting
from retraining.rules.settlement import WAITING, aftermath

NOW: Final = 1_790_000_000.0
TRIGGER: Final = Trigger(quiet=60, max_wait=43_200)
SCHEDULED: Final = Trigger(60, 43_200, scheduled=True)
ASKED: Final = State(token=3, asked=2, answered=1, asked_at=int(NOW), asked_by="retrain")
ANSWERED: Final = replace(ASKED, answered=2)
QUIET, BUSY = int((NOW - 61) * 1000), int((NOW - 20) * 1000)
TOO_FEW: Final = Waiting(0, int(NOW) - 300)
OPEN: Final = Lease(3, "bank-000003", "{}", started=True)


@pytest.mark.parametrize(
    ("state", "waits", "trigger", "decision"),
    [
        (ASKED, False, TRIGGER, Start(4, again=True)),
        (ANSWERED, False, TRIGGER, Nothing("nothing is pending")),
        (replace(ASKED, lease=OPEN), False, TRIGGER, Leave()),
        (replace(ASKED, retry_at=int(NOW) + 30), False, TRIGGER, Rearm(30)),
        (replace(ASKED, paused=True, paused_reason="x"), False, TRIGGER,
         Nothing("the pipeline is paused: x")),
        (replace(ASKED, last_arrival=QUIET), True, TRIGGER, Start(4)),  # what waits is trained on
        (replace(ASKED, last_arrival=BUSY), True, TRIGGER, Rearm(40)),
        (replace(ASKED, last_start=int(NOW) - 9), True, Trigger(60, 900, 86_400), Start(4)),
        (replace(ASKED, last_arrival=QUIET), True, SCHEDULED, Start(4, again=True)),
        (replace(ASKED, waiting=TOO_FEW), True, TRIGGER, Start(4, again=True)),
    ],
)  # fmt: skip
def test_a_run_that_is_asked_for_takes_what_is_due_and_else_none(
    state: State, waits: bool, trigger: Trigger, decision: arrivals.Decision
) -> None:
    oldest = NOW - 1000 if waits else None
    assert arrivals.decide(state, oldest, trigger, NOW) == decision
    wake = sweeping.wake_in(state, oldest, trigger, NOW)
    wanted = {Start: 0, Rearm: getattr(decision, "seconds", None)}
    assert wake == wanted.get(type(decision)), "the sweep sends a lost wake again"


def test_a_request_that_waits_too_long_is_overdue() -> None:
    assert sweeping.ages(ASKED, None, TRIGGER, NOW + 500).overdue == 500
    assert sweeping.ages(ANSWERED, None, TRIGGER, NOW + 500).overdue == 0


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize(
    ("outcome", "alone", "with_objects"),
    [
        ("PROMOTED", True, True),
        ("APPROVAL_PENDING", True, True),
        ("MODEL_REJECTED", True, True),
        ("INCONCLUSIVE", True, True),
        ("UNCHANGED", True, True),
        ("DATA_REJECTED", True, False),
        ("SUSPECT", True, False),
        (WAITING, True, False),
        ("FAILED", False, False),
    ],
)
def test_a_run_answers_what_was_asked_before_it_claimed_if_it_came_to_judge(
    outcome: str, alone: bool, with_objects: bool, again: bool
) -> None:
    """Or the request would be repeated forever, or lost with a batch that was set aside."""
    state = replace(ASKED, lease=replace(OPEN, again=again))
    done = alone if again else with_objects
    assert aftermath(state, outcome, "", NOW, asked=2).answered == (2 if done else 1)
    assert aftermath(replace(state, asked=3), outcome, "", NOW, asked=2).answered < 3
    assert aftermath(replace(state, answered=2), outcome, "", NOW, asked=1).answered == 2


def test_a_run_without_new_objects_leaves_waiting_what_was_too_few() -> None:
    state = replace(ASKED, waiting=TOO_FEW, lease=replace(OPEN, again=True))
    for outcome in ("PROMOTED", "INCONCLUSIVE", "FAILED"):
        assert aftermath(state, outcome, "", NOW).waiting == TOO_FEW
    ordinary = replace(state, lease=OPEN)
    assert aftermath(ordinary, settlement.INCONCLUSIVE, "", NOW).waiting is None
