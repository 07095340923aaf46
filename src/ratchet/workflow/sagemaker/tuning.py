"""Plain descriptions of hyperparameter tuning jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ratchet.workflow.former_names import Description
from ratchet.workflow.sagemaker.estimators import Estimator


@dataclass(frozen=True, slots=True)
class ContinuousParameter:
    """A float between two bounds."""

    min_value: float
    max_value: float
    scaling_type: str = "Auto"


@dataclass(frozen=True, slots=True)
class IntegerParameter:
    """A whole number between two bounds."""

    min_value: int
    max_value: int
    scaling_type: str = "Auto"


@dataclass(frozen=True, slots=True)
class CategoricalParameter:
    """One of several values."""

    values: list[Any]


@dataclass(slots=True)
class HyperparameterTuner(Description):
    """Many training jobs that search for the best value of one metric."""

    estimator: Estimator
    objective_metric_name: str
    hyperparameter_ranges: dict[str, ContinuousParameter | IntegerParameter | CategoricalParameter]
    metric_definitions: list[dict[str, str]] | None = None
    strategy: str = "Bayesian"
    objective_type: str = "Maximize"
    max_jobs: int = 1
    max_parallel_jobs: int = 1
    early_stopping_type: str = "Off"
    tags: list[dict[str, str]] | None = None

    def ranges(self) -> dict[str, list[dict[str, Any]]]:
        """ParameterRanges as CreateHyperParameterTuningJob takes them."""
        found: dict[str, list[dict[str, Any]]] = {}
        for name, range_ in self.hyperparameter_ranges.items():
            kind = type(range_).__name__.removesuffix("Parameter")
            found.setdefault(f"{kind}ParameterRanges", []).append(_range(name, range_))
        return found


def _range(
    name: str, range_: ContinuousParameter | IntegerParameter | CategoricalParameter
) -> dict[str, Any]:
    if isinstance(range_, CategoricalParameter):
        return {"Name": name, "Values": [str(value) for value in range_.values]}
    return {
        "Name": name,
        "MinValue": str(range_.min_value),
        "MaxValue": str(range_.max_value),
        "ScalingType": range_.scaling_type,
    }
