"""The algorithms of this release: every folder here that has an `algorithm` module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

from retraining import algorithms
from retraining.algorithms.algorithm import Algorithm, Image
from retraining.algorithms.frameworks import ANSWERS, FRAMEWORKS
from retraining.algorithms.scores import ScoreKind


def _known() -> dict[str, Algorithm]:
    folders = [found.name for found in iter_modules(algorithms.__path__) if found.ispkg]
    modules = [import_module(f"{algorithms.__name__}.{name}.algorithm") for name in folders]
    rows: list[Algorithm] = [module.ALGORITHM for module in modules]
    return {row.name: row for row in rows}


ALGORITHMS: Final = _known()
DEFAULT: Final = "xgboost"
"""What trains when pipeline.yaml names nothing, and whose image workflows are given."""


@dataclass(frozen=True)
class Trainer:
    """What trains by a definition: the images that train and serve, and the labels it takes."""

    training: Image
    serving: Image
    labels: tuple[float | None, float | None] = (None, None)


def trainer(training: dict[str, Any]) -> Trainer:
    """What trains by a definition's `training`; a workflow is given the default's image."""
    if training.get("workflow"):
        image = ALGORITHMS[DEFAULT].image
        return Trainer(image, image)
    if training.get("script"):
        row = FRAMEWORKS[training["framework"]][training["version"]]
        labels = ANSWERS[training["scores"]].labels
        return Trainer(row.trains_on(training["instance"]), row.serving, labels)
    algorithm = ALGORITHMS[training["algorithm"]]
    labels = algorithm.label_range(training["hyperparameters"])
    return Trainer(algorithm.image, algorithm.image, labels)


def counts_classes(training: Mapping[str, Any]) -> str | None:
    """The hyperparameter that says how many classes there are; None where it is of no use."""
    algorithm = ALGORITHMS.get(training.get("algorithm") or DEFAULT)
    chosen = training.get("hyperparameters")
    if algorithm is None or not isinstance(chosen, dict) or {"workflow", "script"} & {*training}:
        return None
    return algorithm.counts_classes(chosen)


@dataclass(frozen=True)
class Scores:
    """What the scores of a trained model are, and what says so in its definition."""

    kinds: frozenset[ScoreKind]
    told: str  # "objective binary:logistic"


def scores(training: Mapping[str, Any]) -> Scores | None:
    """Of what a definition's `training` makes; None where its own workflow decides."""
    if training.get("workflow"):
        return None
    if training.get("script"):
        answer = training["scores"]
        return Scores(ANSWERS[answer].kinds, f"scores: {answer}")
    algorithm, chosen = ALGORITHMS[training["algorithm"]], training["hyperparameters"]
    return Scores(algorithm.kinds(chosen), algorithm.told(chosen))


@dataclass(frozen=True)
class Aim:
    """What a search goes by, and what is better of it.

    `definitions` say how to read it where the image does not report it of itself.
    """

    metric: str
    kind: str
    definitions: tuple[dict[str, str], ...] = ()


def aim(training: Mapping[str, Any], metric: str) -> Aim:
    """Of a definition's `training`, for the gate's metric: a script says what it prints."""
    if training.get("script"):
        told = training["tuning"]["metric"]
        kind = "Maximize" if told["better"] == "higher" else "Minimize"
        return Aim(told["name"], kind, ({"Name": told["name"], "Regex": told["regex"]},))
    algorithm = ALGORITHMS[training["algorithm"]]
    return Aim(*algorithm.aim(training["hyperparameters"], metric))


def names_of_all(algorithm: str | None, names: Iterable[str]) -> frozenset[str]:
    """These hyperparameters by all names that they have; a script's have one."""
    wanted = frozenset(names)
    aliases = ALGORITHMS[algorithm].aliases if algorithm else {}
    return wanted | {alias for alias, name in aliases.items() if name in wanted}


def answers(algorithm: str | None, hyperparameters: Mapping[str, str]) -> int:
    """How many numbers a model answers a row with, by what it was trained with."""
    return ALGORITHMS[algorithm or DEFAULT].answers(hyperparameters)
