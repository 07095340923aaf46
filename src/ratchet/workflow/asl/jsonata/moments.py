"""JSONata's functions on times and on integers in words: the library's, with correct errors."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from jsonata import Functions

from ratchet.workflow.asl.jsonata.errors import Fault, InternalError, JsonataError
from ratchet.workflow.asl.jsonata.numbers import is_number

MAX_TEXT = 128
MAX_PICTURE = 1_024  # the library takes time that grows with the square of its length
_LOOSE = re.compile(r"(?:\[[A-Za-z][^\]0]*\]){4}")
_COMPONENTS = "YMDdFWwXxHhPmsfZzCE"


def format_integer(value: Any, picture: Any) -> Any:
    return _guarded(picture, lambda: Functions.format_integer(value, picture))


def parse_integer(text: Any, picture: Any) -> Any:
    """Text that the picture cannot read is not a number, which is not an error."""
    if text is None:
        return None
    if len(text) > MAX_PICTURE:
        raise JsonataError(f"$parseInteger reads no more than {MAX_PICTURE} characters")
    digits = re.match(r"[-+]?\d+", text)
    if picture and set(picture) <= {"0", "#"}:
        return int(digits[0]) if digits else math.nan
    try:
        return _guarded(picture, lambda: Functions.parse_integer(text, picture))
    except (KeyError, ValueError):
        return math.nan


def from_millis(moment: Any, picture: Any, zone: Any) -> Any:
    if moment is None:
        return None
    _known(picture)
    try:
        return _guarded(
            picture, lambda: Functions.datetime_from_millis(math.floor(moment), picture, zone)
        )
    except (OverflowError, OSError, ValueError) as error:
        raise InternalError(f"The time {moment} cannot be written") from error


def to_millis(text: Any, picture: Any) -> Any:
    """The library turns the picture into a regular expression, so both are limited.

    With consecutive parts of variable width it tries every way to divide the digits.
    """
    if text is None:
        return None
    if picture is None:
        return _iso_millis(text)
    if len(text) > MAX_TEXT or len(picture) > MAX_TEXT or _LOOSE.search(picture):
        raise JsonataError("$toMillis was given a picture or a text that it cannot read in time")
    _known(picture)
    try:
        return _guarded(picture, lambda: Functions.datetime_to_millis(text, picture))
    except (KeyError, ValueError):
        return None


_ISO = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>[01]\d))?(?:-(?P<day>[0-3]\d))?"
    r"(?:T(?P<hour>[0-2]\d):(?P<minute>[0-5]\d):(?P<second>[0-5]\d))?"
    r"(?P<fraction>\.\d+)?(?P<zone>[+-][0-2]\d:?[0-5]\d|Z)?"
)


def _iso_millis(text: str) -> float:
    match = _ISO.fullmatch(text)
    if match is None:
        raise Fault("D3110", value=text)
    part = {name: int(match[name] or default) for name, default in _DEFAULTS.items()}
    if not 1 <= part["month"] <= 12 or not 1 <= part["day"] <= 31 or part["hour"] > 24:
        return math.nan
    moment = datetime(max(part["year"], 1), part["month"], 1, tzinfo=UTC) + timedelta(
        days=part["day"] - 1,
        hours=part["hour"],
        minutes=part["minute"],
        seconds=part["second"],
    )
    fraction = int((match["fraction"] or ".").ljust(4, "0")[1:4])
    return round(moment.timestamp()) * 1000 + fraction - _offset(match["zone"])


_DEFAULTS = {"year": 0, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}


def _offset(zone: str | None) -> int:
    """The offset of a zone from UTC in milliseconds."""
    if zone is None or zone == "Z":
        return 0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return (-minutes if zone[0] == "-" else minutes) * 60_000


def _known(picture: Any) -> None:
    """Refuse unknown components and absurd widths."""
    for marker in re.findall(r"(?<!\[)\[([^\[\]]+)\]", picture or ""):
        component, rest = marker.strip()[:1], re.sub(r"\s", "", marker)[1:].split(",")[0]
        if component not in _COMPONENTS:
            raise Fault("D3132", value=component)
        if rest[:1] in ("N", "n") and component not in "MxFP":
            raise Fault("D3133", value=component)
        if re.search(r",.*[1-9]\d{3}", marker, re.DOTALL):
            raise JsonataError(f"[{marker}] is too wide")


_SAID = (
    ("Formatting or parsing an integer", "D3130"),
    ("In a decimal digit pattern", "D3131"),
    ("No matching closing bracket", "D3135"),
    ("The timezone integer format", "D3134"),
    ("The date/time picture string is missing", "D3136"),
)


def _guarded(picture: Any, call: Callable[[], Any]) -> Any:
    """The library raises some errors without their codes."""
    if len(picture or "") > MAX_PICTURE:
        raise JsonataError(f"A picture has more than {MAX_PICTURE} characters")
    try:
        value = call()
    except RuntimeError as error:
        for beginning, code in _SAID:
            if str(error).startswith(beginning):
                raise Fault(code, value=(picture or "")[:1]) from error
        raise
    return float(value) if is_number(value) and isinstance(value, float) else value
