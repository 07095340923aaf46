"""The tuning section: what is searched before a challenger, and what a search may cost."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, StrictFloat, StrictInt, StrictStr, model_validator

from retraining.rules.durations import seconds
from retraining.rules.sections.section import Duration, Number, Section, between

MOST_JOBS: Final = 100  # of the 750 that SageMaker takes
MOST_PARALLEL: Final = 10
MOST_CHOICES: Final = 30  # ParameterValues (API reference)
MOST_RANGES: Final = 30  # both: developer guide, "Resource Limits for Automatic Model Tuning"
Budget = Annotated[Duration, between("2m", "5d")]
Scale = Literal["auto", "linear", "log", "reverse_log"]
Category = Annotated[StrictStr, Field(min_length=1, max_length=256)] | StrictInt | StrictFloat
Choices = Annotated[list[Category], Field(min_length=2, max_length=MOST_CHOICES)]
Bounds = Annotated[list[Number], Field(min_length=2, max_length=2)]
WholeBounds = Annotated[list[StrictInt], Field(min_length=2, max_length=2)]


class SearchedRange(Section):
    """Where a hyperparameter is searched: the least and the greatest value, or all there are."""

    integer: WholeBounds | None = Field(default=None, description="Of whole numbers")
    continuous: Bounds | None = Field(default=None, description="Of any numbers")
    categorical: Choices | None = Field(default=None, description="One of these; for a script")
    scale: Scale = "auto"

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if len(self._given) != 1:
            raise ValueError(
                "say integer: [LEAST, GREATEST], continuous: [LEAST, GREATEST] or, for a script,"
                " categorical: [VALUE, VALUE, ...]"
            )
        if self.categorical is not None:
            return self
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
        """`integer`, `continuous` or `categorical`."""
        return self._given[0]

    @property
    def _given(self) -> list[str]:
        kinds = ("integer", "continuous", "categorical")
        return [kind for kind in kinds if getattr(self, kind) is not None]

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest value; of no order, nothing."""
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


def _reads_a_value(text: str) -> str:
    """Refuse an expression that cannot find a number: it is looked for in what a script prints."""
    try:
        groups = re.compile(text).groups
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    if not groups:
        raise ValueError("put what is the value into parentheses, such as accuracy=([0-9.]+)")
    return text


class ReportedMetric(Section):
    """What the script prints of each model that it tries, for a search to go by."""

    name: Annotated[StrictStr, Field(min_length=1, max_length=255)]
    regex: Annotated[StrictStr, Field(min_length=1, max_length=500), AfterValidator(_reads_a_value)]
    better: Literal["higher", "lower"]


class ScriptTuning(Tuning):
    """Each challenger's hyperparameters are searched by a SageMaker tuning job.

    It goes by a number that the script prints, which should be of the rows in
    SM_CHANNEL_VALIDATION: on those of SM_CHANNEL_TRAIN a model is better the more it remembers.
    """

    metric: ReportedMetric
