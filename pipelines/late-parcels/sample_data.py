"""Made-up parcels of one month; the carriers change their ways from month to month.

    python pipelines/late-parcels/sample_data.py --rows 6000 --month 2024-01 --out january.csv

The same rows, month and seed give the same bytes on every Python.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from pathlib import Path

HEADER = "day;carrier;town;distance;weight;promised;late"
CARRIERS = ("Albatross", "Badger", "Cheetah")
TOWNS = ("Leeds", "York", "Hull", "Bath", "Skye", "Anglesey", "Wight", "leeds ", "")
ISLANDS = ("Anglesey", "Skye", "Wight")


def parcels(count: int, month: date, seed: int) -> Iterator[str]:
    """Lines of CSV, by day."""
    dice = random.Random(f"{seed} {month:%Y-%m}")  # noqa: S311 (made-up data, no secret)
    last = monthrange(month.year, month.month)[1]
    pressure = 0.25 * math.sin(month.year * 12 + month.month)  # one month is not like another
    for number in range(count):
        day = month.replace(day=1 + number * last // count)
        carrier, town = dice.choice(CARRIERS), dice.choice(TOWNS)
        distance, promised = round(dice.expovariate(1 / 180), 1), dice.randint(1, 5)
        distance = min(distance, 2000.0)
        weight = "" if dice.random() < 0.05 else f"{min(40.0, dice.expovariate(1 / 4)):.2f}"
        odds = -2.2 + pressure + 0.6 * (day.weekday() in (0, 5)) + 1.2 * (town in ISLANDS)
        odds += {"Albatross": 0.4, "Badger": 0.0, "Cheetah": -0.8}[carrier]
        odds += distance / promised / 120 + 0.04 * float(weight or 4)
        late = int(dice.random() < 1 / (1 + math.exp(-odds)))
        yield f"{day};{carrier};{town};{distance};{weight};{promised};{late}"


def main() -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=6000)
    parser.add_argument("--month", default="2024-01", help="such as 2024-01")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=3)
    chosen = parser.parse_args()
    month = date.fromisoformat(f"{chosen.month}-01")
    lines = [HEADER, *parcels(chosen.rows, month, chosen.seed)]
    chosen.out.write_text("\n".join(lines) + "\n", encoding="ascii", newline="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
