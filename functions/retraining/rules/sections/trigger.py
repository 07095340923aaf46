"""`trigger`: when landed data starts a run."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictInt, StrictStr, model_validator

from retraining.rules.durations import seconds
from retraining.rules.sections.section import Duration, Section, between, in_words

Schedule = Annotated[
    StrictStr,
    Field(
        pattern=r"^(cron|rate)\([A-Za-z0-9 ,*/?#-]{1,200}\)$",
        examples=["cron(0 3 * * ? *)", "rate(1 day)"],
        json_schema_extra=in_words("EventBridge Scheduler's cron(...) or rate(...), in UTC"),
    ),
]


class Trigger(Section):
    """When landed data starts a run."""

    quiet_period: Annotated[Duration, between("1s", "12h")] = Field(
        default="60s", description="A run starts when nothing has landed for this long"
    )
    max_wait: Annotated[Duration, between("1s", "7d")] = Field(
        default="12h", description="A drop that never gets quiet starts when its oldest is this old"
    )
    min_interval: Annotated[Duration, between("0s", "30d")] = Field(
        default="0s", description="No run starts sooner after the start of the one before"
    )

    min_new_rows: Annotated[StrictInt, Field(ge=1)] = Field(
        default=1, description="Fewer accepted rows wait, and count towards the next run"
    )
    schedule: Schedule | None = Field(
        default=None, description="When what has landed until then starts; null: when it is quiet"
    )
    marker: Annotated[StrictStr, Field(pattern=r"^[^/\s]{1,255}$")] | None = Field(
        default=None,
        description="Name of a file, such as _SUCCESS or manifest.json, that comes last and starts"
        " what landed before it",
    )

    @model_validator(mode="after")
    def _called_by_one(self) -> Trigger:
        if self.schedule is not None and self.marker is not None:
            raise ValueError(
                "schedule and marker are mutually exclusive: each says when runs start"
            )
        return self

    @model_validator(mode="after")
    def _quiet_within_the_wait(self) -> Trigger:
        if seconds(self.max_wait) < seconds(self.quiet_period):
            raise ValueError(
                f"max_wait {self.max_wait} must not be shorter than quiet_period"
                f" {self.quiet_period}: no drop could get quiet"
            )
        return self
