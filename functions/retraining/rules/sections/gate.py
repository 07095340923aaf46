"""`gate`: what a challenger must prove before it serves."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StrictInt, StrictStr, ValidationInfo, field_validator, model_validator

from retraining.rules.metrics import METRICS
from retraining.rules.sections.section import Number, OneOf, Section, in_a_row

LOWER_IS_BETTER: Final = [row.name for row in METRICS.values() if not row.higher_is_better]


MOST_SLICES: Final = 5  # columns


class Slice(Section):
    """What a challenger must be on the rows of each value of a column."""

    minimum: Number | None = Field(
        default=None,
        description=f"The floor of each value's rows; for {in_a_row(LOWER_IS_BETTER)} the greatest;"
        " null: they are measured and shown, and decide nothing",
    )
    min_rows: Annotated[StrictInt, Field(ge=30)] = Field(
        default=200, description="Fewer held-out rows of a value are shown, and decide nothing"
    )


class Gate(Section):
    """What a challenger must prove before it serves."""

    metric: Annotated[str, OneOf(METRICS)]
    minimum: Number = Field(
        description=f"The least acceptable value; for {in_a_row(LOWER_IS_BETTER)} the greatest"
    )
    rule: Literal["guard", "improve", "superior"] = Field(
        default="guard",
        description="guard refuses only what is clearly worse than the champion; improve asks for a"
        " better value that is proven not to be worse by the margin; superior asks for a proof that"
        " it is better",
    )
    margin: Annotated[Number, Field(ge=0)] = 0.01
    confidence: Annotated[Number, Field(ge=0.5, le=0.9999)] = Field(
        default=0.95,
        description="How sure one-sided bounds are; beyond 0.9999 the errors of held-out rows are"
        " not normal enough for them to mean anything",
    )
    min_holdout_rows: Annotated[StrictInt, Field(ge=30)] = 1000
    reference_batches: Annotated[StrictInt, Field(ge=1, le=100)] = Field(
        default=6,
        description="The holdouts of so many earlier batches are judged on beside that of the new"
        " one; those of older batches are trained on",
    )
    approval: Literal["auto", "manual"] = Field(
        default="auto",
        description="Who promotes a challenger that has proven itself: the run, or a person who"
        " approves its package",
    )
    cluster: StrictStr | None = Field(
        default=None,
        description="Column whose equal values make rows depend on each other, such as a day or a"
        " customer; null: the split's group, or the day of its time column, or none",
    )
    undecided_settings: Literal["keep", "take"] = Field(
        default="keep", description="Changed settings about which the backtest does not decide"
    )
    slices: Annotated[dict[StrictStr, Slice], Field(max_length=MOST_SLICES)] = Field(
        default={},
        description="Columns by whose values, as they land, the challenger is measured; a value"
        " that is surely under its floor refuses it",
    )

    @field_validator("minimum")
    @classmethod
    def _minimum_is_possible(cls, minimum: float, info: ValidationInfo) -> float:
        _require_possible(info.data.get("metric", ""), minimum)
        return minimum

    @field_validator("margin")
    @classmethod
    def _margin_leaves_something_to_prove(cls, margin: float, info: ValidationInfo) -> float:
        metric = METRICS.get(info.data.get("metric", ""))
        if metric and margin >= metric.range.high - metric.range.low:
            raise ValueError(
                f"with {margin:g} no model is ever worse: {metric.name} lies from {metric.range}"
            )
        return margin

    @model_validator(mode="after")
    def _floors_are_possible(self) -> Gate:
        for column, one in self.slices.items():
            _require_possible(self.metric, one.minimum, f"slices.{column}.minimum: ")
        return self


def _require_possible(name: str, value: float | None, where: str = "") -> None:
    metric = METRICS.get(name)
    if metric and value is not None and value not in metric.range:
        raise ValueError(
            f"{where}{value:g} is not a possible value of {metric.name}; allowed: {metric.range}"
        )
