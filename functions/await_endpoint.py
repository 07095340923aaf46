"""State AwaitEndpoint: says whether the endpoint serves its new config; the state's Retry waits."""

from __future__ import annotations

from typing import Any

from retraining.steps.await_endpoint import await_endpoint


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{endpoint, config} -> the same, or EndpointNotReady (ask again), or EndpointFailed."""
    return await_endpoint(event["endpoint"], event["config"])
