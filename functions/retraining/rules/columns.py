"""The contract of columns.yaml: what each column of the landed data may hold."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    field_validator,
    model_validator,
)

from retraining.rules import moments
from retraining.rules.data_check.column_rule import FALSE, LARGEST, TOO_LARGE, TRUE, parsed
from retraining.rules.names import RESERVED_COLUMNS

Bound = StrictInt | StrictFloat | StrictStr


class Column(BaseModel):
    """One column: its type and the values it may hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    type: Literal["integer", "number", "text", "category", "boolean", "date", "timestamp"] = Field(
        description="integer, number, text, category, boolean, date (YYYY-MM-DD) or timestamp"
    )
    nullable: StrictBool = Field(default=False, description="May a field be empty?")
    min: Bound | None = Field(default=None, description="The lowest value allowed")
    max: Bound | None = Field(default=None, description="The highest value allowed")
    default: Bound | None = Field(
        default=None,
        description="What the rows of earlier batches have, where the column is new and must have a"
        " value",
    )
    values: Annotated[list[StrictStr], Field(min_length=1)] | None = Field(
        default=None, description="The values a category may have"
    )
    format: Annotated[StrictStr, Field(min_length=2, max_length=100)] | None = Field(
        default=None,
        description="How a date or timestamp is written, as in strptime (%d.%m.%Y), or unix or"
        " unix_ms; null: ISO 8601",
    )

    @field_validator("min", "max", "default", mode="before")
    @classmethod
    def _dates_as_text(cls, value: object) -> object:
        return value.isoformat() if isinstance(value, dt.date) else value

    @field_validator("values", mode="before")
    @classmethod
    def _values_are_text(cls, values: object) -> object:
        wrong = [v for v in values if not isinstance(v, str)] if isinstance(values, list) else []
        if wrong:
            raise ValueError(
                f"every value must be text, but {wrong[0]!r} is not: put it in quotes"
                " (YAML reads an unquoted yes, no, on, off or 1 as something else)"
            )
        return values

    @model_validator(mode="after")
    def _rules_fit_the_type(self) -> Column:
        if self.values is not None and self.type != "category":
            raise ValueError(f"'values' applies to type category, not to type {self.type}")
        if self.format is not None:
            _require_fitting_format(self.type, self.format)
        for name, bound in (("min", self.min), ("max", self.max)):
            if bound is not None:
                _require_fitting_bound(self.type, name, bound)
        _require_order(self.min, self.max)
        if self.default is not None:
            _require_fitting_default(self.type, self.default, self.values)
        if "" in (self.values or ()):
            raise ValueError("'values' lists an empty text, and an empty field is a missing value")
        if self.values is not None and len(set(self.values)) != len(self.values):
            raise ValueError("'values' lists a value twice")
        return self


def _require_fitting_bound(kind: str, name: str, bound: Bound) -> None:
    if kind in ("text", "category", "boolean"):
        raise ValueError(f"'{name}' does not apply to type {kind}")
    if kind == "date":
        if moments.date(str(bound)) is None:
            raise ValueError(f"'{name}' of a date must be YYYY-MM-DD, not {bound!r}")
    elif kind == "timestamp":
        if moments.timestamp(str(bound)) is None:
            raise ValueError(f"'{name}' of a timestamp must be YYYY-MM-DD HH:MM:SS, not {bound!r}")
    elif isinstance(bound, str):
        raise ValueError(f"'{name}' of type {kind} must be a number, not {bound!r}")
    elif abs(bound) > LARGEST:
        raise ValueError(f"'{name}' {TOO_LARGE}")


def _require_fitting_default(kind: str, default: Bound, values: list[str] | None) -> None:
    """The rows of earlier batches get it, and would fail every run if it did not fit."""
    if kind == "category" and values is not None and str(default) not in values:
        raise ValueError(f"'default' {default!r} is not one of {', '.join(values)}")
    if kind == "boolean" and str(default).lower() not in (*TRUE, *FALSE):
        raise ValueError(
            f"'default' of a boolean must be true or false, in quotes, not {default!r}"
        )
    if kind not in ("text", "category", "boolean"):
        _require_fitting_bound(kind, "default", default)
    if kind == "integer" and parsed(str(default), kind) is None:
        raise ValueError(f"'default' of an integer must be one of 64 bits, not {default!r}")


def _require_fitting_format(kind: str, form: str) -> None:
    if kind not in ("date", "timestamp"):
        raise ValueError(f"'format' applies to types date and timestamp, not to type {kind}")
    problem = moments.format_problem(form, kind)
    if problem:
        raise ValueError(f"format: {problem}")


def _require_order(low: Bound | None, high: Bound | None) -> None:
    if low is None or high is None:
        return
    upside_down = low > high if not isinstance(low, str) else str(low) > str(high)  # type: ignore[operator]
    if upside_down:
        raise ValueError(f"min {low!r} is greater than max {high!r}")


RESERVED_NAMES: Final = "|".join(
    "".join(f"[{letter}{letter.upper()}]" if letter.isalpha() else letter for letter in name)
    for name in RESERVED_COLUMNS
)
ColumnName = Annotated[StrictStr, Field(min_length=1, max_length=255)]


def _describe_names(schema: dict[str, Any]) -> None:
    """Editors and `ratchet push --check` refuse by the schema what _require_usable_name does."""
    schema["propertyNames"]["pattern"] = rf"^(?!(?:{RESERVED_NAMES})$)\S(?:[^\x00-\x1f]*\S)?$"
    schema["propertyNames"]["patternErrorMessage"] = (
        f"a name without spaces at its ends and control characters, and not"
        f" {', '.join(RESERVED_COLUMNS)}, which are added when data is accepted"
    )


class ColumnMap(RootModel[dict[ColumnName, Column]]):
    """The columns of a pipeline's data by name, in the order of the accepted copy."""

    model_config = ConfigDict(frozen=True, json_schema_extra=_describe_names)
    root: Annotated[dict[ColumnName, Column], Field(min_length=2, max_length=2000)]

    @model_validator(mode="after")
    def _names_are_usable(self) -> ColumnMap:
        seen: dict[str, str] = {}
        for name in self.root:
            _require_usable_name(name)
            if name.lower() in seen:
                raise ValueError(
                    f"columns {seen[name.lower()]!r} and {name!r} differ only in case,"
                    " which Spark and DataBrew treat as the same: rename one"
                )
            seen[name.lower()] = name
        return self


def _require_usable_name(name: str) -> None:
    if name.lower() in RESERVED_COLUMNS:
        raise ValueError(
            f"column name {name!r} is reserved ({', '.join(RESERVED_COLUMNS)} are added when"
            " data is accepted): rename the column"
        )
    if name != name.strip() or any(ord(letter) < 32 for letter in name):
        raise ValueError(
            f"column name {name!r} starts or ends with a space or contains a control character"
        )


class ColumnsFile(BaseModel):
    """columns.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    columns: ColumnMap = Field(description="Every column of the landed data, by name")
