"""Looks once at an endpoint that is to serve a config."""

from __future__ import annotations

from typing import Any

from retraining import adapters
from retraining.rules.promotion import require_settled


def await_endpoint(endpoint: str, config: str) -> dict[str, Any]:
    """What serves now; raises EndpointNotReady (ask again) or EndpointFailed."""
    facts = adapters.endpoints().status(endpoint)
    require_settled(endpoint, facts, config)
    return {"endpoint": endpoint, "config": facts.config, "status": facts.status}
