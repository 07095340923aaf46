"""The search of hyperparameters, as CreateHyperParameterTuningJob is asked for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

SPELT: Final = {
    "integer": "IntegerParameterRanges",
    "continuous": "ContinuousParameterRanges",
    "categorical": "CategoricalParameterRanges",
}
"""The kinds of ranges of `training.tuning`, as the request spells them (API reference)."""
SCALES: Final = {
    "auto": "Auto",
    "linear": "Linear",
    "log": "Logarithmic",
    "reverse_log": "ReverseLogarithmic",
}


def config(tuning: dict[str, Any], objective: str, kind: str, max_runtime: int) -> dict[str, Any]:
    """HyperParameterTuningJobConfig of CreateHyperParameterTuningJob (SageMaker API reference).

    After `max_runtime` seconds SageMaker ends the search, and its best model so far counts.
    """
    ranges: dict[str, list[dict[str, Any]]] = {}
    for name, given in tuning["ranges"].items():
        kind_of_range = next(kind for kind in SPELT if given.get(kind))
        ranges.setdefault(SPELT[kind_of_range], []).append(_range(name, given, kind_of_range))
    return {
        "Strategy": tuning["strategy"].capitalize(),
        "HyperParameterTuningJobObjective": {"Type": kind, "MetricName": objective},
        "ResourceLimits": {
            "MaxNumberOfTrainingJobs": tuning["jobs"],
            "MaxParallelTrainingJobs": tuning["parallel"],
            "MaxRuntimeInSeconds": max_runtime,
        },
        "ParameterRanges": ranges,
        "TrainingJobEarlyStoppingType": "Off",
    }


def _range(name: str, given: dict[str, Any], kind: str) -> dict[str, Any]:
    if kind == "categorical":
        return {"Name": name, "Values": [str(value) for value in given[kind]]}
    low, high = map(_digits, given[kind])
    scale = SCALES[given["scale"]]
    return {"Name": name, "MinValue": low, "MaxValue": high, "ScalingType": scale}


def _digits(number: float) -> str:
    """A number as text without an exponent, which the API reference does not mention."""
    return f"{Decimal(str(number)):f}"
