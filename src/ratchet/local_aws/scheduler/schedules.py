"""Schedule expressions of EventBridge Scheduler: rate(), cron() and at(), and when they fall due.

See "Schedule types" in the Scheduler's user guide. A local time that the clocks skip in
spring does not occur, and one that they repeat in autumn occurs once.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ratchet.local_aws.door.errors import ServiceError

YEARS = (1970, 2199)
_HORIZON_YEARS = 9
"""29 February can be eight years away."""
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_SATURDAY, _SUNDAY = 5, 6

DayTest = Callable[[date], bool]


class Schedule(Protocol):
    """When a schedule is due."""

    def next(self, after: datetime, since: datetime) -> datetime | None:
        """The first moment later than `after` of a schedule started at `since`; None if over."""


def parse_schedule(expression: str, timezone: str = "UTC") -> Schedule:
    """The expression's schedule; ServiceError ValidationException if it is invalid."""
    zone = _zone(timezone)
    found = re.fullmatch(r"(rate|cron|at)\((.*)\)", expression.strip())
    if found is None:
        raise _invalid(expression, "use rate(value unit), cron(fields) or at(yyyy-mm-ddThh:mm:ss)")
    kind, inner = found[1], found[2].strip()
    try:
        if kind == "rate":
            return _rate(inner)
        return _cron(inner, zone) if kind == "cron" else _at(inner, zone)
    except ValueError as error:
        raise _invalid(expression, str(error)) from error


def _invalid(expression: str, reason: str) -> ServiceError:
    return ServiceError(
        "ValidationException", f"Invalid Schedule Expression {expression}: {reason}."
    )


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ServiceError(
            "ValidationException",
            f"Provided ScheduleExpressionTimezone is not valid: {name!r} is not an IANA time zone.",
        ) from error


# rate() and at()


@dataclass(frozen=True)
class Rate:
    """At an interval; the first time at once."""

    period: timedelta

    def next(self, after: datetime, since: datetime) -> datetime | None:
        if after < since:
            return since
        return since + ((after - since) // self.period + 1) * self.period


@dataclass(frozen=True)
class Once:
    """Once."""

    moment: datetime

    def next(self, after: datetime, since: datetime) -> datetime | None:  # noqa: ARG002
        return self.moment if self.moment > after else None


def _rate(text: str) -> Rate:
    value, _, unit = text.partition(" ")
    period = _UNITS.get(unit.strip().removesuffix("s"))
    if not value.isdecimal() or int(value) == 0 or period is None:
        raise ValueError("rate takes a positive number and minutes, hours or days")
    return Rate(int(value) * period)


def _at(text: str, zone: tzinfo) -> Once:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text):
        raise ValueError("at takes yyyy-mm-ddThh:mm:ss")
    return Once(datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC))


# cron()


@dataclass(frozen=True)
class Cron:
    """Calendar times: sets of minutes, hours, months and years, and a test of the day."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: frozenset[int]
    is_day: DayTest
    zone: tzinfo

    def next(self, after: datetime, since: datetime) -> datetime | None:  # noqa: ARG002
        for day in self._days(after.astimezone(self.zone).date()):
            for moment in self._moments(day):
                if moment > after:
                    return moment
        return None

    def _days(self, first: date) -> Iterator[date]:
        day, last = first, min(max(self.years), first.year + _HORIZON_YEARS)
        while day.year <= last:
            if day.month not in self.months or day.year not in self.years:
                day = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
                continue
            if self.is_day(day):
                yield day
            day += timedelta(days=1)

    def _moments(self, day: date) -> Iterator[datetime]:
        """The day's moments, without those that the clocks skip."""
        for hour in self.hours:
            for minute in self.minutes:
                local = datetime.combine(day, time(hour, minute), self.zone)
                moment = local.astimezone(UTC)
                if moment.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
                    yield moment


def _cron(text: str, zone: tzinfo) -> Cron:
    fields = text.upper().split()
    if len(fields) != 6:
        raise ValueError("cron takes six fields: minutes hours day-of-month month day-of-week year")
    minutes, hours, day, month, weekday, year = fields
    if (day == "?") == (weekday == "?"):
        raise ValueError("exactly one of day-of-month and day-of-week must be ?")
    return Cron(
        minutes=tuple(sorted(_numbers(minutes, "minutes", 0, 59))),
        hours=tuple(sorted(_numbers(hours, "hours", 0, 23))),
        months=_numbers(month, "month", 1, 12, _MONTHS),
        years=_numbers(year, "year", *YEARS),
        is_day=_weekday_test(weekday) if day == "?" else _day_test(day),
        zone=zone,
    )


def _numbers(
    text: str, what: str, low: int, high: int, names: tuple[str, ...] = ()
) -> frozenset[int]:
    """The values of one field: `*`, `a`, `a-b`, `a/n`, `a-b/n`, `*/n`, and lists of these."""
    return frozenset(
        number for item in text.split(",") for number in _range(item, what, low, high, names)
    )


def _range(text: str, what: str, low: int, high: int, names: tuple[str, ...]) -> range:
    span, slash, step = text.partition("/")
    first, dash, last = span.partition("-")
    if slash and not (step.isdecimal() and int(step)):
        raise ValueError(f"{text} is not a valid step in {what}")
    if span == "*":
        start, stop = low, high
    else:
        start = _number(first, what, low, high, names)
        stop = _number(last, what, low, high, names) if dash else (high if slash else start)
    if stop < start:
        raise ValueError(f"{text} runs backwards in {what}")
    return range(start, stop + 1, int(step) if slash else 1)


def _number(text: str, what: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if text in names:
        return names.index(text) + low
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ValueError(f"{text or 'nothing'} is not a value of {what} ({low}-{high})")
    return int(text)


def _day_test(text: str) -> DayTest:
    """Day of month: numbers, L (the last), nW (the weekday nearest to the nth), LW."""
    if text == "L":
        return lambda day: day.day == _last(day)
    found = re.fullmatch(r"(\d+|L)W", text)
    if found:
        wanted = None if found[1] == "L" else _number(found[1], "day-of-month", 1, 31, ())
        return lambda day: day == _nearest_weekday(day, wanted)
    days = _numbers(text, "day-of-month", 1, 31)
    return lambda day: day.day in days


def _last(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _nearest_weekday(day: date, wanted: int | None) -> date | None:
    """The weekday nearest to the wanted day of this month (None: its last), within the month."""
    last = _last(day)
    if wanted is not None and wanted > last:
        return None
    near = day.replace(day=wanted or last)
    if near.weekday() == _SATURDAY:
        return near + timedelta(days=-1 if near.day > 1 else 2)
    if near.weekday() == _SUNDAY:
        return near + timedelta(days=1 if near.day < last else -2)
    return near


def _weekday_test(text: str) -> DayTest:
    """Day of week: 1-7 or SUN-SAT, nL (the month's last such day), n#k (its kth)."""
    found = re.fullmatch(r"(\w+?)(?:L|#([1-5]))", text)
    if found:
        wanted = _number(found[1], "day-of-week", 1, 7, _DAYS)
        if found[2] is None:
            return lambda day: _weekday(day) == wanted and day.day + 7 > _last(day)
        return lambda day: _weekday(day) == wanted and (day.day - 1) // 7 + 1 == int(found[2])
    days = _numbers("7" if text == "L" else text, "day-of-week", 1, 7, _DAYS)
    return lambda day: _weekday(day) in days


def _weekday(day: date) -> int:
    """AWS's number: Sunday is 1."""
    return day.isoweekday() % 7 + 1
