"""Which hyperparameters a tuning job tries next: ranges and scaling as SageMaker has them.

Source: developer guide, "Define Hyperparameter Ranges" and "Hyperparameter Tuning Scaling". The
search itself is Optuna's: random, or Bayesian by tree-structured Parzen estimators.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ratchet.local_aws.sagemaker.base import Request, invalid, unsupported

STRATEGIES = ("Random", "Bayesian")
MANY_TIMES = 100
"""Auto scales logarithmically where the upper bound is this many times the lower one."""


@dataclass(frozen=True)
class Range:
    """One hyperparameter to choose: how a trial suggests it, as text."""

    name: str
    suggest: Callable[[Any], str]


def ranges_of(given: Request) -> list[Range]:
    """The ranges of a request; refuses empty ones, and scales that do not fit."""
    known = ("IntegerParameterRanges", "ContinuousParameterRanges", "CategoricalParameterRanges")
    extra = [name for name, value in given.items() if value and name not in known]
    if extra:
        raise unsupported(f"ParameterRanges {extra[0]}; name the ranges")
    return [
        *(_numeric(one, whole=True) for one in given.get(known[0], [])),
        *(_numeric(one, whole=False) for one in given.get(known[1], [])),
        *(_categorical(one) for one in given.get(known[2], [])),
    ]


def _numeric(given: Request, *, whole: bool) -> Range:
    name, kind = given["Name"], int if whole else float
    try:
        low, high = kind(given["MinValue"]), kind(given["MaxValue"])
    except ValueError as error:
        raise invalid(f"The range of {name} is not one of numbers: {given}") from error
    if not (math.isfinite(low) and math.isfinite(high)):
        raise invalid(f"The range of {name} has no end: {low} to {high}")
    if low > high:
        raise invalid(f"The range of {name} is empty: {low} is larger than {high}")
    scaling = given.get("ScalingType", "Auto")
    if scaling == "ReverseLogarithmic":
        return _reversed(name, float(low), float(high), whole=whole)
    if scaling == "Logarithmic" and low <= 0:
        raise invalid(f"Logarithmic scaling of {name} needs a range above 0, not {low} to {high}")
    many = low > 0 and high >= MANY_TIMES * low
    log = scaling == "Logarithmic" or (scaling == "Auto" and many)
    if whole:
        return Range(name, lambda trial: str(trial.suggest_int(name, low, high, log=log)))
    return Range(name, lambda trial: repr(trial.suggest_float(name, low, high, log=log)))


def _reversed(name: str, low: float, high: float, *, whole: bool) -> Range:
    """Finer the nearer it gets to 1."""
    if whole or not 0 <= low <= high < 1:
        raise invalid(
            f"ReverseLogarithmic scaling of {name} needs a continuous range from 0 to below 1"
        )
    return Range(
        name, lambda trial: repr(1 - trial.suggest_float(name, 1 - high, 1 - low, log=True))
    )


def _categorical(given: Request) -> Range:
    name, values = given["Name"], list(given["Values"])
    return Range(name, lambda trial: str(trial.suggest_categorical(name, values)))


class Search:
    """A search in these ranges; several threads may ask at once."""

    def __init__(
        self, name: str, strategy: str, ranges: list[Range], seed: int | None, *, maximize: bool
    ) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        seed = seed if seed is not None else _seed_of(name)
        sampler = (
            optuna.samplers.RandomSampler(seed)
            if strategy == "Random"
            else optuna.samplers.TPESampler(seed=seed, constant_liar=True)
        )
        direction = "maximize" if maximize else "minimize"
        self._study = optuna.create_study(sampler=sampler, direction=direction)
        self._ranges = ranges
        self._lock = threading.Lock()

    def ask(self) -> tuple[Any, dict[str, str]]:
        """The next trial, and its hyperparameters as text."""
        with self._lock:
            trial = self._study.ask()
            return trial, {one.name: one.suggest(trial) for one in self._ranges}

    def tell(self, trial: Any, value: float | None) -> None:
        """How a trial ended; None if it has no value."""
        from optuna.trial import TrialState

        with self._lock:
            if value is None:
                self._study.tell(trial, state=TrialState.FAIL)
            else:
                self._study.tell(trial, value)


def _seed_of(name: str) -> int:
    """Without a RandomSeed the same job makes the same choices, whenever it runs."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
