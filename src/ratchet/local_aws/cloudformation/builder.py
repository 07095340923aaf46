"""Makes a stack match its template: creates, changes and deletes resources in order.

If that fails it is undone: new resources are deleted, changed ones are changed back.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ratchet.local_aws.cloudformation.errors import DeploymentError, TemplateError
from ratchet.local_aws.cloudformation.fitting import PropertyRejected
from ratchet.local_aws.cloudformation.intrinsics import evaluate
from ratchet.local_aws.cloudformation.kinds import KINDS
from ratchet.local_aws.cloudformation.kinds.base import Kind, Properties, Site
from ratchet.local_aws.cloudformation.stack import Member, Stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from ratchet.local_aws.cloudformation.plan import Plan
    from ratchet.local_aws.running.host import Host

FAILURES = (
    ClientError,
    BotoCoreError,
    PropertyRejected,
    TemplateError,
    KeyError,
    TypeError,
    ValueError,
)


class Builder:
    """A deployment of a stack."""

    def __init__(self, local: Host, stack: Stack) -> None:
        self._local = local
        self._stack = stack
        self._undo: list[Callable[[], None]] = []
        self._replaced: list[Member] = []

    def build(self, plan: Plan) -> None:
        """Carry out the plan. Raises DeploymentError after rolling back."""
        before = dict(self._stack.members)
        verb = "UPDATE" if before else "CREATE"
        self._stack.set_status(f"{verb}_IN_PROGRESS")
        try:
            for logical_id in plan.order:
                self._build_one(logical_id, plan)
            outputs = plan.outputs()
        except DeploymentError as error:
            self._roll_back(verb, before, str(error))
            raise
        except FAILURES as error:
            self._roll_back(verb, before, str(error))
            raise DeploymentError(_reason("Outputs", "", error)) from error
        self._stack.outputs = outputs
        self._clean_up(plan, before)
        self._stack.updated = datetime.now(UTC) if verb == "UPDATE" else None
        self._stack.set_status(f"{verb}_COMPLETE")

    def remove(self) -> None:
        """Delete the whole stack, newest first, except what is to be retained."""
        self._stack.set_status("DELETE_IN_PROGRESS")
        for member in reversed(list(self._stack.members.values())):
            if member.retained:
                self._stack.note_member(member, "DELETE_SKIPPED")
            else:
                self._delete_or_stop(member)
            self._stack.members.pop(member.logical_id)
        self._stack.deleted = datetime.now(UTC)
        self._stack.set_status("DELETE_COMPLETE")

    def _delete_or_stop(self, member: Member) -> None:
        try:
            self._delete(member)
        except FAILURES as error:
            reason = _reason(member.logical_id, member.type, error)
            self._stack.note_member(member, "DELETE_FAILED", reason)
            failed = f"The following resource(s) failed to delete: [{member.logical_id}]."
            self._stack.set_status("DELETE_FAILED", failed)
            raise DeploymentError(reason) from error

    # One resource

    def _build_one(self, logical_id: str, plan: Plan) -> None:
        definition = plan.resources[logical_id]
        kind = KINDS[definition["Type"]]
        try:
            properties = evaluate(definition.get("Properties", {}), plan.scope)
            member = self._create_or_update(logical_id, kind, properties)
        except FAILURES as error:
            reason = _reason(logical_id, kind.type, error)
            self._stack.note(logical_id, "", kind.type, "CREATE_FAILED", reason)
            raise DeploymentError(reason) from error
        member.deletion_policy = definition.get("DeletionPolicy", "Delete")
        member.update_replace_policy = definition.get("UpdateReplacePolicy", "Delete")
        plan.scope.made[logical_id] = member.made

    def _create_or_update(self, logical_id: str, kind: Kind, properties: Properties) -> Member:
        old = self._stack.members.get(logical_id)
        if old is None or old.type != kind.type:
            return self._create(logical_id, kind, properties, old)
        changed = {
            key
            for key in old.properties.keys() | properties.keys()
            if old.properties.get(key) != properties.get(key)
        }
        if not changed:
            return old
        if changed & kind.fixed:
            raise PropertyRejected(
                f"{min(changed & kind.fixed)} cannot be changed by local AWS once it exists; "
                "delete the stack and deploy again"
            )
        if changed & (kind.replacing | {kind.named}):
            return self._create(logical_id, kind, properties, old)
        return self._update(old, kind, properties)

    def _create(
        self, logical_id: str, kind: Kind, properties: Properties, old: Member | None
    ) -> Member:
        if old is not None and kind.named in properties:
            self._refuse_same_name(kind, properties, old)
        site = self._site(logical_id)
        member = Member(logical_id, kind.type, kind.create(site, properties), properties)
        self._stack.members.pop(logical_id, None)
        self._stack.members[logical_id] = member
        if old is not None:
            self._replaced.append(old)
        self._undo.append(lambda: self._take_back(member, old))
        kind.finish(site, member.made, properties)
        self._stack.note_member(member, "CREATE_COMPLETE" if old is None else "UPDATE_COMPLETE")
        return member

    def _refuse_same_name(self, kind: Kind, properties: Properties, old: Member) -> None:
        if old.type == kind.type and properties[kind.named] == old.properties.get(kind.named):
            raise PropertyRejected(
                "CloudFormation cannot update a stack when a custom-named resource requires "
                f"replacing. Rename {properties[kind.named]} and update the stack again."
            )

    def _take_back(self, member: Member, old: Member | None) -> None:
        if member.deletion_policy != "Retain":
            self._delete(member)
        self._stack.members.pop(member.logical_id, None)
        if old is not None:
            self._stack.members[member.logical_id] = old

    def _update(self, member: Member, kind: Kind, properties: Properties) -> Member:
        site, old = self._site(member.logical_id), member.properties
        made = member.made

        def change_back() -> None:
            member.made = kind.update(site, made, old, properties)
            member.properties = old
            self._stack.note_member(member, "UPDATE_COMPLETE")

        self._undo.append(change_back)
        member.made = kind.update(site, made, properties, old)
        member.properties = properties
        self._stack.note_member(member, "UPDATE_COMPLETE")
        return member

    def _delete(self, member: Member) -> None:
        kind = KINDS[member.type]
        kind.delete(self._site(member.logical_id), member.made, member.properties)
        self._stack.note_member(member, "DELETE_COMPLETE")

    def _site(self, logical_id: str) -> Site:
        return Site(self._local, self._stack.name, logical_id)

    # After the resources

    def _clean_up(self, plan: Plan, before: dict[str, Member]) -> None:
        """Remove what the template no longer contains, and what was replaced, newest first."""
        vanished = [m for m in reversed(before.values()) if m.logical_id not in plan.resources]
        for member in vanished:
            self._discard(member, keep=member.retained)
            self._stack.members.pop(member.logical_id, None)
        for member in reversed(self._replaced):
            self._discard(member, keep=member.update_replace_policy == "Retain")

    def _discard(self, member: Member, *, keep: bool) -> None:
        if keep:
            self._stack.note_member(member, "DELETE_SKIPPED")
            return
        try:
            self._delete(member)
        except FAILURES as error:  # as on AWS the update succeeds, and the leftover is on record
            reason = _reason(member.logical_id, member.type, error)
            self._stack.note_member(member, "DELETE_FAILED", reason)

    def _roll_back(self, verb: str, before: dict[str, Member], reason: str) -> None:
        word = "ROLLBACK" if verb == "CREATE" else "UPDATE_ROLLBACK"
        self._stack.set_status(f"{word}_IN_PROGRESS", reason)
        failed = []
        for undo in reversed(self._undo):
            try:
                undo()
            except FAILURES as error:
                failed.append(str(error))
        kept = {k: m for k, m in self._stack.members.items() if k not in before}
        self._stack.members = {k: self._stack.members.get(k, m) for k, m in before.items()} | kept
        self._stack.set_status(f"{word}_{'FAILED' if failed else 'COMPLETE'}", "; ".join(failed))


def _reason(logical_id: str, kind: str, error: Exception) -> str:
    """The resource, and the reason, AWS's or ours."""
    where = f"{logical_id} ({kind})" if kind else logical_id
    if isinstance(error, ClientError):
        about = error.response["Error"]
        return f"{where}: {error.operation_name}: {about['Code']}: {about['Message']}"
    if isinstance(error, KeyError):
        return f"{where}: the property {error.args[0]} is missing; add it"
    return f"{where}: {error}"
