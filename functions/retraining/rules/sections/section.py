"""What the parts of a pipeline's contract share: unknown keys are refused, durations are text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StrictStr
from pydantic_core import CoreSchema, core_schema

from retraining.rules.durations import seconds


def in_words(allowed: str) -> dict[str, JsonValue]:
    """What a pattern allows, for the JSON Schema: editors show it under this name, and push."""
    return {"patternErrorMessage": allowed}


def in_a_row(names: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if len(names) > 1 else "".join(names)


class OneOf:
    """An annotation of texts that must be one of these names: a Literal made of a table."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(names)

    def __get_pydantic_core_schema__(self, *_: Any) -> CoreSchema:
        return core_schema.literal_schema(self._names)


Duration = Annotated[
    StrictStr,
    Field(
        pattern=r"^[0-9]{1,6}[smhd]$",
        examples=["60s", "15m"],
        json_schema_extra=in_words("digits and a unit (s, m, h or d), such as 60s or 15m"),
    ),
]


Number = Annotated[float, Field(strict=True)]
Share = Annotated[Number, Field(gt=0, lt=1)]
Sha256 = Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{64}$")]


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
