"""The tuning section: what is searched before a challenger, and what a search may cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StrictInt, model_validator

from retraining.rules.durations import seconds
from retraining.rules.sections.section import Duration, Number, Section, between

MOST_JOBS: Final = 100  # of the 750 that SageMaker takes
MOST_PARALLEL: Final = 10
MOST_RANGES: Final = 30  # both: developer guide, "Resource Limits for Automatic Model Tuning"
Budget = Annotated[Duration, between("2m", "5d")]
Scale = Literal["auto", "linear", "log", "reverse_log"]
Bounds = Annotated[list[Number], Field(min_length=2, max_length=2)]
WholeBounds = Annotated[list[StrictInt], Field(min_length=2, max_length=2)]


class SearchedRange(Section):
    """Where a hyperparameter is searched: the least and the greatest value."""

    integer: WholeBounds | None = Field(default=None, description="Of whole numbers")
    continuous: Bounds | None = Field(default=None, description="Of any numbers")
    scale: Scale = "auto"

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if (self.integer is None) == (self.continuous is None):
            raise ValueError("say integer: [LEAST, GREATEST] or continuous: [LEAST, GREATEST]")
        low, high = self.bounds
        if low >= high:
            raise ValueError(f"the least value, {low:g}, must be below the greatest, {high:g}")
        if self.scale == "log" and low <= 0:
            raise ValueError(f"scale: log needs a least value above 0, not {low:g}")
        if self.scale == "reverse_log" and not 0 <= low < high < 1:
            raise ValueError("scale: reverse_log needs values from 0 to below 1")
        if self.scale == "reverse_log" and self.integer is not None:
            raise ValueError("scale: reverse_log is for continuous ranges")
        return self

    @property
    def kind(self) -> str:
        """`integer` or `continuous`."""
        return "integer" if self.integer is not None else "continuous"

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest value."""
        low, high = self.integer or self.continuous or (0, 0)
        return low, high


class Tuning(Section):
    """Each challenger's hyperparameters are searched by a SageMaker tuning job.

    What is searched replaces the value of the same name in `hyperparameters`. Models that are only
    compared with have what the champion's search found, or else those values.
    """

    strategy: Literal["random", "bayesian"] = "bayesian"
    jobs: Annotated[StrictInt, Field(ge=2, le=MOST_JOBS)] = Field(
        description="How many training jobs a search has"
    )
    parallel: Annotated[StrictInt, Field(ge=1, le=MOST_PARALLEL)] = Field(
        default=2, description="How many of them at a time; the others learn from them"
    )
    budget: Budget = Field(
        default="24h", description="What all jobs of a search may take together at most"
    )
    ranges: Annotated[dict[str, SearchedRange], Field(min_length=1, max_length=MOST_RANGES)]

    @property
    def ends(self) -> dict[str, tuple[str, tuple[float, float]]]:
        """By hyperparameter the kind of its range, and the least and the greatest value."""
        return {name: (one.kind, one.bounds) for name, one in self.ranges.items()}

    def budget_problem(self, max_runtime: str) -> str | None:
        """Why a search could take more than its budget."""
        longest = self.jobs * seconds(max_runtime)
        if longest <= seconds(self.budget):
            return None
        return (
            f"tuning.budget: {self.jobs} jobs of at most {max_runtime} may take"
            f" {longest / 3600:g} hours together, more than {self.budget}: lower jobs or"
            " max_runtime, or raise the budget"
        )

    @model_validator(mode="after")
    def _not_more_at_a_time(self) -> Self:
        if self.parallel > self.jobs:
            raise ValueError(f"parallel: {self.parallel} of {self.jobs} jobs at a time")
        return self


def _digits(number: float) -> str:
    """A number as text without an exponent, which the API reference does not mention."""
    return f"{Decimal(str(number)):f}"


def config(tuning: dict[str, Any], objective: str, kind: str, max_runtime: int) -> dict[str, Any]:
    """HyperParameterTuningJobConfig of CreateHyperParameterTuningJob (SageMaker API reference).

    After `max_runtime` seconds SageMaker ends the search, and its best model so far counts.
    """
    found: dict[str, list[dict[str, str]]] = {"integer": [], "continuous": []}
    for name, given in tuning["ranges"].items():
        which = "integer" if given.get("integer") else "continuous"
        low, high = map(_digits, given[which])
        scale = SCALES[given["scale"]]
        found[which].append({"Name": name, "MinValue": low, "MaxValue": high, "ScalingType": scale})
    return {
        "Strategy": tuning["strategy"].capitalize(),
        "HyperParameterTuningJobObjective": {"Type": kind, "MetricName": objective},
        "ResourceLimits": {
            "MaxNumberOfTrainingJobs": tuning["jobs"],
            "MaxParallelTrainingJobs": tuning["parallel"],
            "MaxRuntimeInSeconds": max_runtime,
        },
        "ParameterRanges": {
            "IntegerParameterRanges": found["integer"],
            "ContinuousParameterRanges": found["continuous"],
        },
        "TrainingJobEarlyStoppingType": "Off",
    }


SCALES: Final = {
    "auto": "Auto",
    "linear": "Linear",
    "log": "Logarithmic",
    "reverse_log": "ReverseLogarithmic",
}
