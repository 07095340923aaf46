"""Exports a workflow written in Python as a template that deploys without Python."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import yaml

from ratchet.workflow.asl.building import build
from ratchet.workflow.asl.source import read
from ratchet.workflow.operating.permissions import Statement, statements
from ratchet.workflow.sam.machines import placeholders_in
from ratchet.workflow.steps.graph import Graph

_LOG_ACTIONS = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
_TRACE_ACTIONS = (
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
)
_RESOURCES = ("StateMachine", "StateMachineRole", "StateMachineLogs")
_NAME = re.compile(r"\w+", re.ASCII)
_PLACEHOLDER = re.compile(r"\$\{\w+\}", re.ASCII)
_ARN = re.compile(r"^arn:(aws|aws-cn|aws-us-gov|\$\{\w+\}):states:::")


class Exportable(Protocol):
    """What a template needs to know of a workflow."""

    @property
    def name(self) -> str:
        """The name of the state machine."""

    @property
    def type(self) -> str:
        """STANDARD or EXPRESS."""

    @property
    def definition(self) -> Graph:
        """What it does."""

    @property
    def role(self) -> str | None:
        """The ARN of its role, if it has one already."""

    @property
    def tags(self) -> Sequence[Mapping[str, str]]:
        """Its tags, each with key and value."""

    @property
    def logging_configuration(self) -> Mapping[str, Any] | None:
        """What it logs, as the API takes it."""

    @property
    def tracing(self) -> bool | None:
        """Whether X-Ray traces its executions."""


def cloudformation_template(workflow: Exportable, description: str | None = None) -> str:
    """A template with the state machine alone, which uses the workflow's role."""
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": description or f"The state machine {workflow.name}",
        "Resources": {
            "StateMachine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "StateMachineName": workflow.name,
                    "DefinitionString": workflow.definition.to_json(pretty=True),
                    "RoleArn": workflow.role or "",
                },
            }
        },
    }
    return _dump(document)


def sam_template(workflow: Exportable, description: str | None = None) -> str:
    """A template with the state machine, its own role, a log group and tracing.

    Region and account are those of the deployment; a `${Name}` in the definition becomes the
    parameter Name.

    """
    definition = _written(workflow.definition.to_dict(), "${Partition}")
    found = {name for _, name in placeholders_in(definition) if _NAME.fullmatch(name)}
    names = {name: name.replace("_", "") for name in sorted(found - {"Partition"})}
    _refuse_taken([*names.values(), *_RESOURCES])
    document: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Description": description or f"The workflow {workflow.name}, its role and its log",
        "Parameters": {name: {"Type": "String"} for name in names.values()},
        "Resources": _resources(workflow, definition, names),
        "Outputs": {"StateMachineArn": {"Value": {"Ref": "StateMachine"}}},
    }
    return _dump({name: part for name, part in document.items() if part})


def _refuse_taken(names: Iterable[str]) -> None:
    """Refuse names that clash once their underscores are removed, as templates require."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(
            f"a ${{Name}} of the definition cannot become the template's parameter {twice[0]}: "
            "another parameter or a resource has that name; rename it"
        )


def _resources(
    workflow: Exportable, definition: dict[str, Any], names: Mapping[str, str]
) -> dict[str, Any]:
    machine = build(read(_written(definition, "aws")))
    allowed = statements(machine, workflow.name)
    logged = (workflow.logging_configuration or {}).get("level", "ALL") != "OFF"
    resources = {
        "StateMachine": {
            "Type": "AWS::Serverless::StateMachine",
            "Properties": _machine(workflow, definition, names, logged=logged),
        },
        "StateMachineRole": _role(allowed, traced=workflow.tracing is not False, logged=logged),
    }
    if logged:
        resources["StateMachineLogs"] = {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {
                "LogGroupName": f"/aws/vendedlogs/states/{workflow.name}",
                "RetentionInDays": 30,
            },
        }
    return resources


def _machine(
    workflow: Exportable, definition: dict[str, Any], names: Mapping[str, str], *, logged: bool
) -> dict[str, Any]:
    filled = {"Partition": "AWS::Partition", **names}
    properties: dict[str, Any] = {
        "Name": workflow.name,
        "Type": workflow.type,
        "Definition": definition,
        "DefinitionSubstitutions": {name: {"Ref": what} for name, what in filled.items()},
        "Role": _get("StateMachineRole.Arn"),
        "Tracing": {"Enabled": workflow.tracing is not False},
    }
    if logged:
        properties["Logging"] = _logging(workflow.logging_configuration or {})
    if workflow.tags:
        properties["Tags"] = {tag["key"]: tag["value"] for tag in workflow.tags}
    return properties


def _logging(configuration: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Level": configuration.get("level", "ALL"),
        "IncludeExecutionData": configuration.get("includeExecutionData", False),
        "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": _get("StateMachineLogs.Arn")}}],
    }


def _role(allowed: Sequence[Statement], *, traced: bool, logged: bool) -> dict[str, Any]:
    everywhere = (_LOG_ACTIONS if logged else ()) + (_TRACE_ACTIONS if traced else ())
    policy = [*allowed, Statement(everywhere, ("*",))] if everywhere else allowed
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "states.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                        "Condition": {
                            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
                        },
                    }
                ],
            },
            "Policies": [
                {
                    "PolicyName": "calls",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [_substituted(one.document()) for one in policy],
                    },
                }
            ],
        },
    }


def _substituted(document: dict[str, Any]) -> dict[str, Any]:
    resources = [
        {"Fn::Sub": _PLACEHOLDER.sub(_parameter, arn)} if "${" in arn else arn
        for arn in document["Resource"]
    ]
    return document | {"Resource": resources}


def _parameter(placeholder: re.Match[str]) -> str:
    """Parameter names cannot have underscores."""
    return placeholder[0].replace("_", "")


def _written(value: Any, partition: str) -> Any:
    """A definition whose integrations have ARNs of this partition."""
    if isinstance(value, Mapping):
        return {key: _written(part, partition) for key, part in value.items()}
    if isinstance(value, list):
        return [_written(part, partition) for part in value]
    if isinstance(value, str):
        return _ARN.sub(f"arn:{partition}:states:::", value)
    return value


def _get(attribute: str) -> dict[str, Any]:
    return {"Fn::GetAtt": attribute.split(".")}


class _Dumper(yaml.SafeDumper):
    """Writes no anchors, and multi-line strings as blocks."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _dump(document: Mapping[str, Any]) -> str:
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
