"""How Step Functions pages its lists."""

from __future__ import annotations

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.shared.listing import Pager

PAGES = Pager(
    lambda token: ServiceError("InvalidToken", f"Invalid Token: '{token}'"),
    most=1_000,
    size_member="maxResults",
    request_member="nextToken",
    answer_member="nextToken",
)
