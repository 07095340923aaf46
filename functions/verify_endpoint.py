"""State VerifyEndpoint: lets the endpoint score the golden rows; compares with the batch scores."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.steps.verify_endpoint import verify_endpoint


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{endpoint, golden} -> how many rows agreed, or GoldenRowsDiffer."""
    aws = bootstrap.adapters()
    return verify_endpoint(aws, event["endpoint"], event["golden"]).as_json()
