"""`endpoint`: what serves the champion, if anything does."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from retraining.rules.sections.section import Section


class ServerlessEndpoint(Section):
    """A serverless endpoint; ranges as SageMaker's API states them."""

    kind: Literal["serverless"]
    memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144] = 2048
    max_concurrency: Annotated[StrictInt, Field(ge=1, le=200)] = 1


class NoEndpoint(Section):
    """No endpoint: the champion is registered and approved, and nothing serves it."""

    kind: Literal["none"]


Endpoint = Annotated[ServerlessEndpoint | NoEndpoint, Field(discriminator="kind")]
