"""AWS::StepFunctions::StateMachine."""

# ruff: noqa: ARG002  the kinds share their signatures
from __future__ import annotations

import json

from ratchet.local_aws.cloudformation.fitting import PropertyRejected
from ratchet.local_aws.cloudformation.intrinsics import text
from ratchet.local_aws.cloudformation.kinds.base import Kind, Made, Properties, Site, names
from ratchet.local_aws.cloudformation.template import parse_yaml

SOURCES = names("DefinitionString DefinitionS3Location Definition")
SETTINGS = names("LoggingConfiguration TracingConfiguration EncryptionConfiguration")


class StateMachine(Kind):
    """A state machine; its definition may be text, an object or a file in S3, JSON or YAML."""

    type = "AWS::StepFunctions::StateMachine"
    known = (
        SOURCES
        | SETTINGS
        | names("StateMachineName StateMachineType RoleArn DefinitionSubstitutions Tags")
    )
    named = "StateMachineName"
    replacing = names("StateMachineType")

    def create(self, site: Site, properties: Properties) -> Made:
        name = properties.get("StateMachineName") or site.name(80, bare=True)
        request = {"name": name, **self._request(site, properties)}
        request["type"] = properties.get("StateMachineType", "STANDARD")
        request["tags"] = properties.get("Tags", [])
        arn = site.call("stepfunctions", "CreateStateMachine", request)["stateMachineArn"]
        return Made(arn, arn, {"Arn": arn, "Name": name})

    def update(self, site: Site, made: Made, properties: Properties, old: Properties) -> Made:
        """Running executions continue with the definition they started with."""
        request = {"stateMachineArn": made.physical, **self._request(site, properties)}
        for key in SETTINGS & old.keys() - properties.keys():
            request[key] = {"LoggingConfiguration": {"level": "OFF"}}.get(key, {})
        site.call("stepfunctions", "UpdateStateMachine", request)
        if properties.get("Tags") and properties["Tags"] != old.get("Tags"):
            tags = {"resourceArn": made.physical, "tags": properties["Tags"]}
            site.call("stepfunctions", "TagResource", tags)
        return made

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        request = {"stateMachineArn": made.physical}
        site.remove("stepfunctions", "DeleteStateMachine", request)

    def _request(self, site: Site, properties: Properties) -> Properties:
        settings = {key: properties[key] for key in SETTINGS & properties.keys()}
        definition = _definition(site, properties)
        return {**settings, "roleArn": properties["RoleArn"], "definition": definition}


def _definition(site: Site, properties: Properties) -> str:
    """The definition as JSON text, with its substitutions made."""
    given = sorted(SOURCES & properties.keys())
    if len(given) != 1:
        raise PropertyRejected(
            f"needs exactly one of {', '.join(sorted(SOURCES))}, has {', '.join(given) or 'none'}"
        )
    source = properties[given[0]]
    if given[0] == "DefinitionS3Location":
        source = _fetch(site, source)
    elif given[0] == "Definition":
        source = json.dumps(source)
    for name, value in properties.get("DefinitionSubstitutions", {}).items():
        source = source.replace("${" + name + "}", text(value))
    return json.dumps(parse_yaml(source))


def _fetch(site: Site, location: Properties) -> str:
    request = {key: location[key] for key in ("Bucket", "Key")}
    if location.get("Version"):
        request["VersionId"] = location["Version"]
    body: bytes = site.call("s3", "GetObject", request)["Body"].read()
    return body.decode()


KINDS = (StateMachine(),)
