"""Asks an endpoint the golden rows and compares its answers with the batch scores."""

from __future__ import annotations

from retraining import adapters
from retraining.rules.errors import GoldenRowsDiffer
from retraining.rules.promotion import require_golden


def verify(endpoint: str, golden: str | None) -> int:
    """How many golden rows agreed; raises GoldenRowsDiffer."""
    if golden is None:
        raise GoldenRowsDiffer(f"no golden rows are kept of the model that {endpoint} serves")
    rows = adapters.work().read_json(adapters.work().key(golden))["rows"]
    if not rows:
        raise GoldenRowsDiffer(f"{golden} holds no rows to verify {endpoint} with")
    answer = adapters.endpoints().ask(endpoint, [row["features"] for row in rows])
    require_golden(endpoint, rows, answer)
    return len(rows)
