"""`split`: what permanently decides which side a row is on."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, StrictStr, model_validator

from retraining.rules.belonging import BY_COLUMN, TIME
from retraining.rules.sections.section import Duration, Number, Section, Share


class Split(Section):
    """Shares of the rows, and what permanently decides which side a row is on."""

    train: Share = 0.7
    validation: Share = 0.15
    holdout: Share = 0.15
    by: Literal["row", "key", "group", "time"] = Field(
        default="row",
        description="row and key: a hash of the row or of data.key; group: a hash of a column, so"
        " that all rows of a customer or a day are on one side; time: the newest rows of each batch"
        " are held out",
    )
    column: StrictStr | None = Field(
        default=None, description="By group its column; by time a date, timestamp or ordered number"
    )
    gap: Duration | Annotated[Number, Field(ge=0)] | None = Field(
        default=None,
        description="By time: what is left out before validation and before the holdout, such as"
        " 2d, or a number where the column holds numbers",
    )

    @model_validator(mode="after")
    def _whole(self) -> Split:
        total = self.train + self.validation + self.holdout
        if not math.isclose(total, 1, abs_tol=1e-9):
            raise ValueError(f"train + validation + holdout must be 1, not {total:g}")
        return self

    @model_validator(mode="after")
    def _column_and_gap_fit(self) -> Split:
        if self.by in BY_COLUMN and self.column is None:
            raise ValueError(
                f"by: {self.by} requires column: name the column that holds the {self.by}"
            )
        if self.by not in BY_COLUMN and self.column is not None:
            raise ValueError(f"column applies to by: group and by: time, not to by: {self.by}")
        if self.by != TIME and self.gap is not None:
            raise ValueError(f"gap applies to by: time, not to by: {self.by}")
        return self
