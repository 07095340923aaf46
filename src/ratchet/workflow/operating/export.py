"""A workflow as a template: what an author has in Python, deployed without Python."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

from ratchet.workflow.asl.building import build
from ratchet.workflow.asl.source import read
from ratchet.workflow.operating.permissions import Statement, statements

if TYPE_CHECKING:
    from ratchet.workflow.operating.workflow import Workflow

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
_ARN = re.compile(r"arn:(aws|aws-cn|aws-us-gov):states:::")


def cloudformation_template(workflow: Workflow, description: str | None = None) -> str:
    """The state machine alone, with the role it was given."""
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


def sam_template(workflow: Workflow, description: str | None = None) -> str:
    """The state machine with a role of its own, a log group and tracing. Region and account are
    left to the deployment.
    """
    definition = _portable(workflow.definition.to_dict())
    machine = build(read(workflow.definition.to_dict()))
    allowed = [_own(statement, workflow.name) for statement in statements(machine)]
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Description": description or f"The workflow {workflow.name}, its role and its log",
        "Resources": {
            "StateMachine": {
                "Type": "AWS::Serverless::StateMachine",
                "Properties": _machine(workflow, definition),
            },
            "StateMachineRole": _role(allowed, traced=workflow.tracing is not False),
            "StateMachineLogs": {
                "Type": "AWS::Logs::LogGroup",
                "Properties": {
                    "LogGroupName": f"/aws/vendedlogs/states/{workflow.name}",
                    "RetentionInDays": 30,
                },
            },
        },
        "Outputs": {"StateMachineArn": {"Value": {"Ref": "StateMachine"}}},
    }
    return _dump(document)


def _machine(workflow: Workflow, definition: dict[str, Any]) -> dict[str, Any]:
    level = str((workflow.logging_configuration or {}).get("level", "ALL"))
    data = bool((workflow.logging_configuration or {}).get("includeExecutionData", False))
    destination = {"CloudWatchLogsLogGroup": {"LogGroupArn": _get("StateMachineLogs.Arn")}}
    properties: dict[str, Any] = {
        "Name": workflow.name,
        "Type": workflow.type,
        "Definition": definition,
        "DefinitionSubstitutions": {"Partition": {"Ref": "AWS::Partition"}},
        "Role": _get("StateMachineRole.Arn"),
        "Logging": {
            "Level": level,
            "IncludeExecutionData": data,
            "Destinations": [destination],
        },
        "Tracing": {"Enabled": workflow.tracing is not False},
    }
    if workflow.tags:
        properties["Tags"] = {
            tag.get("key", tag.get("Key")): tag.get("value", tag.get("Value"))
            for tag in workflow.tags
        }
    return properties


def _role(allowed: list[Statement], *, traced: bool) -> dict[str, Any]:
    everywhere = _LOG_ACTIONS + (_TRACE_ACTIONS if traced else ())
    policy = [*allowed, Statement(everywhere, ("*",))]
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


def _own(statement: Statement, name: str) -> Statement:
    """A distributed Map's grants name the machine itself."""
    named = tuple(arn.replace("${StateMachineName}", name) for arn in statement.resources)
    return Statement(statement.actions, named, statement.condition)


def _substituted(document: dict[str, Any]) -> dict[str, Any]:
    resources = [{"Fn::Sub": arn} if "${" in arn else arn for arn in document["Resource"]]
    return document | {"Resource": resources}


def _portable(value: Any) -> Any:
    """Resources without the partition of the machine that wrote them."""
    if isinstance(value, Mapping):
        return {key: _portable(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_portable(part) for part in value]
    if isinstance(value, str):
        return _ARN.sub("arn:${Partition}:states:::", value)
    return value


def _get(attribute: str) -> dict[str, Any]:
    return {"Fn::GetAtt": attribute.split(".")}


class _Dumper(yaml.SafeDumper):
    """No anchors, and texts of several lines as blocks."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _dump(document: Mapping[str, Any]) -> str:
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
