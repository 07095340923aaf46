"""Looks once at an endpoint that is to serve a config."""

from __future__ import annotations

from dataclasses import dataclass

from retraining.adapters import Adapters
from retraining.documents.document import Part
from retraining.rules.promotion import require_settled


@dataclass(frozen=True, kw_only=True)
class SettledEndpoint(Part):
    """An endpoint that serves the config asked for."""

    endpoint: str
    config: str
    status: str | None


def await_endpoint(aws: Adapters, endpoint: str, config: str) -> SettledEndpoint:
    """What serves now; raises EndpointNotReady (ask again) or EndpointFailed."""
    facts = aws.endpoints.status(endpoint)
    require_settled(endpoint, facts, config)
    return SettledEndpoint(endpoint=endpoint, config=config, status=facts.status)
