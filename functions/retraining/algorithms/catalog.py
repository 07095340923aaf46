"""The algorithms of this release: every folder here that has an `algorithm` module."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

from retraining import algorithms
from retraining.algorithms.algorithm import Algorithm


def _known() -> dict[str, Algorithm]:
    folders = [found.name for found in iter_modules(algorithms.__path__) if found.ispkg]
    modules = [import_module(f"{algorithms.__name__}.{name}.algorithm") for name in folders]
    rows: list[Algorithm] = [module.ALGORITHM for module in modules]
    return {row.name: row for row in rows}


ALGORITHMS: Final = _known()
DEFAULT: Final = "xgboost"
"""What trains when pipeline.yaml names nothing, and whose image workflows are given."""


def label_range(training: dict[str, Any]) -> tuple[float | None, float | None]:
    """The least and the greatest label that a definition's `training` takes; None: any."""
    if training.get("workflow"):
        return None, None
    return ALGORITHMS[training["algorithm"]].label_range(training["hyperparameters"])


def counts_classes(training: Mapping[str, Any]) -> str | None:
    """The hyperparameter that says how many classes there are; None where it is of no use."""
    algorithm = ALGORITHMS.get(training.get("algorithm") or DEFAULT)
    chosen = training.get("hyperparameters")
    if algorithm is None or not isinstance(chosen, dict) or training.get("workflow"):
        return None
    return algorithm.counts_classes(chosen)


def answers(algorithm: str | None, hyperparameters: Mapping[str, str]) -> int:
    """How many numbers a model answers a row with, by what it was trained with."""
    return ALGORITHMS[algorithm or DEFAULT].answers(hyperparameters)
