"""Living CloudFormation: describes and deletes the stacks that `deploy` created."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, ClassVar

from ratchet.local_aws.cloudformation.builder import Builder
from ratchet.local_aws.cloudformation.errors import DeploymentError
from ratchet.local_aws.cloudformation.stack import Member, Stack
from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.running.service import Service
from ratchet.local_aws.shared.listing import Pager

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Host

PAGES = Pager(lambda token: _invalid(f"NextToken {token!r} is not valid"))


class CloudFormation(Service):
    """The stacks of a local AWS, by name."""

    name: ClassVar[str] = "cloudformation"
    model: ClassVar[str] = "cloudformation"

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self.lock = threading.RLock()
        self.stacks: dict[str, Stack] = {}

    def about(self) -> dict[str, Any]:
        """The name of the latest stack, for `/_ratchet`."""
        alive = [name for name, stack in self.stacks.items() if stack.alive]
        return {"stack": alive[-1] if alive else None}

    def describe_stacks(self, request: dict[str, Any]) -> dict[str, Any]:
        """One stack, or all that are not deleted."""
        if request.get("StackName"):
            return {"Stacks": [self._stack(request).describe()]}
        alive = [s for s in self.stacks.values() if s.status != "DELETE_COMPLETE"]
        return {"Stacks": [stack.describe() for stack in alive]}

    def list_stacks(self, request: dict[str, Any]) -> dict[str, Any]:
        """Summaries of all stacks, filtered by status."""
        wanted = request.get("StackStatusFilter")
        kept = ("StackId", "StackName", "CreationTime", "StackStatus", "LastUpdatedTime")
        described = [
            stack.describe()
            for stack in self.stacks.values()
            if not wanted or stack.status in wanted
        ]
        summaries = [{k: v for k, v in each.items() if k in kept} for each in described]
        return {"StackSummaries": summaries}

    def describe_stack_resources(self, request: dict[str, Any]) -> dict[str, Any]:
        """The resources of a stack, or one of them."""
        stack = self._stack(request)
        wanted = request.get("LogicalResourceId")
        found = [m for m in stack.members.values() if wanted in (None, m.logical_id)]
        if wanted and not found:
            raise _invalid(f"Resource {wanted} does not exist for stack {stack.name}")
        return {"StackResources": [_resource(stack, member) for member in found]}

    def describe_stack_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        """One resource of a stack."""
        found = self.describe_stack_resources(request)["StackResources"][0]
        timestamp = found.pop("Timestamp")
        return {"StackResourceDetail": {**found, "LastUpdatedTimestamp": timestamp}}

    def list_stack_resources(self, request: dict[str, Any]) -> dict[str, Any]:
        """Summaries of a stack's resources, in pages."""
        members = list(self._stack(request).members.values())
        page, more = PAGES.page(members, request)
        summaries = [{**m.describe(), "LastUpdatedTimestamp": m.at} for m in page]
        return {"StackResourceSummaries": summaries, **more}

    def describe_stack_events(self, request: dict[str, Any]) -> dict[str, Any]:
        """The events of a stack, newest first."""
        return {"StackEvents": list(reversed(self._stack(request).events))}

    def get_template(self, request: dict[str, Any]) -> dict[str, Any]:
        """The template as written, or as the transform left it."""
        stack = self._stack(request)
        processed = request.get("TemplateStage") == "Processed"
        body = json.dumps(stack.processed) if processed else stack.text
        return {"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]}

    def delete_stack(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a stack at once; as on AWS, one that does not exist is not an error."""
        with self.lock:
            stack = self._find(request["StackName"])
            if stack is not None and stack.status != "DELETE_COMPLETE":
                retained = request.get("RetainResources", [])
                for logical_id in retained:
                    if logical_id in stack.members:
                        stack.members[logical_id].deletion_policy = "Retain"
                self._remove(stack)
        return {}

    def _remove(self, stack: Stack) -> None:
        """As on AWS, a failure shows in the stack's status, not in this answer."""
        try:
            Builder(self.local, stack).remove()
        except DeploymentError:
            return

    def _find(self, name: str) -> Stack | None:
        found = self.stacks.get(name)
        return found or next((s for s in self.stacks.values() if s.arn == name), None)

    def _stack(self, request: dict[str, Any]) -> Stack:
        name = request.get("StackName", "")
        stack = self._find(name)
        if stack is None or (stack.status == "DELETE_COMPLETE" and name != stack.arn):
            raise _invalid(f"Stack with id {name} does not exist")
        return stack


def _resource(stack: Stack, member: Member) -> dict[str, Any]:
    return {
        "StackName": stack.name,
        "StackId": stack.arn,
        **member.describe(),
        "Timestamp": member.at,
    }


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationError", message)
