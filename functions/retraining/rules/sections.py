"""What the parts of a pipeline's contract share: unknown keys are refused, durations are text."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StrictStr

from retraining.rules.durations import seconds


def in_words(allowed: str) -> dict[str, JsonValue]:
    """What a pattern allows, for the JSON Schema: editors show it under this name, and push."""
    return {"patternErrorMessage": allowed}


Duration = Annotated[
    StrictStr,
    Field(
        pattern=r"^[0-9]{1,6}[smhd]$",
        examples=["60s", "15m"],
        json_schema_extra=in_words("digits and a unit (s, m, h or d), such as 60s or 15m"),
    ),
]


class Section(BaseModel):
    """A part of pipeline.yaml; a key it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def between(least: str, most: str) -> AfterValidator:
    """A validator of durations within these bounds."""

    def check(duration: str) -> str:
        if not seconds(least) <= seconds(duration) <= seconds(most):
            raise ValueError(f"must be from {least} to {most}, not {duration}")
        return duration

    return AfterValidator(check)
