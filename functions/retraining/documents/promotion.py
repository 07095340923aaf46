"""How a promotion moves the endpoint, decided once at its beginning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from retraining.documents.document import Document


@dataclass(frozen=True, kw_only=True)
class Promotion(Document):
    """What the states of the promotion do, and what they go back to."""

    title = "promotion"
    place = "the variable `promotion` of the promotion state machine"
    written_by = "DecidePromotion"
    read_by = "every state of promotion.asl.yaml"

    action: Annotated[str, "`create`, `update`, `replace`, `nothing` or `none`"]
    endpoint: Annotated[str | None, "The endpoint; null for a pipeline without one"]
    config: Annotated[str | None, "The endpoint config to move to; null without an endpoint"]
    model: Annotated[str, "Name of the SageMaker model"]
    variants: Annotated[tuple[dict[str, Any], ...], "ProductionVariants of the config"]
    check_endpoint: Annotated[str | None, "The endpoint that answers golden rows before the change"]
    previous_config: Annotated[str | None, "The config to go back to; null: there is none"]
    previous_golden: Annotated[str | None, "S3 URI of the golden rows of what served before"]
    golden: Annotated[str, "S3 URI of the new model's golden rows"]
    lock: Annotated[int, "Fencing token under which the promotion lock is held"]
    package: Annotated[str, "ARN of the model package"]
    pipeline: Annotated[str, "Name of the pipeline"]
    tags: Annotated[tuple[dict[str, str], ...], "Tags of what the promotion makes"]
