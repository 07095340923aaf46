"""State ExtractMetrics: joins the scores of both models by row and measures both."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.documents.manifest import Manifest
from retraining.steps.extract_metrics import extract_metrics


def handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    """{manifest, champion} -> {"metrics": uri}; golden.json is written beside it."""
    aws = bootstrap.adapters()
    manifest = aws.work.read_document(Manifest, event["manifest"])
    return {"metrics": extract_metrics(aws, manifest, champion=bool(event["champion"]))}
