"""State ExtractMetrics: joins the scores of all candidates by row and measures them."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.documents.candidates import ScoredCandidate
from retraining.documents.manifest import Manifest
from retraining.steps.extract_metrics import extract_metrics


def handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    """{manifest, candidates} -> {"metrics": uri}; golden.json is written beside it."""
    aws = bootstrap.adapters()
    manifest = aws.work.read_document(Manifest, event["manifest"])
    scored = tuple(ScoredCandidate.from_json(one) for one in event["candidates"])
    return {"metrics": extract_metrics(aws, manifest, scored)}
