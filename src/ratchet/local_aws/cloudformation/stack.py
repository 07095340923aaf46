"""A stack: its resources, its outputs and its events."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ratchet.local_aws.cloudformation.kinds.base import Made, Properties

RETAINING = ("Retain", "RetainExceptOnCreate")


@dataclass
class Member:
    """One resource of a stack."""

    logical_id: str
    type: str
    made: Made
    properties: Properties
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def retained(self) -> bool:
        """Whether it is kept when it leaves the stack."""
        return self.deletion_policy in RETAINING

    def describe(self) -> dict[str, Any]:
        """The part that all descriptions of a resource share."""
        described: dict[str, Any] = {
            "LogicalResourceId": self.logical_id,
            "PhysicalResourceId": self.made.physical,
            "ResourceType": self.type,
            "ResourceStatus": self.status,
        }
        return {**described, "ResourceStatusReason": self.reason} if self.reason else described


@dataclass
class Stack:
    """One stack; `members` in the order in which they were created."""

    name: str
    arn: str
    text: str = ""
    processed: dict[str, Any] = field(default_factory=dict)
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    outputs: list[dict[str, str]] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    status: str = "CREATE_IN_PROGRESS"
    reason: str = ""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated: datetime | None = None
    deleted: datetime | None = None

    @property
    def alive(self) -> bool:
        """Whether it can be updated: not if its creation failed or it was deleted."""
        return self.status not in ("DELETE_COMPLETE", "ROLLBACK_COMPLETE", "CREATE_IN_PROGRESS")

    def set_status(self, status: str, reason: str = "") -> None:
        """Change the stack's status, with an event."""
        self.status, self.reason = status, reason
        self.note(self.name, self.arn, "AWS::CloudFormation::Stack", status, reason)

    def note(
        self, logical_id: str, physical: str, kind: str, status: str, reason: str = ""
    ) -> None:
        """Add an event."""
        event = {
            "StackId": self.arn,
            "StackName": self.name,
            "EventId": str(uuid.uuid4()),
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": physical,
            "ResourceType": kind,
            "ResourceStatus": status,
            "Timestamp": datetime.now(UTC),
        }
        if reason:
            event["ResourceStatusReason"] = reason
        self.events.append(event)

    def note_member(self, member: Member, status: str, reason: str = "") -> None:
        """Change a resource's status, with an event."""
        member.status, member.reason, member.at = status, reason, datetime.now(UTC)
        self.note(member.logical_id, member.made.physical, member.type, status, reason)

    def describe(self) -> dict[str, Any]:
        """The stack as DescribeStacks shows it."""
        described: dict[str, Any] = {
            "StackId": self.arn,
            "StackName": self.name,
            "Description": self.description,
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": self._shown(key, value)}
                for key, value in self.parameters.items()
            ],
            "CreationTime": self.created,
            "StackStatus": self.status,
            "DisableRollback": False,
            "NotificationARNs": [],
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            "Outputs": self.outputs,
            "Tags": [],
        }
        optional = {
            "StackStatusReason": self.reason,
            "LastUpdatedTime": self.updated,
            "DeletionTime": self.deleted,
        }
        return described | {key: value for key, value in optional.items() if value}

    def _shown(self, key: str, value: Any) -> str:
        if self.processed.get("Parameters", {}).get(key, {}).get("NoEcho"):
            return "****"
        return ",".join(value) if isinstance(value, list) else str(value)
