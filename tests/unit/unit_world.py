"""A seeded world whose truth is known: batches of days, cheap models, and the gate's own rules.

A row's label depends on its features by weights that may turn with the season, and on its day: one
feature is the same all day, and each day has a shift of its own, which a model can remember and no
later day has. Models are logistic
regressions with a remembered shift for each day they were trained on.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from retraining.documents.metrics import Metrics
from retraining.rules.candidates import ALONE, CHALLENGER, CHAMPION, FRESH, NEW, REFERENCE
from retraining.rules.gate.decisions import Further, Judgement
from retraining.rules.gate.judge import judge
from retraining.rules.gate.terms import Earlier, Facts, Terms
from retraining.rules.measuring import measure
from retraining.rules.scores import KINDS, ON_ARRIVAL, Kept, in_memory

DAYS, ROWS_A_DAY, FEATURES = 80, 25, 4
REFERENCE_BATCHES = 6
TERMS = Terms("auc", 0.55, "guard", 0.01, 0.95, 100)
TRAIN, VALIDATION, HOLDOUT = 0.70, 0.15, 0.15


@dataclass(frozen=True)
class Rows:
    """Rows with the day each belongs to."""

    features: Any
    labels: Any
    days: Any

    def where(self, mask: Any) -> Rows:
        """The rows of the mask."""
        return Rows(self.features[mask], self.labels[mask], self.days[mask])

    def __len__(self) -> int:
        return len(self.labels)


def together(parts: Sequence[Rows]) -> Rows:
    return Rows(
        np.concatenate([one.features for one in parts]),
        np.concatenate([one.labels for one in parts]),
        np.concatenate([one.days for one in parts]),
    )


@dataclass(frozen=True)
class World:
    """Weights that turn by `season` (radians a batch) and are stronger in one batch than in another
    by `swing` (of their logarithm), and days that differ by `shift`."""

    season: float = 0.0
    shift: float = 0.7
    swing: float = 0.0

    def weights(self, moment: Any) -> Any:
        """At a moment, in batches since the start; a row for each moment."""
        angle = np.asarray(moment)[:, None] * self.season
        turning = np.concatenate([np.cos(angle), np.sin(angle)], axis=1)
        steady = np.tile([0.45, 0.7], (len(angle), 1))
        return np.concatenate([0.45 * turning, steady], axis=1)

    def batch(self, draw: np.random.Generator, number: int, days: int = DAYS) -> Rows:
        """The rows of one batch; days are numbered through."""
        day = np.repeat(np.arange(days), ROWS_A_DAY)
        features = draw.normal(size=(len(day), FEATURES))
        features[:, -1] = draw.normal(size=days)[day]  # as the weather of a day
        shift = draw.normal(size=days) * self.shift
        weights = self.weights(number + day / days)
        if self.swing:
            weights = weights * math.exp(draw.normal() * self.swing)
        chance = 1 / (1 + np.exp(-((features * weights).sum(axis=1) + shift[day] - 0.8)))
        labels = (draw.random(len(day)) < chance).astype(float)
        return Rows(features, labels, number * 100_000.0 + day)


def shuffled(rows: Rows, draw: np.random.Generator) -> Rows:
    """The same rows, whose labels belong to others."""
    return replace(rows, labels=draw.permutation(rows.labels))


@dataclass(frozen=True)
class Model:
    """A logistic regression, and the shifts of the days that it was trained on."""

    weights: Any
    days: Any  # in order
    shifts: Any

    @classmethod
    def fit(cls, rows: Rows) -> Model:
        inputs = np.column_stack([rows.features, np.ones(len(rows))])
        weights = np.zeros(inputs.shape[1])
        for _ in range(6):
            chance = 1 / (1 + np.exp(-inputs @ weights))
            spread = chance * (1 - chance)
            slope = inputs.T @ (rows.labels - chance) - weights
            weights = weights + np.linalg.solve(
                (inputs * spread[:, None]).T @ inputs + np.eye(len(weights)), slope
            )
        chance = 1 / (1 + np.exp(-inputs @ weights))
        days, place = np.unique(rows.days, return_inverse=True)
        missed = np.bincount(place, rows.labels - chance)
        certain = np.bincount(place, chance * (1 - chance)) + 2
        return cls(weights, days, missed / certain)

    def scores(self, rows: Rows) -> Any:
        place = np.minimum(np.searchsorted(self.days, rows.days), len(self.days) - 1)
        shift = np.where(self.days[place] == rows.days, self.shifts[place], 0.0)
        return 1 / (1 + np.exp(-(rows.features @ self.weights[:-1] + self.weights[-1] + shift)))

    def auc(self, rows: Rows) -> float:
        """The truth, on a draw so large that its own error vanishes."""
        return auc(rows.labels, self.scores(rows))


def auc(labels: Any, scores: Any) -> float:
    """The area under the curve; ties share their rank."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    ones = labels == 1
    count = ones.sum()
    return float((ranks[ones].sum() - count * (count + 1) / 2) / count / (~ones).sum())


def sides(rows: Rows, by: str, draw: np.random.Generator) -> Any:
    """0, 1 or 2 for each row: train, validation or holdout."""
    days, place = np.unique(rows.days, return_inverse=True)
    if by == "time":  # the newest days are the holdout
        position = (np.arange(len(days)) / len(days))[place]
    elif by == "group":  # all rows of a day on one side
        position = (draw.permutation(len(days)) / len(days))[place]
    else:
        position = draw.random(len(rows))
    return np.digitize(position, [TRAIN - 1e-9, TRAIN + VALIDATION - 1e-9])


@dataclass
class Pipeline:
    """What a pipeline keeps from batch to batch, and what it does with the next one."""

    by: str
    refit: bool
    draw: np.random.Generator
    terms: Terms = TERMS
    fit: Callable[[Rows], Any] = Model.fit
    fitted: list[Rows] = field(default_factory=list)  # train and validation rows of the history
    held_out: list[Rows] = field(default_factory=list)
    earlier: list[Earlier] = field(default_factory=list)
    champion: Model | None = None
    promised: tuple[float, float] | None = None  # value and lift that the champion's verdict told
    models: list[Model] = field(default_factory=list)  # all that were trained, as they would serve

    def run(self, batch: Rows) -> tuple[Judgement, Metrics, Model]:
        """One run: judge the challenger of this batch; the model that serves if it is promoted."""
        side = sides(batch, self.by, self.draw)
        new, fresh = batch.where(side < 2), batch.where(side == 2)
        retired = self.held_out[:-REFERENCE_BATCHES]
        known = [*self.fitted, *retired]
        challenger = self.fit(together([*known, new]))
        serves = challenger
        if self.refit:
            serves = self.fit(together([*known, *self.held_out[len(retired) :], batch]))
        scored = {NEW: new, FRESH: fresh}
        reference = self.held_out[-REFERENCE_BATCHES:]
        if reference:
            scored[REFERENCE] = together(reference)
        models = {CHALLENGER: challenger}
        if self.champion:
            models[CHAMPION] = self.champion
        judgement, measured = self._judge(models, scored, new)
        self._settle(judgement, measured, serves, (new, fresh))
        return judgement, measured, serves

    def _judge(
        self, models: dict[str, Model], scored: dict[str, Rows], new: Rows
    ) -> tuple[Judgement, Metrics]:
        for _ in range(3):
            measured = measured_of(models, scored)
            judgement = judge(self.terms, self._facts(measured, scored))
            if not isinstance(judgement.decision, Further):
                break
            assert [one.role for one in judgement.decision.wanted] == [ALONE]
            models = {**models, ALONE: self.fit(new)}
        return judgement, measured

    def _facts(self, measured: Metrics, scored: dict[str, Rows]) -> Facts:
        return Facts(
            measured=measured,
            prepared_rows={kind: len(rows) for kind, rows in scored.items()},
            golden_rows=16,
            shared_rows=0,
            has_champion=self.champion is not None,
            expects_reference=REFERENCE in scored,
            champion_knows_reference=self.refit,
            champion_promise=self.promised[1] if self.promised else None,
            champion_promised=self.promised[0] if self.promised else None,
            holdout_share=HOLDOUT,
            earlier=tuple(self.earlier),
        )

    def _settle(
        self, judgement: Judgement, measured: Metrics, serves: Model, parts: tuple[Rows, Rows]
    ) -> None:
        arrival = measured.on(CHAMPION, "arrival")
        if judgement.decision.data_state == "SUSPECT":
            return
        if arrival and self.promised:
            value, lift = self.promised
            met = Earlier("run", value, lift, arrival.value, arrival.lift, arrival.rows)
            self.earlier.append(met)
        self.fitted.append(parts[0])
        self.held_out.append(parts[1])
        self.models.append(serves)
        if judgement.decision.name == "promote":
            assert judgement.promise
            self.champion = serves
            self.promised = (judgement.promise.value, judgement.promise.lift)


def measured_of(models: dict[str, Model], scored: dict[str, Rows]) -> Metrics:
    """What ExtractMetrics would measure: the numbers that `gather` reads from files of scores."""
    on_arrival = [role for role in models if role in ON_ARRIVAL]
    everybody = [*on_arrival, *(role for role in models if role not in ON_ARRIVAL)]
    kept = {}
    for kind in KINDS:
        roles, rows = on_arrival if kind == NEW else everybody, scored.get(kind)
        if rows is None or not roles:
            kept[kind] = Kept(in_memory(), in_memory(), {role: in_memory() for role in roles})
        else:
            scores = {role: array("d", models[role].scores(rows)) for role in roles}
            kept[kind] = Kept(array("d", rows.labels), array("d", rows.days), scores)
    return measure("auc", kept)


def standard_error(numbers: Sequence[float]) -> float:
    return float(np.std(numbers, ddof=1)) / math.sqrt(len(numbers))
