"""State VerifyEndpoint: asks the golden rows and compares the answers with the batch scores."""

from __future__ import annotations

from typing import Any

from retraining.steps.verify_endpoint import verify


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{endpoint, golden} -> how many rows agreed, or GoldenRowsDiffer."""
    endpoint = event["endpoint"]
    return {"endpoint": endpoint, "rows": verify(endpoint, event["golden"])}
