"""What the gate promised, what came true, and what each rule would have served, on public data.

Usage: python benchmarks/gate_truth.py [--online-retail FILE.csv.gz] [--bank FILE.csv.gz]

Both are UCI's (Online Retail; Bank Marketing, bank-additional-full.csv), plain or gzipped. Needs
pandas, numpy and xgboost (`make install-dev`). Each batch is judged as a run would judge it, by
the gate's own rules, and the truth is the whole next batch.

Online Retail: one row an order, labelled by whether its customer orders again within 30 days; a
batch is a month. Bank Marketing has no date (a month and a day of the week, no year), so its order
is that of the file, a day is a run of rows with equal month and day of the week, and a batch is a
ninth of the file; what is known of the past says hardly anything about the next part of it.
"""

from __future__ import annotations

import argparse
import runpy
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pandas as pd
import xgboost

ROOT = Path(__file__).parents[1]
RETAIL = ROOT / "pipelines" / "online-retail"
sys.path[:0] = [str(ROOT / "functions"), str(ROOT / "tests" / "unit")]

from unit_world import Pipeline, Rows, auc  # noqa: E402 - what a run does, without AWS

from retraining.rules.gate.terms import Terms  # noqa: E402

TERMS = Terms("auc", 0.50, "guard", 0.01, 0.95, 200)
PARAMETERS = {
    "objective": "binary:logistic",
    "eta": 0.08,
    "max_depth": 4,
    "min_child_weight": 10,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "max_bin": 64,
    "seed": 42,
    "nthread": 1,
}
ROUNDS = 100
BANK_BATCHES = 9
SPLITS = ("row", "group", "time")


@dataclass(frozen=True)
class Trees:
    """A boosted model."""

    booster: Any

    @classmethod
    def fit(cls, rows: Rows) -> Trees:
        data = xgboost.DMatrix(rows.features, rows.labels)
        return cls(xgboost.train(PARAMETERS, data, ROUNDS))

    def scores(self, rows: Rows) -> Any:
        return self.booster.predict(xgboost.DMatrix(rows.features)).astype(float)

    def auc(self, rows: Rows) -> float:
        return auc(rows.labels, self.scores(rows))


def orders_of(file: Path) -> pd.DataFrame:
    """An order a row, as the pipeline's own converter makes it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "orders.csv"
        runpy.run_path(str(RETAIL / "convert.py"))["convert"](file, out)
        return pd.read_csv(out, parse_dates=["ordered"])


def online_retail(file: Path) -> list[Rows]:
    """The orders with the pipeline's own features, a batch a month."""
    known = orders_of(file)
    features = runpy.run_path(str(RETAIL / "features.py"))["features"](known)
    days = known["ordered"].dt.dayofyear + 400 * known["ordered"].dt.year
    rows = Rows(features.to_numpy(float), known["again"].to_numpy(float), days.to_numpy(float))
    months = known["ordered"].dt.strftime("%Y-%m").to_numpy()
    return [rows.where(months == month) for month in sorted(set(months))]


def bank(file: Path) -> list[Rows]:
    """The file's rows in its order, without `duration`, which is known after the call only."""
    table = pd.read_csv(file, sep=";")
    labels = (table.pop("y") == "yes").astype(float).to_numpy()
    del table["duration"]
    named = table[["month", "day_of_week"]]
    days = (named != named.shift()).any(axis=1).cumsum().to_numpy(float)
    for name in table.select_dtypes(exclude="number"):
        table[name] = table[name].astype("category").cat.codes
    rows = Rows(table.to_numpy(float), labels, days)
    batch = np.arange(len(rows)) * BANK_BATCHES // len(rows)
    return [rows.where(batch == number) for number in range(BANK_BATCHES)]


@dataclass
class Told:
    """Over the months: what was promised, what came true, what served."""

    values: list[float] = field(default_factory=list)  # promised minus true
    gains: list[float] = field(default_factory=list)  # promised minus true
    held: list[bool] = field(default_factory=list)  # by the 90 % prediction interval
    arrivals: list[float] = field(default_factory=list)  # champion on arrival minus true
    served: list[float] = field(default_factory=list)
    always: list[float] = field(default_factory=list)
    never: list[float] = field(default_factory=list)
    best: list[float] = field(default_factory=list)
    decisions: Counter[str] = field(default_factory=Counter)


def follow(batches: list[Rows], by: str, rule: str, *, refit: bool) -> Told:
    """A pipeline over all batches; the truth of each verdict is the next batch."""
    pipeline = Pipeline(by, refit, np.random.default_rng(1), replace(TERMS, rule=rule), Trees.fit)
    told = Told()
    for batch, following in pairwise(batches):
        champion = pipeline.champion
        judgement, measured, challenger = pipeline.run(batch)
        told.decisions[judgement.decision.name] += 1
        if champion is None or pipeline.champion is None:
            continue
        value = challenger.auc(following)
        told.served.append(pipeline.champion.auc(following))
        models = [model.auc(following) for model in pipeline.models]
        told.always.append(value)
        told.never.append(models[0])
        told.best.append(max(models))
        arrival = measured.on("champion", "arrival")
        if arrival and arrival.value is not None:
            told.arrivals.append(arrival.value - told.served[-1])
        gain = measured.difference("challenger", "champion", "fresh")
        if gain and gain.estimate is not None:
            told.gains.append(gain.estimate - (value - champion.auc(following)))
        promise = judgement.promise
        if promise:
            told.values.append(promise.value - value)
            if promise.lower is not None and promise.upper is not None:
                told.held.append(promise.lower <= value <= promise.upper)
    return told


def spread(numbers: list[float]) -> str:
    if not numbers:
        return "-"
    size = mean(abs(number) for number in numbers)
    return f"{mean(numbers):+.3f} / {size:.3f}"


def table(name: str, batches: list[Rows]) -> None:
    rows = sum(len(batch) for batch in batches)
    ones = mean(float(batch.labels.mean()) for batch in batches)
    print(f"{name}: {len(batches)} batches, {rows:,} rows, {ones:.0%} ones")
    print("promised minus true on the next batch (mean / mean size), rule guard:")
    guarded = {by: follow(batches, by, "guard", refit=False) for by in SPLITS}
    print(f"  {'split':6} {'value':>16} {'gain':>16} {'arrival':>16}  interval holds")
    for by, told in guarded.items():
        held = f"{sum(told.held)} of {len(told.held)}"
        columns = (spread(told.values), spread(told.gains), spread(told.arrivals))
        print(f"  {by:6} {columns[0]:>16} {columns[1]:>16} {columns[2]:>16}  {held}")
    print("mean auc on the next batch of what each rule serves, and what it decided:")
    for by, told in guarded.items():
        print(
            f"  {by}: best of all {mean(told.best):.4f}, always the newest {mean(told.always):.4f},"
            f" always the first {mean(told.never):.4f}"
        )
        others = {
            "guard, refit": follow(batches, by, "guard", refit=True),
            "improve": follow(batches, by, "improve", refit=False),
            "superior": follow(batches, by, "superior", refit=False),
        }
        for rule, one in {"guard": told, **others}.items():
            decided = ", ".join(f"{count} {name}" for name, count in sorted(one.decisions.items()))
            print(f"    {rule:12} {mean(one.served):.4f}   {decided}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--online-retail", type=Path)
    parser.add_argument("--bank", type=Path, help="bank-additional-full.csv")
    given = parser.parse_args()
    readers: dict[str, tuple[Path | None, Callable[[Path], list[Rows]]]] = {
        "Online Retail by month": (given.online_retail, online_retail),
        "Bank Marketing in the file's order": (given.bank, bank),
    }
    for name, (file, reader) in readers.items():
        if file:
            table(name, reader(file))


if __name__ == "__main__":
    main()
