"""Promotes a model whose package a person has approved, in whatever client of the registry.

The event comes for every approval, the service's own included, and more than once: "SageMaker AI
may send multiple events to EventBridge for each state change" (SageMaker developer guide, "Events
that Amazon SageMaker AI sends to Amazon EventBridge"). The ledger says which one means anything.
"""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.steps.start_promotion import start_promotion


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """A "SageMaker Model Package State Change" event -> the execution that was started."""
    detail = event["detail"]
    group, package = detail["ModelPackageGroupName"], detail["ModelPackageArn"]
    return start_promotion(bootstrap.adapters(), group, package).as_json()
