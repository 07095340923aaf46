"""Takes the lease of a pipeline that is quiet and starts its run; else arms the wake again."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.steps.messages import messages_of, to_retry
from retraining.steps.start_retraining import start_retraining


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """An SQS batch of {"pipeline", "reason"}; without a pipeline every pipeline is woken."""
    return to_retry(start_retraining(bootstrap.adapters(), messages_of(event)))
