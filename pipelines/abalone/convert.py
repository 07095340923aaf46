"""Makes a drop of the abalone data as they are published: a table without a header, or libsvm.

    python pipelines/abalone/convert.py abalone.data animals.csv

libsvm counts features from 0 or from 1 and leaves zeros out; sex is never zero, so the lowest
number of a file is where it begins. What is a drop already is copied as it is.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator
from pathlib import Path

HEADER = (
    "sex",
    "length",
    "diameter",
    "height",
    "whole_weight",
    "shucked_weight",
    "viscera_weight",
    "shell_weight",
    "rings",
)
FEATURES = len(HEADER) - 1
SEXES = {1.0: "M", 2.0: "F", 3.0: "I"}
"""How libsvm files number them."""


class NotAbaloneData(Exception):
    """The file is not one of those this script knows."""


def convert(source: Path, out: Path) -> None:
    """Write the drop."""
    text = source.read_text(encoding="utf-8-sig")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and lines[0] == ",".join(HEADER):
        out.write_bytes(source.read_bytes())
        return
    rows = list(from_libsvm(lines) if lines and ":" in lines[0] else from_table(lines))
    if not rows:
        raise NotAbaloneData("the file has no rows")
    with out.open("w", encoding="utf-8", newline="") as drop:
        writer = csv.writer(drop, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)


def from_table(lines: list[str]) -> Iterator[list[str]]:
    """The rows of UCI's abalone.data; a line of names, as some copies have it, is left out."""
    for number, cells in enumerate(csv.reader(lines, skipinitialspace=True), start=1):
        if len(cells) != len(HEADER):
            raise NotAbaloneData(f"line {number} has {len(cells)} fields instead of {len(HEADER)}")
        if number == 1 and not is_number(cells[-1]):
            continue
        if cells[0] not in SEXES.values():
            raise NotAbaloneData(f"line {number}: the sex is {cells[0]!r}, not M, F or I")
        yield cells


def from_libsvm(lines: list[str]) -> Iterator[list[str]]:
    """The rows of a libsvm file: label first, then number:value; what is left out is zero."""
    rows = [sparse(number, line) for number, line in enumerate(lines, start=1)]
    first = min(min(values) for _, values in rows)
    for number, (label, values) in enumerate(rows, start=1):
        if first not in {0, 1} or max(values) >= first + FEATURES:
            raise NotAbaloneData(
                f"line {number}: features {min(values)} to {max(values)}; this data set has "
                f"{FEATURES}, counted from 0 or from 1"
            )
        if label != int(label) or values.get(first) not in SEXES:
            raise NotAbaloneData(
                f"line {number}: rings are whole numbers, and feature {first} is the sex: "
                "1 for M, 2 for F, 3 for I"
            )
        measures = [f"{values.get(first + place, 0.0):g}" for place in range(1, FEATURES)]
        yield [SEXES[values[first]], *measures, str(int(label))]


def sparse(number: int, line: str) -> tuple[float, dict[int, float]]:
    """Label and values of one line, by the number of their feature."""
    label, *pairs = line.partition("#")[0].split() or [""]
    try:
        values = {int(at): float(value) for at, value in (pair.split(":") for pair in pairs)}
        rings = float(label)
    except ValueError:
        values = {}
    if not values or not math.isfinite(rings):
        raise NotAbaloneData(f"line {number} is not libsvm: {line[:60]}")
    return rings, values


def is_number(cell: str) -> bool:
    """Whether a field is a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def main() -> int:
    """Convert a file."""
    if len(sys.argv) != 3:
        print(f"usage: python {sys.argv[0]} SOURCE OUT", file=sys.stderr)
        return 2
    try:
        convert(Path(sys.argv[1]), Path(sys.argv[2]))
    except (NotAbaloneData, UnicodeDecodeError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
