"""Made-up telephone customers; in the newer part a campaign has won others, who leave otherwise.

Stands in for the churn data that many courses use, which nobody may be sure to publish again. Every
customer is invented.

    python pipelines/customer-churn/sample_data.py --rows 12000 --out customers.csv [--seed 3]

The same rows and seed give the same bytes on every Python.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HEADER = (
    "customer,state,account_days,international_plan,voicemail_plan,voicemail_messages,day_minutes,"
    "day_calls,evening_minutes,evening_calls,night_minutes,night_calls,international_minutes,"
    "international_calls,service_calls,churned"
)
STATES = [
    "AK",
    "AL",
    "AZ",
    "CA",
    "CO",
    "FL",
    "GA",
    "IL",
    "KS",
    "MA",
    "MI",
    "MN",
    "NC",
    "NJ",
    "NY",
    "OH",
    "OR",
    "PA",
    "TX",
    "UT",
    "VA",
    "WA",
    "WI",
    "WV",
]
NEWER = 0.7
"""From this part of the file on customers are those whom the campaign has won."""
CAMPAIGN = 20
"""They have been customers for so many days at most."""


def bell(dice: random.Random, mean: float, spread: float) -> float:
    """Around a mean, never below 0; a sum of twelve, for it is the same on every machine."""
    return max(0.0, mean + spread * (sum(dice.random() for _ in range(12)) - 6))


def many(dice: random.Random, mean: float) -> int:
    """A small count of what happens now and then."""
    count, left = 0, math.exp(-mean)
    product = dice.random()
    while product > left:
        product *= dice.random()
        count += 1
    return count


class Customer(NamedTuple):
    """What decides whether somebody leaves."""

    plan: bool  # for calls abroad
    voicemail: bool
    day: float  # minutes
    evening: float
    service_calls: int

    def log_odds(self, newer: bool) -> float:
        """Those leave who call customer service often, and whose bill others would undercut."""
        bill = 0.17 * self.day + 0.085 * self.evening
        trouble = 1.3 * max(0, self.service_calls - 2)
        if newer:  # the campaign's tariff is dear for those who talk little
            return -4.5 + 1.5 * trouble + 0.4 * max(0.0, 45 - bill) + 1.2 * self.plan
        dear = 0.4 * max(0.0, bill - 51) + 2.4 * self.plan
        return -4.2 + trouble + dear - 1.5 * self.voicemail


def customers(count: int, seed: int) -> Iterator[str]:
    """Lines of CSV, oldest first; one customer in eight comes a second time."""
    dice = random.Random(seed)  # noqa: S311 (made-up data, no secret)
    for number in range(count):
        again = number > 100 and dice.random() < 0.125
        name = dice.randrange(number) if again else number
        plan, voicemail = dice.random() < 0.1, dice.random() < 0.27
        messages = int(bell(dice, 29, 7)) if voicemail else 0
        day, evening = bell(dice, 180, 54), bell(dice, 201, 51)
        night, abroad = bell(dice, 201, 51), bell(dice, 10.2, 2.8)
        one = Customer(plan, voicemail, day, evening, many(dice, 1.56))
        newer = number >= NEWER * count
        days = 1 + (dice.randrange(CAMPAIGN) if newer else int(bell(dice, 100, 40)))
        churned = dice.random() < 1 / (1 + math.exp(-one.log_odds(newer)))
        cells = (
            f"C{name:06d}", dice.choice(STATES), days,
            "yes" if plan else "no", "yes" if voicemail else "no", messages,
            f"{day:.1f}", many(dice, 100), f"{evening:.1f}", many(dice, 100), f"{night:.1f}",
            many(dice, 100), f"{abroad:.1f}", many(dice, 4.5), one.service_calls, int(churned),
        )  # fmt: skip
        yield ",".join(map(str, cells))


def main() -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=12000)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=3)
    chosen = parser.parse_args()
    lines = [HEADER, *customers(chosen.rows, chosen.seed)]
    chosen.out.write_text("\n".join(lines) + "\n", encoding="ascii", newline="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
