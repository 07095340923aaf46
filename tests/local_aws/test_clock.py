"""The clock that tests turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from ratchet.local_aws.running.clock import Clock


@pytest.fixture
def clock() -> Iterator[Clock]:
    made = Clock()
    yield made
    made.close()


def test_turning_makes_everything_in_between_happen_in_order(clock: Clock) -> None:
    happened: list[str] = []
    done = threading.Event()
    start = clock.now()
    clock.at(start + timedelta(hours=3), done.set)
    clock.at(start + timedelta(hours=2), lambda: happened.append("second"))
    clock.at(start + timedelta(hours=1), lambda: happened.append("first"))
    cancelled = clock.at(start + timedelta(minutes=90), lambda: happened.append("never"))
    clock.at(start + timedelta(hours=4), lambda: happened.append("too late"))
    clock.cancel(cancelled)
    assert not done.is_set()
    clock.turn(timedelta(hours=3))
    assert done.wait(10)
    assert happened == ["first", "second"]
    assert clock.now() - start >= timedelta(hours=3)


def test_an_action_that_fails_does_not_stop_the_clock(clock: Clock) -> None:
    done = threading.Event()

    def fail() -> None:
        raise RuntimeError

    clock.at(clock.now(), fail)
    clock.at(clock.now(), done.set)
    assert done.wait(10)


def test_a_closed_clock_forgets_what_is_to_come() -> None:
    clock = Clock()
    happened: list[int] = []
    clock.at(clock.now() + timedelta(hours=1), lambda: happened.append(1))
    clock.close()
    clock.turn(timedelta(hours=2))
    clock.at(clock.now(), lambda: happened.append(2))
    assert happened == []
