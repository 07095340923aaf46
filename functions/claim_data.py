"""State ClaimData: writes the manifest of the pending object versions once; that is the claim."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.observability import log
from retraining.steps.claim_data import claim_data


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{pipeline, token} -> what the other states need of the run."""
    run = claim_data(bootstrap.adapters(), event["pipeline"], int(event["token"]))
    log.info(f"claimed {run.run}", extra={"chunks": len(run.chunks)})
    return run.as_json()
