"""Made-up calls with the shape and the drift of the UCI Bank Marketing file.

Stands in for the real file where it cannot be had. Every person is invented; the calendar (how
many calls a period has, its share of "yes", its economic indicators) follows the published
figures, so that a model of 2008 is of little use in 2010, as with the real file.

    python pipelines/bank-marketing/sample_data.py --rows 41188 --out bank.csv [--seed 3]

The same rows and seed give the same bytes on every Python.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

HEADER = [
    "age", "job", "marital", "education", "default", "housing", "loan", "contact", "month",
    "day_of_week", "duration", "campaign", "pdays", "previous", "poutcome", "emp.var.rate",
    "cons.price.idx", "cons.conf.idx", "euribor3m", "nr.employed", "y",
]  # fmt: skip
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")


class Period(NamedTuple):
    """Some weeks of calls: how many, indicators, shares of telephone, prior results and yes."""

    calls: int
    month: str
    emp_var_rate: str
    cons_price_idx: str
    cons_conf_idx: str
    nr_employed: str
    euribor_first: float
    euribor_last: float
    telephone: float
    success: float
    failure: float
    yes: float


# May 2008 to November 2010, oldest first.
PERIODS = (
    Period(7763, "may", "1.1", "93.994", "-36.4", "5191", 4.855, 4.864, 0.99, 0.0, 0.0, 0.031),
    Period(4374, "jun", "1.4", "94.465", "-41.8", "5228.1", 4.864, 4.967, 0.99, 0.0, 0.0, 0.043),
    Period(6685, "jul", "1.4", "93.918", "-42.7", "5228.1", 4.955, 4.968, 0.15, 0.0, 0.0, 0.061),
    Period(5175, "aug", "1.4", "93.444", "-36.1", "5228.1", 4.962, 4.97, 0.03, 0.0, 0.0, 0.052),
    Period(67, "oct", "-0.1", "93.798", "-40.4", "5195.8", 5.045, 4.76, 0.99, 0.0, 0.03, 0.60),
    Period(3616, "nov", "-0.1", "93.2", "-42", "5195.8", 4.733, 3.853, 0.10, 0.01, 0.19, 0.053),
    Period(10, "dec", "-0.2", "92.756", "-45.9", "5176.3", 3.816, 3.053, 0.80, 0.0, 0.10, 0.10),
    Period(282, "mar", "-1.8", "92.843", "-50", "5099.1", 1.811, 1.51, 0.07, 0.01, 0.07, 0.45),
    Period(2458, "apr", "-1.8", "93.075", "-47.1", "5099.1", 1.498, 1.365, 0.07, 0.03, 0.25, 0.18),
    Period(5794, "may", "-1.8", "92.893", "-46.2", "5099.1", 1.354, 1.244, 0.08, 0.03, 0.30, 0.09),
    Period(715, "jun", "-2.9", "92.963", "-40.8", "5076.2", 1.286, 1.099, 0.09, 0.10, 0.17, 0.37),
    Period(178, "jul", "-2.9", "92.469", "-33.6", "5076.2", 1.085, 0.899, 0.14, 0.06, 0.17, 0.37),
    Period(770, "aug", "-2.9", "92.201", "-31.4", "5076.2", 0.884, 0.821, 0.09, 0.17, 0.25, 0.34),
    Period(267, "sep", "-3.4", "92.379", "-29.8", "5017.5", 0.819, 0.739, 0.11, 0.20, 0.21, 0.40),
    Period(447, "oct", "-3.4", "92.431", "-26.9", "5017.5", 0.754, 0.72, 0.13, 0.15, 0.24, 0.40),
    Period(357, "nov", "-3.4", "92.649", "-30.1", "5017.5", 0.722, 0.714, 0.13, 0.25, 0.29, 0.47),
    Period(172, "dec", "-3", "92.713", "-33", "5023.5", 0.721, 0.7, 0.15, 0.26, 0.22, 0.51),
    Period(264, "mar", "-1.8", "93.369", "-34.8", "5008.7", 0.655, 0.634, 0.15, 0.30, 0.30, 0.57),
    Period(174, "apr", "-1.8", "93.749", "-34.6", "5008.7", 0.635, 0.663, 0.13, 0.27, 0.26, 0.56),
    Period(212, "may", "-1.8", "93.876", "-40", "5008.7", 0.668, 0.701, 0.19, 0.36, 0.28, 0.57),
    Period(229, "jun", "-1.7", "94.055", "-39.8", "4991.6", 0.702, 0.767, 0.28, 0.33, 0.21, 0.47),
    Period(311, "jul", "-1.7", "94.215", "-40.3", "4991.6", 0.782, 0.899, 0.21, 0.31, 0.29, 0.57),
    Period(233, "aug", "-1.7", "94.027", "-38.3", "4991.6", 0.905, 0.886, 0.23, 0.31, 0.28, 0.51),
    Period(303, "sep", "-1.1", "94.199", "-37.5", "4963.6", 0.886, 0.876, 0.19, 0.31, 0.27, 0.50),
    Period(204, "oct", "-1.1", "94.601", "-49.5", "4963.6", 0.942, 1.045, 0.16, 0.34, 0.29, 0.46),
    Period(128, "nov", "-1.1", "94.767", "-50.8", "4963.6", 1.05, 1.028, 0.09, 0.31, 0.30, 0.45),
)


class Choice:
    """Draws a value by weight, from one random number."""

    def __init__(self, weights: dict[str, float]) -> None:
        self.values = list(weights)
        self.bounds = list(accumulate(weights.values()))

    def __call__(self, dice: random.Random) -> str:
        return self.values[bisect_right(self.bounds, dice.random() * self.bounds[-1])]


# fmt: off
JOB = Choice({
    "admin.": 26, "blue-collar": 24, "technician": 17, "services": 10, "management": 7,
    "entrepreneur": 4, "self-employed": 4, "housemaid": 3, "unemployed": 3, "unknown": 1,
})
OFFICE = Choice({
    "university.degree": 55, "high.school": 28, "professional.course": 8, "basic.9y": 5,
    "unknown": 4,
})
SKILLED = Choice({
    "professional.course": 48, "university.degree": 28, "high.school": 14, "basic.9y": 6,
    "unknown": 4,
})
MANUAL = Choice({
    "basic.9y": 38, "basic.4y": 25, "basic.6y": 16, "high.school": 14, "unknown": 6,
    "illiterate": 0.1,
})
OTHER = Choice({
    "high.school": 40, "university.degree": 25, "basic.9y": 15, "basic.4y": 14, "unknown": 6,
})
EDUCATION = {
    "admin.": OFFICE, "management": OFFICE, "technician": SKILLED, "self-employed": SKILLED,
    "blue-collar": MANUAL, "housemaid": MANUAL, "retired": MANUAL,
}
# fmt: on
YOUNG = Choice({"single": 70, "married": 28, "divorced": 2, "unknown": 0.2})
GROWN = Choice({"married": 67, "single": 20, "divorced": 13, "unknown": 0.2})
YES_NO = {"housing": Choice({"yes": 54, "no": 46}), "loan": Choice({"no": 84, "yes": 16})}

# Who says yes, as log odds. In the boom of 2008 hardly anything distinguishes them; in the crisis
# pensioners, students and earlier customers do, and those who were glad to listen in 2008 do not.
BOOM_JOB = {
    "student": 0.5, "retired": 0.5, "management": 0.3, "entrepreneur": 0.3, "unemployed": -0.4,
    "blue-collar": -0.3, "housemaid": -0.5,
}  # fmt: skip
CRISIS_JOB = {
    "student": 0.8, "retired": 0.8, "admin.": 0.2, "unemployed": 0.3, "management": -0.1,
    "services": -0.4, "blue-collar": -0.6, "entrepreneur": -0.5,
}  # fmt: skip
CRISIS_OUTCOME = {"success": 2.2, "failure": -0.35, "nonexistent": 0.0}


def in_crisis(period: Period) -> bool:
    """From October 2008 on, when employment falls."""
    return period.emp_var_rate.startswith("-")


def draw_age_and_job(dice: random.Random, crisis: bool) -> tuple[int, str]:
    """In the crisis the bank calls more students and pensioners."""
    lot = dice.random()
    if lot < (0.05 if crisis else 0.008):
        return 18 + int(12 * dice.random()), "student"
    if lot < (0.12 if crisis else 0.035):
        return 52 + int((36 if crisis else 9) * dice.random() ** 1.6), "retired"
    return 23 + int(37 * (0.5 * dice.random() + 0.5 * dice.random())), JOB(dice)


def draw_former_contact(dice: random.Random, period: Period) -> tuple[int, int, str]:
    """Days since the last contact (999: never), contacts before this campaign, their outcome."""
    lot = dice.random()
    again = 1 + int(2.2 * dice.random() ** 4)
    if lot < period.success:
        return 2 + int(11 * dice.random() ** 1.4), again, "success"
    if lot < period.success + period.failure:
        return 999, again, "failure"
    return 999, 0, "nonexistent"


def log_odds(row: dict[str, str], crisis: bool) -> float:
    """What sets this person apart from the period's average."""
    age, campaign = int(row["age"]), int(row["campaign"])
    if not crisis:
        unsure = 0.4 if row["default"] == "unknown" else 0.0
        return BOOM_JOB.get(row["job"], 0.0) - 0.008 * (age - 40) - 0.08 * min(campaign, 8) - unsure
    return (
        CRISIS_JOB.get(row["job"], 0.0)
        + CRISIS_OUTCOME[row["poutcome"]]
        + 0.015 * (age - 40)
        - 0.12 * min(campaign, 8)
        - (0.5 if row["contact"] == "telephone" else 0.0)
        - (0.5 if row["default"] == "unknown" else 0.0)
        - (0.25 if row["day_of_week"] == "mon" else 0.0)
    )


def draw_loans(dice: random.Random) -> dict[str, str]:
    """Housing and personal loan are unknown together, or not at all."""
    if dice.random() < 0.024:
        return {"housing": "unknown", "loan": "unknown"}
    return {column: choice(dice) for column, choice in YES_NO.items()}


def draw_call(dice: random.Random, period: Period, progress: float) -> dict[str, str]:
    """One call at `progress` (0 to 1) of the period, its label still missing."""
    crisis = in_crisis(period)
    age, job = draw_age_and_job(dice, crisis)
    pdays, previous, outcome = draw_former_contact(dice, period)
    euribor = period.euribor_first + progress * (period.euribor_last - period.euribor_first)
    return {
        "age": str(age),
        "job": job,
        "marital": (YOUNG if age < 30 else GROWN)(dice),
        "education": EDUCATION.get(job, OTHER)(dice),
        "default": "unknown" if dice.random() < (0.10 if crisis else 0.26) else "no",
        **draw_loans(dice),
        "contact": "telephone" if dice.random() < period.telephone else "cellular",
        "month": period.month,
        "day_of_week": WEEKDAYS[int(progress * 20) % 5],
        "campaign": str(1 + int(math.log(1 - dice.random()) / math.log(0.48 if crisis else 0.58))),
        "pdays": str(pdays),
        "previous": str(previous),
        "poutcome": outcome,
        "emp.var.rate": period.emp_var_rate,
        "cons.price.idx": period.cons_price_idx,
        "cons.conf.idx": period.cons_conf_idx,
        "euribor3m": f"{euribor:.3f}".rstrip("0").rstrip("."),
        "nr.employed": period.nr_employed,
    }


def answer(dice: random.Random, row: dict[str, str], period: Period, centre: float) -> None:
    """Set the label, and the duration of the call, which follows from it."""
    crisis = in_crisis(period)
    base = math.log(period.yes / (1 - period.yes))
    odds = base + log_odds(row, crisis) - centre
    yes = dice.random() < 1 / (1 + math.exp(-odds))
    row["y"] = "yes" if yes else "no"
    row["duration"] = str(int((450 if yes else 165) * math.exp(1.6 * (dice.random() - 0.5))))


def draw_period(dice: random.Random, period: Period, calls: int) -> Iterator[dict[str, str]]:
    """The period's calls in order; `centre` keeps its share of yes near the published one."""
    rows = [draw_call(dice, period, number / calls) for number in range(calls)]
    crisis = in_crisis(period)
    centre = sum(log_odds(row, crisis) for row in rows) / max(1, calls)
    for row in rows:
        answer(dice, row, period, centre)
        yield row


def draw_rows(count: int, seed: int) -> Iterator[dict[str, str]]:
    """`count` calls over the whole calendar, oldest first."""
    dice = random.Random(seed)  # noqa: S311 (made-up data, no secret)
    ends = list(accumulate(period.calls for period in PERIODS))
    done = 0
    for period, end in zip(PERIODS, ends, strict=True):
        until = count * end // ends[-1]
        yield from draw_period(dice, period, until - done)
        done = until


NUMBERS = {"age", "duration", "campaign", "pdays", "previous"} | {
    name for name in HEADER if "." in name or name == "euribor3m"
}


def line(row: dict[str, str]) -> str:
    """Text in quotes, numbers without, semicolons between: as UCI publishes it."""
    return ";".join(row[name] if name in NUMBERS else f'"{row[name]}"' for name in HEADER)


def write(path: Path, count: int, seed: int) -> None:
    """Write the file whole or, when the folder refuses, not at all."""
    lines = [";".join(f'"{name}"' for name in HEADER), *map(line, draw_rows(count, seed))]
    path.write_text("\r\n".join(lines) + "\r\n", encoding="ascii", newline="")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=41188)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=3)
    chosen = parser.parse_args()
    if chosen.rows < 1:
        parser.error(f"--rows {chosen.rows}: at least 1 row is needed")
    try:
        write(chosen.out, chosen.rows, chosen.seed)
    except OSError as error:
        parser.exit(1, f"cannot write {chosen.out}: {error.strerror}; choose another --out\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
