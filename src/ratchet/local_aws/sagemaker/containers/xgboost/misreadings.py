"""What xgboost's text parser reads otherwise than it is written, found in a file of CSV.

The parser refuses nothing: of each field it takes the number that it begins with, a missing value
if it begins with none, and 0 if it is blank; a field too many or too few is as good as any.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MISSING = ("", "nan", "NaN", "NA")
NUMBER = re.compile(r"[ \t]*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[ \t]*", re.ASCII)
LARGEST = 3.4028234e38
SMALLEST = 1.2e-38
"""The range of a 32-bit float; the parser reads what is smaller than the smallest as just that."""
TOLERANCE = 2.0**-20
"""The parser computes in 32 bits: with an exponent it may be some units in the last place off."""
PLAIN = "write plain numbers, no header, no quotes, no true or false, and nan for a missing value"


@dataclass(frozen=True)
class Misreading:
    """A place in a file, what stands there, and what the container would make of it."""

    line: int
    column: int
    problem: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.problem}"


def agree(text: Any, parsed: Any) -> Any:
    """Where the numbers of the text are those that the parser read: both missing, or both alike."""
    import numpy as np

    with np.errstate(invalid="ignore"):
        alike = np.abs(text - parsed) <= np.maximum(np.abs(text) * TOLERANCE, SMALLEST)
    return (alike & (np.abs(text) <= LARGEST)) | (np.isnan(text) & np.isnan(parsed))


def first_misreading(path: Path, width: int, table: Any) -> Misreading | None:
    """The first field that the parser misreads; `table` is None where it refuses the file."""
    row = 0
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip("\n"):  # the parser skips empty lines
                continue
            fields = line.rstrip("\n").split(",")
            if len(fields) != width:
                return Misreading(number, min(len(fields), width) + 1, _ragged(len(fields), width))
            parsed = None if table is None or row >= len(table) else table[row]
            for column, field in enumerate(fields):
                value = None if parsed is None else float(parsed[column])
                problem = _problem(field, value, label=column == 0)
                if problem:
                    return Misreading(number, column + 1, problem)
            row += 1
    return None


def _ragged(fields: int, width: int) -> str:
    return (
        f"the line has {fields} fields, the first one {width}, and the container would not mind; "
        "write every field, nan where a value is missing"
    )


def _problem(field: str, parsed: float | None, *, label: bool) -> str | None:
    """Why a field is misread; None if it is not."""
    number = float(field) if NUMBER.fullmatch(field) else math.nan
    would = "" if parsed is None else f", and the container would read {parsed:g}"
    if field in MISSING and label:
        return f"the label has no value{would}; give every row a label"
    if field not in MISSING and math.isnan(number):
        return f"{_shown(field)} is not a number{would}; {PLAIN}"
    if abs(number) > LARGEST:
        return f"{_shown(field)} is larger than XGBoost's 32-bit numbers{would}; leave it out"
    if parsed is not None and not agree(number, parsed):
        return f"the container would read {_shown(field)} as {parsed:g}; write fewer digits"
    return None


def _shown(field: str) -> str:
    return repr(field if len(field) <= 40 else field[:37] + "...")
