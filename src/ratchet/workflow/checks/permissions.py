"""What the states call, compared with what the role in the template allows."""

from __future__ import annotations

from collections.abc import Iterator

from ratchet.workflow.asl.findings import WARNING, Finding, Path
from ratchet.workflow.asl.model import Map, State, Task
from ratchet.workflow.checks.integrations import resource_of
from ratchet.workflow.checks.role import Role
from ratchet.workflow.checks.rule import Rule, Subject
from ratchet.workflow.integrations.permissions import (
    MAP_ACTIONS,
    RULE_ACTIONS,
    call_permissions,
    is_certain,
    job_of,
    targets_of,
)
from ratchet.workflow.integrations.resource import Resource


class Permissions(Rule):
    """The role of the machine may call what the states call."""

    id = "permission"
    summary = "The role in the template allows what the states call"
    link = Rule.link + "service-integration-iam-templates.html"
    code = "PERMISSION_MISSING"

    def check(self, subject: Subject) -> Iterator[Finding]:
        role = subject.role
        if role is None or role.is_open:
            return
        for state in subject.states:
            if isinstance(state, Task) and "Credentials" not in state.document:
                resource = resource_of(subject, state)
                if resource is not None:
                    yield from self._task(role, state, resource)
            elif isinstance(state, Map) and state.is_distributed:
                yield from self._map(role, state)

    def _task(self, role: Role, state: Task, resource: Resource) -> Iterator[Finding]:
        path = (*state.path, "Resource")
        target = _target(role, state, resource)
        actions = _actions(resource)
        refused = [
            refusal for action in actions if (refusal := self._refusal(role, path, action, target))
        ]
        yield from refused
        if actions and not refused:
            yield from self._job(role, path, resource)

    def _refusal(self, role: Role, path: Path, action: str, target: str | None) -> Finding | None:
        if not role.allows(action):
            return self._refused(path, f"allow {action}", action)
        if target is not None and not role.allows_on(action, target):
            return self._refused(path, f"allow {action} on {target}", action)
        return None

    def _job(self, role: Role, path: Path, resource: Resource) -> Iterator[Finding]:
        needed = job_of(resource)
        rules = RULE_ACTIONS if needed and needed.rule else ()
        actions = (*needed.permissions, *rules) if needed else ()
        missing = [name for name in actions if not role.allows(name)]
        if missing:
            yield self.finding(
                path,
                f"The role does not allow {', '.join(missing)}, by which Step Functions "
                "follows the job",
                "Add them to the role, or remove .sync",
                severity=WARNING,
            )

    def _map(self, role: Role, state: Map) -> Iterator[Finding]:
        if not role.allows(MAP_ACTIONS[0]):
            yield self.finding(
                state.path,
                f"The role does not allow {MAP_ACTIONS[0]}, by which a distributed Map "
                "starts its child executions",
                "Add it to the role, on the state machine itself",
                severity=WARNING,
            )

    def _refused(self, path: Path, what: str, action: str) -> Finding:
        return self.finding(path, f"The role does not {what}", f"Add {action} to its policies")


def _actions(resource: Resource) -> tuple[str, ...]:
    """The permissions that a call needs; none where they are not certain."""
    known = resource.kind in ("lambda", "optimised", "aws-sdk") and is_certain(resource)
    return call_permissions(resource) if known else ()


def _target(role: Role, state: State, resource: Resource) -> str | None:
    if resource.kind == "lambda":
        return role.named(resource.arn)
    arguments = state.document.get("Arguments" if state.is_jsonata else "Parameters")
    named = targets_of(resource)[:1]
    value = arguments.get(named[0].parameter) if isinstance(arguments, dict) and named else None
    return role.named(value) if isinstance(value, str) else None
