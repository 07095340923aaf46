"""Lambda functions, layers, permissions, mappings and asynchronous settings."""

# ruff: noqa: ARG002  the kinds share their signatures
from __future__ import annotations

import io
import zipfile
from typing import Any

from ratchet.local_aws.cloudformation.kinds.base import (
    Kind,
    Made,
    Properties,
    PutKind,
    Site,
    names,
)

CONFIGURATION: dict[str, Any] = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "Environment": {"Variables": {}},
    "Layers": [],
    "TracingConfig": {"Mode": "PassThrough"},
    "EphemeralStorage": {"Size": 512},
    "DeadLetterConfig": {},
    "KmsKeyArn": "",
    "LoggingConfig": {"LogFormat": "Text"},
    "VpcConfig": {},
    "SnapStart": {"ApplyOn": "None"},
}
"""The value of a setting that is removed from the template."""
REQUIRED = names("Handler Runtime Role")


class Function(Kind):
    """A function."""

    type = "AWS::Lambda::Function"
    known = (
        REQUIRED
        | frozenset(CONFIGURATION)
        | names("FunctionName Code Architectures PackageType ReservedConcurrentExecutions Tags")
    )
    named = "FunctionName"
    replacing = names("PackageType")

    def create(self, site: Site, properties: Properties) -> Made:
        name = properties.get("FunctionName") or site.name(64)
        request = _renamed({k: v for k, v in properties.items() if k in CONFIGURATION})
        for key in (REQUIRED | names("Architectures PackageType")) & properties.keys():
            request[key] = properties[key]
        request |= {"FunctionName": name, "Code": _code(properties["Code"])}
        request["Tags"] = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
        arn = site.call("lambda", "CreateFunction", request)["FunctionArn"]
        return Made(name, name, {"Arn": arn})

    def finish(self, site: Site, made: Made, properties: Properties) -> None:
        self._reserve(site, made.physical, properties, {})

    def update(self, site: Site, made: Made, properties: Properties, old: Properties) -> Made:
        name = {"FunctionName": made.physical}
        if any(properties.get(key) != old.get(key) for key in ("Code", "Architectures")):
            code = {**name, **_code(properties["Code"])}
            code["Architectures"] = properties.get("Architectures", ["x86_64"])
            site.call("lambda", "UpdateFunctionCode", code)
        wanted = {key: properties.get(key, default) for key, default in CONFIGURATION.items()}
        required = {key: properties[key] for key in REQUIRED & properties.keys()}
        site.call("lambda", "UpdateFunctionConfiguration", {**name, **required, **_renamed(wanted)})
        self._reserve(site, made.physical, properties, old)
        self._tag(site, made, properties, old)
        return made

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        site.remove("lambda", "DeleteFunction", {"FunctionName": made.physical})

    def _reserve(self, site: Site, name: str, new: Properties, old: Properties) -> None:
        key, function = "ReservedConcurrentExecutions", {"FunctionName": name}
        if key in new and new[key] != old.get(key):
            site.call("lambda", "PutFunctionConcurrency", {**function, key: new[key]})
        elif key in old and key not in new:
            site.call("lambda", "DeleteFunctionConcurrency", function)

    def _tag(self, site: Site, made: Made, new: Properties, old: Properties) -> None:
        tags = {tag["Key"]: tag["Value"] for tag in new.get("Tags", [])}
        gone = [tag["Key"] for tag in old.get("Tags", []) if tag["Key"] not in tags]
        resource = {"Resource": made.attributes["Arn"]}
        if gone:
            site.call("lambda", "UntagResource", {**resource, "TagKeys": gone})
        if tags:
            site.call("lambda", "TagResource", {**resource, "Tags": tags})


def _renamed(settings: Properties) -> Properties:
    return {"KMSKeyArn" if key == "KmsKeyArn" else key: value for key, value in settings.items()}


def _code(code: Properties) -> Properties:
    """CloudFormation's inline code is the text of index.py."""
    if isinstance(code.get("ZipFile"), str):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("index.py", code["ZipFile"])
        return {**code, "ZipFile": buffer.getvalue()}
    return code


class LayerVersion(Kind):
    """A version of a layer; every change creates a new version."""

    type = "AWS::Lambda::LayerVersion"
    known = names(
        "LayerName Content Description CompatibleRuntimes CompatibleArchitectures LicenseInfo"
    )
    replacing = known

    def create(self, site: Site, properties: Properties) -> Made:
        request = {"LayerName": site.logical_id, **properties}
        answer = site.call("lambda", "PublishLayerVersion", request)
        arn = answer["LayerVersionArn"]
        return Made(arn, arn, {"LayerVersionArn": arn})

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        layer, _, version = made.physical.rpartition(":")
        request = {"LayerName": layer, "VersionNumber": version}
        site.remove("lambda", "DeleteLayerVersion", request)


class Permission(Kind):
    """One statement of a function's policy."""

    type = "AWS::Lambda::Permission"
    known = names("Action FunctionName Principal SourceAccount SourceArn EventSourceToken")
    replacing = known

    def create(self, site: Site, properties: Properties) -> Made:
        sid = site.name(100)
        site.call("lambda", "AddPermission", {"StatementId": sid, **properties})
        return Made(sid, sid, {"Id": sid})

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        request = {"FunctionName": properties["FunctionName"], "StatementId": made.physical}
        site.remove("lambda", "RemovePermission", request)


class EventSourceMapping(Kind):
    """A queue whose messages a function receives."""

    type = "AWS::Lambda::EventSourceMapping"
    changeable: dict[str, Any] = {  # noqa: RUF012  never changed
        "Enabled": True,
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 0,
        "FunctionResponseTypes": [],
        "ScalingConfig": {},
    }
    known = frozenset(changeable) | names("EventSourceArn FunctionName FilterCriteria Tags")
    replacing = names("EventSourceArn Tags")

    def create(self, site: Site, properties: Properties) -> Made:
        tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
        request = {**properties, "Tags": tags}
        answer = site.call("lambda", "CreateEventSourceMapping", request)
        arn = answer["EventSourceMappingArn"]
        attributes = {"Id": answer["UUID"], "EventSourceMappingArn": arn}
        return Made(answer["UUID"], answer["UUID"], attributes)

    def update(self, site: Site, made: Made, properties: Properties, old: Properties) -> Made:
        settings = {key: properties.get(key, value) for key, value in self.changeable.items()}
        request = {"UUID": made.physical, "FunctionName": properties["FunctionName"], **settings}
        site.call("lambda", "UpdateEventSourceMapping", request)
        return made

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        site.remove("lambda", "DeleteEventSourceMapping", {"UUID": made.physical})


class EventInvokeConfig(PutKind):
    """Retries, age and destinations of asynchronous invocations."""

    type = "AWS::Lambda::EventInvokeConfig"
    known = names(
        "FunctionName Qualifier MaximumRetryAttempts MaximumEventAgeInSeconds DestinationConfig"
    )
    replacing = names("FunctionName Qualifier")

    def put(self, site: Site, name: str, properties: Properties, old: Properties) -> Made:
        site.call("lambda", "PutFunctionEventInvokeConfig", properties)
        return Made(name, name, {})

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        """Go back to the defaults."""
        request = {"FunctionName": properties["FunctionName"]}
        site.remove("lambda", "DeleteFunctionEventInvokeConfig", request)


KINDS = (Function(), LayerVersion(), Permission(), EventSourceMapping(), EventInvokeConfig())
