"""State ExtractMetrics: joins the scores of both models by row and measures both."""

from __future__ import annotations

from typing import Any

from retraining import adapters
from retraining.steps.extract_metrics import extract


def handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    """{uri, manifest, champion} -> {"metrics": uri}; golden.json is written beside it."""
    manifest = adapters.work().read_json(adapters.work().key(event["manifest"]))
    return {"metrics": extract(event["uri"], manifest, champion=bool(event["champion"]))}
