"""Makes a drop of the churn data as courses publish them: names, booleans and the label.

    python pipelines/customer-churn/convert.py churn.csv customers.csv

Takes the files with a header that are known as churn.txt, churn.csv or bigml's telecom churn
(State, Account Length, ..., CustServ Calls, Churn). What is a drop already is copied as it is.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

SPELLINGS = {
    "customer": ("phone", "phonenumber"),
    "state": ("state",),
    "account_days": ("accountlength",),
    "international_plan": ("intlplan", "internationalplan"),
    "voicemail_plan": ("vmailplan", "voicemailplan"),
    "voicemail_messages": ("vmailmessage", "numbervmailmessages", "numvmailmessages"),
    "day_minutes": ("daymins", "totaldayminutes"),
    "day_calls": ("daycalls", "totaldaycalls"),
    "evening_minutes": ("evemins", "totaleveminutes"),
    "evening_calls": ("evecalls", "totalevecalls"),
    "night_minutes": ("nightmins", "totalnightminutes"),
    "night_calls": ("nightcalls", "totalnightcalls"),
    "international_minutes": ("intlmins", "totalintlminutes"),
    "international_calls": ("intlcalls", "totalintlcalls"),
    "service_calls": ("custservcalls", "customerservicecalls", "numbercustomerservicecalls"),
    "churned": ("churn",),
}
"""By column of a drop, how published files spell it: letters and digits alone."""
OPTIONAL = "customer"
LABELS = {"true": 1, "yes": 1, "1": 1, "false": 0, "no": 0, "0": 0}


class NotChurnData(Exception):
    """The file is not one of those this script knows."""


def places(header: list[str]) -> dict[str, int]:
    """Where each column of a drop is; NotChurnData names the first that the file lacks."""
    known = {re.sub("[^a-z0-9]", "", name.lower()): at for at, name in enumerate(header)}
    found = {
        column: known[spelling]
        for column, spellings in SPELLINGS.items()
        for spelling in spellings
        if spelling in known
    }
    for column, spellings in SPELLINGS.items():
        if column not in found and column != OPTIONAL:
            raise NotChurnData(
                f"no column is {column} ({' or '.join(spellings)} in letters and digits); "
                f"the header reads: {','.join(header)[:120]}"
            )
    return found


def convert(source: Path, out: Path) -> None:
    """Write the drop."""
    with source.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines, skipinitialspace=True)
        header = next(rows, [])
        if header == list(SPELLINGS):
            out.write_bytes(source.read_bytes())
            return
        at = places(header)
        with out.open("w", encoding="utf-8", newline="") as drop:
            writer = csv.writer(drop, lineterminator="\n")
            writer.writerow(SPELLINGS)
            for number, row in enumerate((row for row in rows if row), start=1):
                writer.writerow(converted(row, at, number))


def converted(row: list[str], at: dict[str, int], number: int) -> list[object]:
    """One row of the drop; a file without telephone numbers has a customer on every line."""
    if len(row) <= max(at.values()):
        raise NotChurnData(f"row {number} has {len(row)} fields, fewer than the header")
    cells: dict[str, object] = {column: row[place].strip() for column, place in at.items()}
    label = str(cells["churned"]).rstrip(".").lower()
    if label not in LABELS:
        raise NotChurnData(f"row {number}: the label is {label!r}, neither true nor false")
    cells["churned"] = LABELS[label]
    return [cells.get(column, f"C{number:06d}") for column in SPELLINGS]


def main() -> int:
    """Convert a file."""
    if len(sys.argv) != 3:
        print(f"usage: python {sys.argv[0]} SOURCE OUT", file=sys.stderr)
        return 2
    try:
        convert(Path(sys.argv[1]), Path(sys.argv[2]))
    except (NotChurnData, UnicodeDecodeError, csv.Error) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
