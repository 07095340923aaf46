"""An event source mapping as Lambda remembers it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ratchet.local_aws.lambda_.polling import CONCURRENCY, Poller, Settings

if TYPE_CHECKING:
    from ratchet.local_aws.lambda_.model import Function


@dataclass
class EventSourceMapping:
    """A mapping; it has a poller while it is enabled."""

    id: str
    arn: str
    queue_arn: str
    function: Function
    request: dict[str, Any]
    poller: Poller | None = None
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))

    def describe(self, state: str | None = None) -> dict[str, Any]:
        """The mapping in the API's shape."""
        settings = settings_of(self.request)
        described: dict[str, Any] = {
            "UUID": self.id,
            "EventSourceMappingArn": self.arn,
            "EventSourceArn": self.queue_arn,
            "FunctionArn": self.function.arn,
            "BatchSize": settings.batch_size,
            "MaximumBatchingWindowInSeconds": settings.window,
            "FunctionResponseTypes": self.request.get("FunctionResponseTypes", []),
            "LastModified": self.modified,
            "State": state or ("Enabled" if self.poller else "Disabled"),
            "StateTransitionReason": "USER_INITIATED",
        }
        if self.poller and self.poller.problem:
            described["LastProcessingResult"] = self.poller.problem
        if self.request.get("ScalingConfig"):
            described["ScalingConfig"] = self.request["ScalingConfig"]
        return described


def settings_of(request: dict[str, Any]) -> Settings:
    """The settings in a request, with AWS's defaults."""
    limit = request.get("ScalingConfig", {}).get("MaximumConcurrency", CONCURRENCY)
    return Settings(
        batch_size=request.get("BatchSize", 10),
        window=request.get("MaximumBatchingWindowInSeconds", 0),
        reports_failures="ReportBatchItemFailures" in request.get("FunctionResponseTypes", []),
        concurrency=min(limit, CONCURRENCY),
    )
