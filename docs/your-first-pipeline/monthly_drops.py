"""Twelve months of parcels, as a warehouse would export them: will a parcel be late?

    python docs/your-first-pipeline/monthly_drops.py --out months

The same seed makes the same files. From May on something happens in some months:

    05 the world changes: one carrier has lost its drivers
    06 one row holds what is not a number
    07 a new column: express
    09 the distance is in miles; 2024-09-corrected.csv has kilometres again
    10 the labels are shuffled
    11 the world changes: the warehouse delivers abroad
"""

from __future__ import annotations

import argparse
import csv
import math
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

YEAR, MONTHS = 2024, range(1, 13)
ROWS = 3000
CARRIERS = ("Albatross", "Bluebird", "Condor")
WAREHOUSES = ("Aachen", "Bergen", "Cadiz", "Dover")
DRIFT, BAD_ROW, NEW_COLUMN, MILES, SHUFFLED, ABROAD = 5, 6, 7, 9, 10, 11
COLUMNS = (
    "parcel",
    "shipped",
    "carrier",
    "warehouse",
    "distance",
    "weight",
    "items",
    "note",
    "late",
)
KILOMETRES = 1.609344
HOW_MANY_ABROAD = 0.4

Row = dict[str, str]


def days(month: int) -> Iterator[date]:
    """Every day of the month."""
    day = date(YEAR, month, 1)
    while day.month == month:
        yield day
        day += timedelta(days=1)


def chance_of_delay(
    month: int,
    carrier: str,
    warehouse: str,
    distance: float,
    weight: float,
    express: bool,
    day: float,
) -> float:
    """What the world does: far, heavy and with the wrong carrier is late; days differ as well."""
    driverless = month >= DRIFT
    effect = {"Albatross": -0.7, "Bluebird": 2.0 if driverless else 0.0,
              "Condor": -0.4 if driverless else 0.5}  # fmt: skip
    odds = (
        -1.3
        + effect[carrier]
        + 0.5 * (warehouse == "Cadiz")
        + 1.1 * math.log(distance / 300)
        + 0.05 * (weight - 8)
        - 1.6 * express
        + day
    )
    return 1 / (1 + math.exp(-odds))


def parcels(month: int, rows: int, seed: int) -> list[Row]:
    """The parcels of a month in the order in which they were shipped."""
    chance = random.Random(seed * 1000 + month)  # noqa: S311 - no secret
    moods = {day: chance.gauss(0, 0.35) for day in days(month)}
    made = []
    for number, day in enumerate(sorted(chance.choices(list(moods), k=rows))):
        carrier, warehouse = chance.choice(CARRIERS), chance.choice(WAREHOUSES)
        distance, weight = chance.lognormvariate(math.log(300), 0.7), chance.lognormvariate(2, 0.5)
        if month >= ABROAD and chance.random() < HOW_MANY_ABROAD:
            distance += 1000
        express = month >= NEW_COLUMN - 2 and chance.random() < 0.3
        late = chance.random() < chance_of_delay(
            month, carrier, warehouse, distance, weight, express, moods[day]
        )
        made.append(
            {
                "parcel": f"P{month:02}-{number:05}",
                "shipped": day.isoformat(),
                "carrier": carrier,
                "warehouse": warehouse,
                "distance": f"{distance:.1f}",
                "weight": f"{weight:.2f}",
                "items": str(chance.randint(1, 9)),
                "note": chance.choice(("", "", "", f"ring twice, room {chance.randint(1, 900)}")),
                "late": "1" if late else "0",
                "express": "yes" if express else "no",
            }
        )
    return made


def happens(month: int, rows: list[Row], seed: int, *, corrected: bool) -> list[Row]:
    """What went wrong with the export of the month."""
    if month == BAD_ROW:
        rows[len(rows) // 2]["distance"] = "far away"
    if month == MILES and not corrected:
        for row in rows:
            row["distance"] = f"{float(row['distance']) / KILOMETRES:.1f}"
    if month == SHUFFLED:
        labels = [row["late"] for row in rows]
        random.Random(seed).shuffle(labels)  # noqa: S311 - no secret
        for row, label in zip(rows, labels, strict=True):
            row["late"] = label
    return rows


def write(folder: Path, rows: int, seed: int) -> list[Path]:
    """Twelve files, 2024-01.csv to 2024-12.csv, and the one that is sent again."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for month in MONTHS:
        columns = [*COLUMNS[:-1], *(["express"] if month >= NEW_COLUMN else []), COLUMNS[-1]]
        for suffix in ("", "-corrected") if month == MILES else ("",):
            path = folder / f"{YEAR}-{month:02}{suffix}.csv"
            made = happens(month, parcels(month, rows, seed), seed, corrected=bool(suffix))
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
                writer.writeheader()
                writer.writerows(made)
            written.append(path)
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("months"), help="the folder to write to")
    parser.add_argument("--rows", type=int, default=ROWS, help="parcels a month")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    written = write(given.out, given.rows, given.seed)
    print(f"{written[0]} to {written[-1].name}: {given.rows:,} parcels each")


if __name__ == "__main__":
    main()
