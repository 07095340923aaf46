"""Dates and timestamps: the one spelling of the accepted copy, and the formats that may land.

In the accepted copy a date is YYYY-MM-DD and a timestamp YYYY-MM-DDTHH:MM:SSZ, with six decimals
of the second where it has any. A timestamp without a zone is taken as UTC.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from typing import Final

UNIX: Final = {"unix": 1, "unix_ms": 1000}
"""Formats of timestamps that are numbers since 1970, and their units of a second."""
MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
WEEKDAYS: Final = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip
DIRECTIVES: Final = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>[0-9]{1,2})",
    "d": r"(?P<d>[0-9]{1,2})",
    "b": "(?P<b>" + "|".join(month[:3] for month in MONTHS) + ")",
    "B": "(?P<B>" + "|".join(MONTHS) + ")",
    "a": "(?:" + "|".join(day[:3] for day in WEEKDAYS) + ")",
    "A": "(?:" + "|".join(WEEKDAYS) + ")",
    "H": r"(?P<H>[0-9]{1,2})",
    "I": r"(?P<I>[0-9]{1,2})",
    "M": r"(?P<M>[0-9]{1,2})",
    "S": r"(?P<S>[0-9]{1,2})",
    "f": r"(?P<f>[0-9]{1,9})",
    "p": r"(?P<p>am|pm|a\.m\.|p\.m\.)",
    "z": r"(?P<z>z|[+-][0-9]{2}:?[0-9]{2})",
    "%": "%",
}
"""What Python's strptime means by them, without regard to the machine's language.

A weekday is read over, as strptime does: the date alone counts.
"""
DATED: Final = ({"Y", "m", "d"}, {"Y", "b", "d"}, {"Y", "B", "d"})
BESIDE: Final = {"a", "A", "%"}
TIMED: Final = {"H", "I", "M", "S", "f", "p", "z"}
CENTURY: Final = 69  # two digits from here on are of the last century, as POSIX says
EPOCH: Final = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - every moment here is in UTC


def format_problem(form: str, kind: str) -> str | None:
    """Why a date or timestamp cannot have this format; None when it can."""
    if form in UNIX:
        return None if kind == "timestamp" else f"{form!r} is a format of timestamps"
    letters = re.findall(r"%(.?)", form)
    unknown = [letter for letter in letters if letter not in DIRECTIVES]
    if unknown:
        known = " ".join(f"%{letter}" for letter in DIRECTIVES)
        return f"%{unknown[0]} is not known; a format is made of {known}, unix or unix_ms"
    twice = [letter for letter in set(letters) - {"%"} if letters.count(letter) > 1]
    if twice:
        return f"%{twice[0]} appears twice"
    if {letter.replace("y", "Y") for letter in letters} - TIMED - BESIDE not in DATED:
        return f"{form!r} must hold one of %Y and %y, one of %m, %b and %B, and %d"
    if kind == "date" and set(letters) & TIMED:
        return f"{form!r} holds a time of day: set the column's type to timestamp"
    if ("I" in letters) != ("p" in letters) or {"H", "I"} <= set(letters):
        return f"{form!r} must hold %H, or %I and %p"
    return None


def in_format(cell: str, form: str) -> dt.datetime | None:
    """The moment that a cell of this format names, in UTC; None when it names none."""
    if form in UNIX:
        return _since_1970(cell, UNIX[form])
    found = _pattern(form).fullmatch(cell)
    if found is None:
        return None
    try:
        return _moment({name: value.lower() for name, value in found.groupdict().items()})
    except (ValueError, OverflowError):
        return None


def _since_1970(cell: str, units: int) -> dt.datetime | None:
    if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", cell):
        return None
    whole, _, decimals = cell.lstrip("-").partition(".")
    microseconds = int(whole) * (1_000_000 // units)
    microseconds += int(decimals[:6].ljust(6, "0")) // units
    try:
        since = dt.timedelta(microseconds=microseconds)
        return EPOCH - since if cell.startswith("-") else EPOCH + since
    except OverflowError:
        return None


@cache
def _pattern(form: str) -> re.Pattern[str]:
    parts = re.split(r"%(.)", form)
    texts = [re.escape(text) if n % 2 == 0 else DIRECTIVES[text] for n, text in enumerate(parts)]
    return re.compile("".join(texts), re.IGNORECASE | re.ASCII)


def _moment(found: dict[str, str]) -> dt.datetime:
    year = int(found["Y"]) if "Y" in found else _year(int(found["y"]))
    moment = dt.datetime(  # noqa: DTZ001 - of the zone that it names, or UTC
        year,
        _month(found),
        int(found["d"]),
        _hour(found),
        int(found.get("M", 0)),
        int(found.get("S", 0)),
        int(found.get("f", "0").ljust(6, "0")[:6]),
    )
    return moment - _offset(found["z"]) if "z" in found else moment


def _year(digits: int) -> int:
    return digits + (1900 if digits >= CENTURY else 2000)


def _month(found: dict[str, str]) -> int:
    if "m" in found:
        return int(found["m"])
    name = found.get("b") or found["B"]
    return next(n for n, month in enumerate(MONTHS, start=1) if month.startswith(name))


def _hour(found: dict[str, str]) -> int:
    if "p" not in found:
        return int(found.get("H", 0))
    hour = int(found["I"])
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if found["p"].startswith("p") else 0)


def _offset(zone: str) -> dt.timedelta:
    if zone == "z":
        return dt.timedelta()
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    offset = dt.timedelta(hours=hours, minutes=minutes)
    return -offset if zone[0] == "-" else offset


DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
ISO: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?)"
    r" ?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?",
    re.IGNORECASE | re.ASCII,
)


def date(cell: str) -> dt.date | None:
    """The day of YYYY-MM-DD; None when it names none. Python would take 20240101 and 2024-W01-1."""
    try:
        return dt.date.fromisoformat(cell) if DATE.fullmatch(cell) else None
    except ValueError:
        return None


def timestamp(cell: str) -> dt.datetime | None:
    """The moment of an ISO 8601 timestamp or date, in UTC; None when it is neither."""
    found = ISO.fullmatch(cell)
    if found is None:
        return None
    date, time, zone = found.groups()
    hours, _, seconds = (time or "00:00").replace(",", ".").partition(".")
    text = f"{date}T{hours}" + (f".{seconds.ljust(6, '0')[:6]}" if seconds else "")
    try:
        moment = dt.datetime.fromisoformat(text)
        return moment - _offset(zone.lower() if len(zone) != 3 else f"{zone}00") if zone else moment
    except (ValueError, OverflowError):
        return None


def spelt(moment: dt.datetime) -> str:
    """A timestamp as the accepted copy spells it."""
    return moment.isoformat() + "Z"
