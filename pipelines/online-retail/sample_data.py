"""Made-up orders of a shop; some customers come often, some once, and more come back before winter.

    python pipelines/online-retail/sample_data.py --rows 15800 --out orders.csv [--seed 3]

The same rows and seed give the same bytes on every Python.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

HEADER = (
    "customer,ordered,country,value,items,products,orders_before,spent_before,days_since_last,"
    "days_since_first,again"
)
START = datetime(2023, 12, 1, tzinfo=UTC)
DAYS = 340
WITHIN = 30
ABROAD = ("Germany", "France", "EIRE", "Spain")


class Order(NamedTuple):
    """One order; they sort by time."""

    day: float
    customer: int
    country: str
    value: float
    items: int
    products: int


def bell(dice: random.Random) -> float:
    """Around 0; a sum of twelve, for it is the same on every machine."""
    return sum(dice.random() for _ in range(12)) - 6


def orders_of(dice: random.Random, customer: int) -> Iterator[Order]:
    """Everything that one customer orders; nearly half come but once."""
    day = DAYS * dice.random() ** 1.3
    country = dice.choice(ABROAD) if dice.random() < 0.1 else "United Kingdom"
    pause, size = 60 * math.exp(1.3 * bell(dice)), math.exp(0.7 * bell(dice))
    stays = 0.95 if dice.random() < 0.5 else 0.2
    while day < DAYS + WITHIN:
        products = 1 + int(16 * size * math.exp(0.5 * bell(dice)) * (1.5 if stays > 0.5 else 0.9))
        items = products * (1 + int(10 * dice.random()))
        value = items * 1.8 * math.exp(0.3 * bell(dice))
        yield Order(day, customer, country, round(value, 2), items, products)
        if dice.random() > stays:
            return
        season = 1.5 if day > 0.75 * DAYS else 1.0
        day += max(0.05, dice.expovariate(season / pause))


def rows_of(orders: list[Order]) -> Iterator[tuple[float, str]]:
    """The rows of one customer, with what was known at each order and what came after it."""
    spent = 0.0
    for place, one in enumerate(orders):
        since = f"{one.day - orders[place - 1].day:.4f}" if place else ""
        following = orders[place + 1].day if place + 1 < len(orders) else math.inf
        ordered = START + timedelta(seconds=int(one.day * 86400))
        cells = (
            f"C{one.customer:05d}", f"{ordered:%Y-%m-%dT%H:%M:%SZ}", one.country,
            f"{one.value:.2f}", one.items, one.products, place, f"{spent:.2f}", since,
            f"{one.day - orders[0].day:.4f}", int(following - one.day <= WITHIN),
        )  # fmt: skip
        spent += one.value
        if one.day < DAYS:
            yield one.day, ",".join(map(str, cells))


def lines(count: int, seed: int) -> list[str]:
    """Lines of CSV, oldest first."""
    dice = random.Random(seed)  # noqa: S311 (made-up data, no secret)
    made: list[tuple[float, str]] = []
    customer = 0
    while len(made) < count:
        made += rows_of(list(orders_of(dice, customer)))
        customer += 1
    return [line for _, line in sorted(made)[:count]]


def main() -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=15800)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=3)
    chosen = parser.parse_args()
    text = "\n".join([HEADER, *lines(chosen.rows, chosen.seed)]) + "\n"
    chosen.out.write_text(text, encoding="ascii", newline="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
