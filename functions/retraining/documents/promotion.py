"""How a promotion moves the endpoint, written down before anything moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from retraining.documents.document import Document, Part


@dataclass(frozen=True, kw_only=True)
class PostponedPromotion(Part):
    """A promotion that waits for room: its package stays PendingManualApproval."""

    token: Annotated[int, "Fencing token of the run that trained the model"]
    package: Annotated[str, "ARN of the model package"]
    reason: Annotated[str, "What there was no room for"]
    tries: Annotated[int, "How often it was tried"]
    at: Annotated[int, "When it was tried last, epoch seconds"]


@dataclass(frozen=True, kw_only=True)
class Promotion(Document):
    """What is wanted. What is to be done follows from this, what is, and who is champion."""

    title = "promotion"
    place = "the ledger's item `promotion` of the pipeline, with the execution that holds it"
    written_by = "DecidePromotion"
    read_by = "MoveEndpoint, RecordChampion, ClosePromotion and recover_promotion"

    pipeline: Annotated[str, "Name of the pipeline"]
    token: Annotated[int, "Fencing token of the run that trained the model"]
    package: Annotated[str, "ARN of the model package"]
    replaces: Annotated[
        str | None, "ARN of the champion's package that a rollback takes back; null for a run's own"
    ]
    model: Annotated[str, "Name of the SageMaker model"]
    golden: Annotated[str, "S3 URI of the model's golden rows"]
    endpoint: Annotated[str | None, "The endpoint; null for a pipeline without one"]
    config: Annotated[str | None, "The endpoint config to move to; null without an endpoint"]
    check_endpoint: Annotated[str | None, "The endpoint that answers golden rows before the change"]
    check_config: Annotated[str | None, "The config of the check endpoint"]
    variants: Annotated[tuple[dict[str, Any], ...], "ProductionVariants of the config"]
