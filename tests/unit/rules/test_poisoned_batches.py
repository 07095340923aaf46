"""Seeded simulations: bad batches are named before training, and clean ones are let through.

Monthly batches of unequal size with seasonal means, slowly moving shares and a label rate that
follows season and day, as in real monthly data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from retraining.documents.batch_report import Finding
from retraining.documents.profile import Profile
from retraining.rules import findings, profiles
from retraining.rules.findings import Batch, Earlier, Terms
from retraining.rules.profiling import Profiler

SERIES, HISTORY = 30, 5
SEASON = 1.35  # by which the season alone may change the mean of the wind
TYPES = {
    "day": "date",
    "month": "integer",
    "distance": "number",
    "minute": "integer",
    "wind": "number",
    "carrier": "category",
    "origin": "category",
    "late": "integer",
}
WARN, REJECT = (Terms("late", 0.25, action, None) for action in ("warn", "reject"))
Columns = dict[str, Any]


def month(random: np.random.Generator, number: int) -> Columns:
    """One clean batch."""
    size = int(4000 * np.exp(random.normal(0, 0.15)))
    days = np.sort(random.integers(1, 29, size))
    by_day = random.normal(0, 0.5, 29)[days]
    season = np.sin(2 * np.pi * number / 12)
    carriers = np.exp(random.normal(0, 0.1, 8) - np.arange(8) / 3)
    routes = np.linspace(100, 2600, 80) * np.exp(0.05 * season)
    wind = np.abs(random.normal(10 + 2 * season, 5, size)) + 0.1
    chance = 1 / (1 + np.exp(1.4 - 0.4 * season - by_day - 0.05 * (wind - 10)))
    return {
        "day": np.array([f"2026-{number % 12 + 1:02d}-{day:02d}" for day in days]),
        "month": np.full(size, number % 12 + 1),
        "distance": np.round(random.choice(routes, size, p=np.full(80, 1 / 80)), 0),
        "minute": random.integers(0, 60, size),
        "wind": np.round(wind, 2),
        "carrier": np.array(list("ABCDEFGH"))[random.choice(8, size, p=carriers / carriers.sum())],
        "origin": np.array(["JFK", "LGA", "EWR"])[random.integers(0, 3, size)],
        "late": (random.random(size) < chance).astype(int),
    }


def profiled(columns: Columns) -> Profile:
    profiler = Profiler(TYPES, "late", time="day")
    profiler.add({name: pa.array(values).cast(pa.string()) for name, values in columns.items()})
    return profiler.profile()


Case = tuple[np.random.Generator, Columns, Columns, list[Profile], tuple[Earlier, ...]]


@cache
def cases() -> list[Case]:
    """Series of clean batches: the next one, one of another season, and those before."""
    found = []
    for seed in range(SERIES):
        random = np.random.default_rng(seed)
        first = int(random.integers(0, 12))
        history: list[Profile] = []
        earlier: list[Earlier] = []
        for number in range(first, first + HISTORY):
            profile = profiled(month(random, number))
            drifted = {
                column.name: psi
                for column in profile.columns
                if history and (psi := _psi(history, profile, column.name)) is not None
            }
            earlier.append(Earlier(profile.rows, profiles.label_shares(profile, "late"), drifted))
            history.append(profile)
        following = month(random, first + HISTORY)
        found.append((random, following, month(random, first + 11), history, tuple(earlier)))
    return found


def _psi(history: list[Profile], profile: Profile, name: str) -> float | None:
    before = profiles.merged(history)
    assert before is not None
    ours, theirs = profiles.find(profile, name), profiles.find(before, name)
    assert ours is not None
    assert theirs is not None
    return findings.drift.psi(ours, theirs)


def judged(case: Case, columns: Columns, terms: Terms = WARN) -> tuple[Finding, ...]:
    _, _, _, history, earlier = case
    profile = profiled(columns)
    labels = frozenset(map(str, columns["late"]))
    training = profiles.merged(history)
    return findings.found(
        Batch(profile.rows, profile, training, history[-1], earlier, labels), terms
    )


def poisoned(spoil: Callable[[np.random.Generator, Columns], Columns]) -> Iterator[Any]:
    """What is found in each series when its next batch is spoilt."""
    for case in cases():
        yield judged(case, spoil(case[0], case[1]))


def share_of(found: list[bool]) -> float:
    return sum(found) / len(found)


def kinds(found: tuple[Finding, ...]) -> set[tuple[str, str | None]]:
    return {(one.kind, one.column) for one in found}


def test_a_constant_factor_is_named_with_its_column_and_size() -> None:
    def in_other_units(random: np.random.Generator, columns: Columns) -> Columns:
        name = str(random.choice(["distance", "wind"]))
        factor = float(random.choice([1.609, 2.54, 0.4536, 60, 0.001]))
        return {**columns, name: np.round(columns[name] * factor, 6), "of": (name, factor)}

    named = []
    for case in cases():
        columns = in_other_units(case[0], case[1])
        name, factor = columns.pop("of")
        found = [one for one in judged(case, columns) if one.kind == "unit"]
        said = [float(one.sentence.split(" is ")[1].split(" times")[0]) for one in found]
        named.append(
            [one.column for one in found] == [name] and factor / SEASON < said[0] < factor * SEASON
        )
    assert share_of(named) >= 0.95


def test_a_batch_of_one_label_is_set_aside_with_what_was_usual() -> None:
    found = list(poisoned(lambda _, columns: {**columns, "late": columns["late"] * 0}))
    assert share_of([one[0].serious and one[0].kind == "one label" for one in found]) == 1
    assert "have label 0; earlier batches had" in found[0][0].sentence


def test_a_label_of_another_spelling_is_set_aside() -> None:
    spelt = {0: "0.0", 1: "1.0"}
    found = poisoned(
        lambda _, columns: {**columns, "late": np.array([spelt[one] for one in columns["late"]])}
    )
    assert share_of([("labels", "late") in kinds(one) and one[0].serious for one in found]) == 1


def test_a_truncated_batch_is_named() -> None:
    def truncated(random: np.random.Generator, columns: Columns) -> Columns:
        kept = int(len(columns["late"]) * random.uniform(0.05, 0.35))
        return {name: values[:kept] for name, values in columns.items()}

    assert share_of([("few rows", None) in kinds(one) for one in poisoned(truncated)]) >= 0.95


def test_clean_batches_are_not_set_aside_and_seldom_warned_of() -> None:
    warned = Counter[str]()
    aside, told, batches = 0, 0, 0
    for case in cases():
        for columns in (case[1], case[2]):
            found = judged(case, columns)
            batches += 1
            aside += any(one.serious for one in found)
            told += bool(found)
            warned.update(one.kind for one in found)
    print(f"of {batches} clean batches {aside} set aside, {told} with a warning: {dict(warned)}")
    assert aside <= 0.01 * batches
    assert told <= 0.1 * batches


def test_what_pipeline_yaml_rejects_is_set_aside() -> None:
    case = cases()[0]
    in_km = {**case[1], "distance": case[1]["distance"] * 1.609}
    assert not any(one.serious for one in judged(case, in_km))
    assert any(one.serious for one in judged(case, in_km, REJECT))
    assert not any(one.serious for one in judged(case, case[1], REJECT))
    empty = {**case[1], "carrier": np.where(np.arange(len(case[1]["late"])) % 4, "A", "")}
    rejected = judged(case, empty, replace(WARN, max_null_share=0.2))
    assert (rejected[0].kind, rejected[0].column, rejected[0].serious) == (
        "missing", "carrier", True
    )  # fmt: skip
