"""State AwaitEndpoint: checks whether the endpoint serves its new config; its Retry waits."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.steps.await_endpoint import await_endpoint


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{endpoint, config} -> both and the status; EndpointNotReady (ask again), EndpointFailed."""
    aws = bootstrap.adapters()
    return await_endpoint(aws, event["endpoint"], event["config"]).as_json()
