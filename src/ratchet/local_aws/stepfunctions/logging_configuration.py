"""The log of a machine: LoggingConfiguration, validated as AWS does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ratchet.local_aws.door.errors import ServiceError

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Clients

_OFF: dict[str, Any] = {"level": "OFF", "includeExecutionData": False}


def logging_of(local: Clients, given: dict[str, Any]) -> dict[str, Any]:
    """The complete configuration; raises InvalidLoggingConfiguration if it cannot be used."""
    whole = _OFF | given
    destinations = whole.get("destinations", [])
    if len(destinations) > 1 or (whole["level"] != "OFF" and not destinations):
        raise _refused("Must specify exactly one Log Destination.")
    for destination in destinations:
        _refuse_group(local, destination.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", ""))
    return whole


def _refuse_group(local: Clients, arn: str) -> None:
    name = group_name(arn)
    if not arn.endswith(":*"):
        raise _refused("Log Group ARN must be provided with '*' qualifier.")
    listed = local.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    if name not in [group["logGroupName"] for group in listed]:
        raise _refused(f"The log group {name!r} does not exist; create it first.")


def group_name(arn: str) -> str:
    """`arn:aws:logs:region:account:log-group:NAME:*` -> NAME."""
    return arn.partition(":log-group:")[2].removesuffix(":*")


def _refused(reason: str) -> ServiceError:
    return ServiceError("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {reason}")
