"""Deploys a template file to a running local AWS, in this process, for `ratchet up`."""

from __future__ import annotations

import gc
import re
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ratchet.local_aws.cloudformation.builder import Builder
from ratchet.local_aws.cloudformation.errors import TemplateError
from ratchet.local_aws.cloudformation.intrinsics import Scope
from ratchet.local_aws.cloudformation.packaging import Package
from ratchet.local_aws.cloudformation.parameters import parameter_values
from ratchet.local_aws.cloudformation.plan import Plan
from ratchet.local_aws.cloudformation.stack import Stack
from ratchet.local_aws.cloudformation.template import SAM, load_template, transforms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ratchet.local_aws.cloudformation.service import CloudFormation
    from ratchet.local_aws.running.host import Host

STACK_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")


def deploy(
    local: Host,
    template_path: Path | str,
    stack_name: str,
    parameters: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Create the stack, or update it to match the template; returns its outputs.

    Local paths in the template are packaged as `sam build` and `sam package` do. Raises
    TemplateError before anything is created, DeploymentError after rolling back.
    """
    if not STACK_NAME.fullmatch(stack_name):
        raise TemplateError(
            f"{stack_name!r} is not a stack name; use a letter, then letters, digits and hyphens"
        )
    path = Path(template_path)
    service = cast("CloudFormation", local.services["cloudformation"])
    content, template = load_template(path)
    values = parameter_values(template.get("Parameters", {}), parameters or {})
    with service.lock, _no_collections():
        processed = _process(local, path, template, values)
        stack = service.stacks.get(stack_name)
        if stack is None or not stack.alive:
            stack = Stack(stack_name, _stack_arn(local, stack_name))
        plan = Plan(processed, _scope(local, stack, processed, values))
        service.stacks[stack_name] = stack
        stack.text, stack.processed, stack.parameters = content, processed, values
        stack.description = str(processed.get("Description", ""))
        Builder(local, stack).build(plan)
    return {output["OutputKey"]: output["OutputValue"] for output in stack.outputs}


@contextmanager
def _no_collections() -> Iterator[None]:
    """A first deployment loads a dozen service models, which stay: searching them for garbage
    took a quarter of its time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _process(
    local: Host, path: Path, template: dict[str, Any], values: dict[str, Any]
) -> dict[str, Any]:
    """Package local paths, then run the SAM transform if the template names it."""
    names = transforms(template)
    packaged = Package(local, path.parent).apply(template)
    if SAM not in names:
        return packaged
    from ratchet.local_aws.cloudformation.transform import sam_transform

    texts = {k: ",".join(v) if isinstance(v, list) else v for k, v in values.items()}
    return sam_transform(packaged, texts, local.region)


def _stack_arn(local: Host, name: str) -> str:
    number = uuid.uuid4()
    return f"arn:aws:cloudformation:{local.region}:{local.account}:stack/{name}/{number}"


def _scope(local: Host, stack: Stack, template: dict[str, Any], values: dict[str, Any]) -> Scope:
    return Scope(
        parameters=values,
        pseudo={
            "AWS::AccountId": local.account,
            "AWS::Region": local.region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": stack.name,
            "AWS::StackId": stack.arn,
            "AWS::NotificationARNs": [],
        },
        mappings=template.get("Mappings", {}),
        conditions=template.get("Conditions", {}),
        resources=template["Resources"],
    )
