"""State VerifyEndpoint: asks the golden rows and compares the answers with the batch scores."""

from __future__ import annotations

from typing import Any

from retraining import adapters
from retraining.errors import GoldenRowsDiffer
from retraining.promotion import require_golden


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{endpoint, golden} -> how many rows agreed, or GoldenRowsDiffer."""
    endpoint, golden = event["endpoint"], event["golden"]
    if golden is None:
        raise GoldenRowsDiffer(f"no golden rows are kept of the model that {endpoint} serves")
    rows = adapters.work().read_json(adapters.work().key(golden))["rows"]
    if not rows:
        raise GoldenRowsDiffer(f"{golden} holds no rows to verify {endpoint} with")
    require_golden(endpoint, rows, adapters.endpoints().ask(endpoint, _bodies(rows)))
    return {"endpoint": endpoint, "rows": len(rows)}


def _bodies(rows: list[dict[str, Any]]) -> list[str]:
    return [row["features"] for row in rows]
