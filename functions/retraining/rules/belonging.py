"""What decides which side a row is on besides its own id: a group, a moment, a cluster.

Values of the reserved columns begin with a letter: no engine may read them as numbers.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any, Final

from retraining.rules.durations import seconds
from retraining.rules.names import (
    ARRIVAL_COLUMN,
    CLUSTER_COLUMN,
    MOMENT_COLUMN,
    RESERVED_COLUMNS,
)

GROUP: Final = "group"
TIME: Final = "time"
BY_COLUMN: Final = (GROUP, TIME)
CALENDAR: Final = ("date", "timestamp")
NUMERIC: Final = ("integer", "number")
DAY: Final = 86400
DATE_LENGTH: Final = len("2026-01-31")
CLUSTER_DIGITS: Final = 12


def reserved(definition: dict[str, Any]) -> tuple[str, ...]:
    """The columns that the accepted copy of a pipeline has beside those that landed."""
    absent = {
        ARRIVAL_COLUMN: not definition["data"].get("key"),
        MOMENT_COLUMN: not by_time(definition),
        CLUSTER_COLUMN: cluster_column(definition) is None,
    }
    return tuple(name for name in RESERVED_COLUMNS if not absent.get(name, False))


def by_time(definition: dict[str, Any]) -> bool:
    """Whether PrepareDataset cuts each batch by time."""
    return bool(definition["split"]["by"] == TIME)


def cluster_column(definition: dict[str, Any]) -> str | None:
    """The column whose equal values make rows depend on each other, if there is one."""
    split, named = definition["split"], (definition.get("gate") or {}).get("cluster")
    found: str | None = named or (split["column"] if split["by"] in BY_COLUMN else None)
    return found


def gap(definition: dict[str, Any]) -> float:
    """How far apart two sides are, in units of moments."""
    width = definition["split"].get("gap")
    return float(seconds(width) if isinstance(width, str) else width or 0)


def moment(value: str, kind: str) -> str:
    """Value of the column `moment`: seconds since 1970, or the number itself."""
    if kind == "date":
        number = float(dt.date.fromisoformat(value).toordinal() - dt.date(1970, 1, 1).toordinal())
        number *= DAY
    elif kind == "timestamp":
        found = dt.datetime.fromisoformat(value)
        zoned = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
        number = zoned.timestamp()
    else:
        number = float(value)
    return f"t{number:.0f}" if number.is_integer() else f"t{number!r}"


def cluster(value: str, kind: str) -> str:
    """Value of the column `cluster`; the moments of one day are one cluster."""
    text = value[:DATE_LENGTH] if kind == "timestamp" else value
    return "c" + hashlib.sha256(text.encode()).hexdigest()[:CLUSTER_DIGITS]
