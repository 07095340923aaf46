"""Has an endpoint score the golden rows and compares its answers with the batch scores."""

from __future__ import annotations

from dataclasses import dataclass

from retraining.adapters import Adapters
from retraining.documents.document import Part
from retraining.documents.golden import Golden
from retraining.errors import GoldenRowsDiffer
from retraining.rules.promotion import require_golden


@dataclass(frozen=True, kw_only=True)
class Verified(Part):
    """An endpoint that answers golden rows as the batch transform did."""

    endpoint: str
    rows: int


def verify_endpoint(aws: Adapters, endpoint: str, golden: str | None) -> Verified:
    """How many golden rows agreed; raises GoldenRowsDiffer."""
    if golden is None:
        raise GoldenRowsDiffer(f"no golden rows are kept for the model that {endpoint} serves")
    rows = aws.work.read_document(Golden, golden).rows
    if not rows:
        raise GoldenRowsDiffer(f"{golden} contains no rows to verify {endpoint} with")
    answer = aws.endpoints.ask(endpoint, [row.features for row in rows])
    require_golden(endpoint, rows, answer)
    return Verified(endpoint=endpoint, rows=len(rows))
