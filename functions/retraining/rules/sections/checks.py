"""`checks`: what the data check lets pass, and what is asked of a batch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt, model_validator

from retraining.rules.sections.section import Number, Section


class Drift(Section):
    """How far a batch may be from what the champion was trained on."""

    psi: Annotated[Number, Field(gt=0)] = Field(
        default=0.25,
        description="Population stability index of a column from which on it has changed",
    )
    action: Literal["warn", "reject"] = Field(
        default="warn",
        description="What follows: the run says so, or the batch is set aside until a person"
        " releases it",
    )


class Tolerate(Section):
    """How many rows of an object may be bad: they are set aside alone, and the others accepted."""

    share: Annotated[Number, Field(gt=0, lt=1)] | None = Field(
        default=None, description="At most this share of its rows"
    )
    rows: Annotated[StrictInt, Field(ge=1)] | None = Field(
        default=None, description="At most so many of its rows"
    )

    @model_validator(mode="after")
    def _bounded(self) -> Tolerate:
        if self.share is None and self.rows is None:
            raise ValueError("set share, rows or both: without either nothing is tolerated")
        return self


class Checks(Section):
    """What the data check lets pass, and what is asked of a batch beyond its single values."""

    tolerate: Tolerate | None = Field(
        default=None, description="Bad rows that do not spoil their object; null: none"
    )
    on_rejected_object: Literal["proceed", "stop"] = Field(
        default="proceed",
        description="What becomes of the other objects of a drop; stop: none is trained on",
    )
    unknown_columns: Literal["reject", "ignore"] = Field(
        default="reject", description="Of a file with columns that columns.yaml does not list"
    )
    missing_columns: Literal["reject", "fill"] = Field(
        default="reject",
        description="Of a file without a nullable column; fill: it counts as missing in every row",
    )
    max_null_share: Annotated[Number, Field(ge=0, le=1)] | None = Field(
        default=None, description="The greatest share of rows in which a column may be missing"
    )
    drift: Drift = Drift()
