"""What Tasks call: the ARN is well-formed, and AWS has such an integration and action."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ratchet.workflow.asl.findings import WARNING, Finding, Path
from ratchet.workflow.asl.model import Task
from ratchet.workflow.asl.templates import is_expression
from ratchet.workflow.checks import walk
from ratchet.workflow.checks.rule import Rule, Subject, nearest
from ratchet.workflow.integrations import index, sdk
from ratchet.workflow.integrations.resource import Resource, parse_resource
from ratchet.workflow.integrations.service_models import actions


class Integrations(Rule):
    """Resource names an integration, an SDK action or a Lambda function that can exist."""

    id = "integration"
    summary = "Resource must name an existing integration, action and pattern"
    link = Rule.link + "integrate-optimized.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            resource = resource_of(subject, state) if isinstance(state, Task) else None
            if resource is not None:
                yield from self._resource((*state.path, "Resource"), resource)

    def _resource(self, path: Path, resource: Resource) -> Iterator[Finding]:
        problem = _problem(resource)
        if resource.kind == "aws-sdk" and resource.service in sdk.CLOSED:
            reason = f"AWS has withdrawn the service '{resource.service}' from its SDKs"
            yield self.finding(path, reason, "Use its successor", severity=WARNING)
        elif problem is not None:
            yield self.finding(path, *problem)


def resource_of(subject: Subject, state: Task) -> Resource | None:
    """What a Task calls; None if it names nothing, or a substitution will name it."""
    arn = _without_partition(state.resource.arn) if subject.placeholders else state.resource.arn
    if not isinstance(state.document.get("Resource"), str) or subject.is_open(arn):
        return None
    return parse_resource(arn)


def _without_partition(arn: str) -> str:
    """A partition left to a substitution can only be one of AWS's: the rest is checked."""
    head, _, rest = arn.partition(":states:")
    return f"arn:aws:states:{rest}" if head.startswith("arn:${") and rest else arn


def _problem(resource: Resource) -> tuple[str, str] | None:
    if resource.kind == "optimised":
        return _optimised(resource)
    if resource.kind == "aws-sdk":
        return _sdk(resource)
    if resource.kind == "unknown":
        return (
            f"'{resource.arn}' is not a Resource that Step Functions knows",
            (
                "Use arn:aws:states:::<service>:<action>[.sync|.waitForTaskToken], "
                "arn:aws:states:::aws-sdk:<service>:<action> or a Lambda function ARN"
            ),
        )
    return None


def _optimised(resource: Resource) -> tuple[str, str] | None:
    actions = index.actions_of(resource.service)
    if not actions:
        services = {service for service, _ in index.ROWS}
        hint = nearest(resource.service, services) or "Use aws-sdk:<service>:<action>"
        return f"There is no optimised integration of '{resource.service}'", hint
    if resource.action not in actions:
        return f"The integration of {resource.service} has no action '{resource.action}'", nearest(
            resource.action, actions
        )
    patterns = actions[resource.action].patterns
    if resource.pattern not in patterns:
        known = ", ".join(sorted(f".{name}" for name in patterns if name != "request"))
        return (
            f"{resource.service}:{resource.action} has no .{resource.pattern}",
            f"AWS offers {known} and the plain request"
            if known
            else "AWS offers the plain request only",
        )
    return None


def _sdk(resource: Resource) -> tuple[str, str] | None:
    if resource.is_job:
        return (
            f"aws-sdk integrations have no .{resource.pattern}",
            "Drop it, or use the optimised integration",
        )
    service = sdk.service_model(resource.service)
    if service is None:
        hint = nearest(resource.service, sdk.sdk_services())
        own = [name for name, other in sdk.SDK_NAMES.items() if other == resource.service]
        if own:
            hint = f"Step Functions calls it {own[0]}"
        return f"There is no SDK integration of '{resource.service}'", hint
    known = actions(service)
    if resource.action in sdk.NOT_OFFERED.get(resource.service, ()):
        return (
            f"Step Functions does not offer {resource.action} of {resource.service}",
            "Call it in a Lambda function",
        )
    if resource.action not in known:
        return f"{resource.service} has no action '{resource.action}'", nearest(
            resource.action, known
        )
    return None


class TokenIsPassed(Rule):
    """A .waitForTaskToken call that never passes on its token can only time out."""

    id = "task-token"
    summary = "A callback task must pass its task token on"
    link = Rule.link + "connect-to-resource.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            if not isinstance(state, Task) or not state.resource.waits_for_token:
                continue
            field = "Arguments" if state.is_jsonata else "Parameters"
            if field in state.document and not _hands_token(state.document[field], state):
                token = "{% $states.context.Task.Token %}" if state.is_jsonata else "$$.Task.Token"
                yield self.finding(
                    state.path,
                    "The task token is not passed on, so nobody can end this task",
                    f"Put {token} into {field}",
                    severity=WARNING,
                )


def _hands_token(arguments: Any, state: Task) -> bool:
    """Whether the arguments contain the token, or something that may contain it."""
    token = _JSONATA_TOKEN if state.is_jsonata else _JSONPATH_TOKEN
    for path, text in walk.leaves((), arguments):
        key = str(path[-1]) if path else ""
        is_read = is_expression(text) if state.is_jsonata else key.endswith(".$")
        if isinstance(text, str) and is_read and token.search(text):
            return True
    return False


# The context object, or a variable that may have been assigned the token.
_JSONATA_TOKEN = re.compile(r"context|\$(?!states\b)\w")
_JSONPATH_TOKEN = re.compile(r"\$\$|\$\w")
