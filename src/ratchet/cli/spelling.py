"""How the accepted copy spells a cell: what the data check does to landed text, cell by cell.

tests/wall/test_landed_rows.py holds it equal to the check. What is not of its type stays as it is,
for whoever reads it next to refuse.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

TRUE = ("true", "t", "yes", "y", "1")
FALSE = ("false", "f", "no", "n", "0")
WHOLE = re.compile(r"([+-]?[0-9]+)[.](?:0{1,2}|0{4,})")  # an integer as floats are written
UNIX = {"unix": 1, "unix_ms": 1000}
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
SPACES = " \u00a0\u202f"


def spelt(text: str, column: Mapping[str, Any], csv: Mapping[str, Any]) -> str | None:
    """A landed cell as the accepted copy spells it; None where a value is missing."""
    if csv.get("trim"):
        text = text.strip()
    if not text or (
        text in csv.get("null_values", ()) and text not in (column.get("values") or ())
    ):
        return None
    kind = column["type"]
    if kind in ("integer", "number"):
        return _number(text, kind, csv.get("decimal", "."), csv.get("thousands"))
    if kind == "boolean":
        lower = text.lower()
        return "true" if lower in TRUE else "false" if lower in FALSE else text
    if kind in ("date", "timestamp"):
        return _moment(text, kind, column.get("format")) or text
    return text


def of_value(value: Any) -> str:
    """A value of JSON or Parquet as text, '' where it is missing."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return _written(value)
    return str(value)


def _number(text: str, kind: str, decimal: str, thousands: str | None) -> str:
    plain: str | None = text
    if decimal != "." or thousands is not None:
        plain = _plain_number(text, kind, decimal, thousands)
    whole = WHOLE.fullmatch(plain or "") if kind == "integer" else None
    return whole[1] if whole else plain or text


def _plain_number(text: str, kind: str, decimal: str, thousands: str | None) -> str | None:
    """With a point and without groups; None for what is not written as the dialect says."""
    group = f"[{SPACES}]" if thousands == " " else re.escape(thousands) if thousands else ""
    whole = "[0-9]+" + (rf"|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+" if group else "")
    digits, power = ("0+", "") if kind == "integer" else ("[0-9]*", "(?:[eE][+-]?[0-9]+)?")
    if not re.fullmatch(rf"[+-]?(?:{whole})?(?:{re.escape(decimal)}{digits})?{power}", text):
        return None
    return (re.sub(group, "", text) if group else text).replace(decimal, ".")


def _moment(text: str, kind: str, form: str | None) -> str | None:
    if form is None:
        return text if kind == "date" else _iso(text)
    if form in UNIX:
        return _since_1970(text, UNIX[form])
    try:
        moment = dt.datetime.strptime(text, form)  # noqa: DTZ007
    except ValueError:
        return None
    return moment.date().isoformat() if kind == "date" else _written(moment)


def _iso(text: str) -> str | None:
    try:
        return _written(dt.datetime.fromisoformat(text.replace("z", "Z")))
    except ValueError:
        return None


def _since_1970(text: str, units: int) -> str | None:
    try:
        return _written(EPOCH + dt.timedelta(microseconds=float(text) * 1_000_000 / units))
    except (ValueError, OverflowError):
        return None


def _written(moment: dt.datetime) -> str:
    utc = moment.astimezone(dt.UTC) if moment.tzinfo else moment
    return utc.replace(tzinfo=None).isoformat() + "Z"
