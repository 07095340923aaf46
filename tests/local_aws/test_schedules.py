"""Schedule expressions, by the Scheduler's user guide."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.scheduler.schedules import parse_schedule

START = "2026-03-01T00:00:00"


def _times(expression: str, count: int, start: str = START, zone: str = "UTC") -> list[str]:
    schedule, since = parse_schedule(expression, zone), datetime.fromisoformat(start + "+00:00")
    moments, after = [], since
    for _ in range(count):
        moment = schedule.next(after, since)
        if moment is None:
            break
        moments.append(moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M"))
        after = moment
    return moments


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("rate(5 minutes)", ["2026-03-01 00:05", "2026-03-01 00:10"]),
        ("rate(1 day)", ["2026-03-02 00:00", "2026-03-03 00:00"]),
        ("at(2026-03-01T12:30:00)", ["2026-03-01 12:30"]),
        ("cron(0 3 * * ? *)", ["2026-03-01 03:00", "2026-03-02 03:00"]),
        ("cron(0/30 8-9 ? * MON-FRI *)", ["2026-03-02 08:00", "2026-03-02 08:30"]),
        ("cron(15 10 ? * 6L 2026)", ["2026-03-27 10:15", "2026-04-24 10:15"]),
        ("cron(0 0 ? * 2#1 *)", ["2026-03-02 00:00", "2026-04-06 00:00"]),
        ("cron(0 0 L * ? *)", ["2026-03-31 00:00", "2026-04-30 00:00"]),
        ("cron(0 0 1W JAN,AUG ? *)", ["2026-08-03 00:00", "2027-01-01 00:00"]),
        ("cron(0 0 LW * ? *)", ["2026-03-31 00:00", "2026-04-30 00:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("cron(0 0 1 1 ? 2020)", []),
    ],
)
def test_an_expression_is_due_when_it_is_on_aws(expression: str, times: list[str]) -> None:
    assert _times(expression, 2) == times


def test_a_time_that_spring_skips_does_not_happen_and_autumn_repeats_none() -> None:
    half_past_two = "cron(30 2 * * ? *)"
    spring = _times(half_past_two, 2, "2026-03-28T00:00:00", "Europe/Berlin")
    assert spring == ["2026-03-28 01:30", "2026-03-30 00:30"]
    autumn = _times(half_past_two, 3, "2026-10-24T00:00:00", "Europe/Berlin")
    assert autumn == ["2026-10-24 00:30", "2026-10-25 00:30", "2026-10-26 01:30"]


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("rate(0 minutes)", "positive number"),
        ("rate(5 weeks)", "minutes, hours or days"),
        ("cron(0 3 * * *)", "six fields"),
        ("cron(0 3 * * * *)", "exactly one of day-of-month and day-of-week"),
        ("cron(60 3 * * ? *)", "60 is not a value of minutes"),
        ("cron(0 3 ? * XYZ *)", "XYZ is not a value of day-of-week"),
        ("at(tomorrow)", "yyyy-mm-ddThh:mm:ss"),
        ("every(1 day)", "use rate"),
    ],
)
def test_an_unreadable_expression_is_refused_with_its_reason(expression: str, reason: str) -> None:
    with pytest.raises(ServiceError, match=reason):
        parse_schedule(expression)


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(ServiceError, match="Mars/Base"):
        parse_schedule("rate(1 day)", "Mars/Base")
