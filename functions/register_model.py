"""State RegisterModel: registers the model that is to serve, pending approval, with its lineage."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.documents.manifest import Manifest
from retraining.steps.register_model import register_model


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{manifest} -> {"package": arn, "version": n}."""
    aws = bootstrap.adapters()
    manifest = aws.work.read_document(Manifest, event["manifest"])
    return register_model(aws, manifest).as_json()
