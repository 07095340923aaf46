"""State MoveEndpoint: one step of an endpoint towards what is wanted, from what it is now."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.steps.move_endpoint import move_endpoint


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{pipeline, execution, goal} -> endpoint, config and golden rows; EndpointNotReady, others."""
    aws = bootstrap.adapters()
    return move_endpoint(aws, event["pipeline"], event["execution"], event["goal"]).as_json()
