"""State AwaitEndpoint: says whether the endpoint serves its new config; the state's Retry waits."""

from __future__ import annotations

from typing import Any

from retraining import adapters
from retraining.promotion import require_settled


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{endpoint, config} -> the same, or EndpointNotReady (ask again), or EndpointFailed."""
    facts = adapters.endpoints().status(event["endpoint"])
    require_settled(event["endpoint"], facts, event["config"])
    return {"endpoint": event["endpoint"], "config": facts.config, "status": facts.status}
