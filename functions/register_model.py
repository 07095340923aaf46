"""State RegisterModel: registers the challenger, pending approval, with metrics and lineage."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.documents.manifest import Manifest
from retraining.steps.register_model import TrainedModel, register_model


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{manifest, artifact, image, training_job} -> {"package": arn, "version": n}."""
    aws = bootstrap.adapters()
    manifest = aws.work.read_document(Manifest, event["manifest"])
    model = TrainedModel(event["artifact"], event["image"], event["training_job"])
    return register_model(aws, manifest, model).as_json()
