"""The filters, order and pages that SageMaker's List operations share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ratchet.local_aws.sagemaker.base import invalid
from ratchet.local_aws.shared.listing import Pager

Record = Mapping[str, Any]

PAGES = Pager(lambda token: invalid(f"NextToken {token!r} is not one that this operation returned"))
COMMON = {
    "CreationTimeAfter": lambda record, value: record["CreationTime"] > value,
    "CreationTimeBefore": lambda record, value: record["CreationTime"] < value,
    "LastModifiedTimeAfter": lambda record, value: record["LastModifiedTime"] > value,
    "LastModifiedTimeBefore": lambda record, value: record["LastModifiedTime"] < value,
}


def page(
    records: Iterable[Record],
    request: Record,
    *,
    name: str,
    order: str = "Descending",
    filters: Mapping[str, Callable[[Record, Any], bool]] | None = None,
) -> tuple[list[Record], dict[str, str]]:
    """One page of the records that the request asks for, and {"NextToken"} if more follow.

    `name` is the member that NameContains and SortBy=Name use; `order` the API's default.
    """
    chosen = [record for record in records if _matches(record, request, name, filters or {})]
    down = request.get("SortOrder", order) == "Descending"
    chosen.sort(key=lambda record: _sort_key(record, request, name), reverse=down)
    return PAGES.page(chosen, request)


def _matches(
    record: Record,
    request: Record,
    name: str,
    filters: Mapping[str, Callable[[Record, Any], bool]],
) -> bool:
    if request.get("NameContains", "").lower() not in record[name].lower():
        return False
    tests = {**COMMON, **filters}
    return all(test(record, request[key]) for key, test in tests.items() if key in request)


def _sort_key(record: Record, request: Record, name: str) -> Any:
    by = request.get("SortBy", "CreationTime")
    if by == "Name":
        return record[name]
    if by == "Status":
        return next(value for key, value in record.items() if key.endswith("Status"))
    return record["CreationTime"]


def summary(record: Record, members: Iterable[str]) -> dict[str, Any]:
    """The members of a record that a List operation shows."""
    return {member: record[member] for member in members if record.get(member) is not None}
