"""Functions and layer versions as immutable values, and Lambda's errors."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.shared.listing import Pager

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ratchet.local_aws.lambda_.archives import Archive

RUNTIMES = tuple(f"python3.{minor}" for minor in range(10, 15))
RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)
"""Variables that AWS refuses in a function's configuration."""
ENVIRONMENT_LIMIT = 4096
LAYER_LIMIT = 5
TIMEOUT_LIMIT = 900
UNSUPPORTED = (
    "ImageConfig",
    "FileSystemConfigs",
    "CodeSigningConfigArn",
    "CapacityProviderConfig",
    "DurableConfig",
    "TenancyConfig",
    "Publish",
    "PublishTo",
)
SETTINGS: Mapping[str, Any] = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "DeadLetterConfig": None,
    "KMSKeyArn": None,
    "TracingConfig": {"Mode": "PassThrough"},
    "EphemeralStorage": {"Size": 512},
}
"""Settings that are stored and returned as given, with AWS's defaults."""


def timestamp() -> str:
    """Now, as Lambda writes it: 2026-01-31T12:00:00.000+0000."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def new_revision() -> str:
    """A revision id: every change of a function gets one."""
    return str(uuid.uuid4())


@dataclass(frozen=True)
class LayerVersion:
    """One version of a layer."""

    arn: str
    version: int
    archive: Archive
    request: dict[str, Any]
    created: str

    @property
    def layer_arn(self) -> str:
        """The ARN without the version."""
        return self.arn.rpartition(":")[0]


@dataclass(frozen=True)
class Logging:
    """Where a function's log goes, and how. `level` is the lowest that JSON logs contain."""

    group: str
    own_group: bool
    is_json: bool = False
    level: str = "INFO"

    @classmethod
    def of(cls, function: str, config: Mapping[str, Any]) -> Logging:
        """From a request's LoggingConfig. As on AWS, only JSON logs have a level."""
        is_json = config.get("LogFormat", "Text") == "JSON"
        if "ApplicationLogLevel" in config and not is_json:
            raise invalid("ApplicationLogLevel needs LogFormat JSON.")
        group = config.get("LogGroup") or f"/aws/lambda/{function}"
        level = config.get("ApplicationLogLevel", "INFO")
        return cls(group, not config.get("LogGroup"), is_json, level)

    def describe(self) -> dict[str, str]:
        """In the API's shape."""
        if not self.is_json:
            return {"LogFormat": "Text", "LogGroup": self.group}
        levels = {"ApplicationLogLevel": self.level, "SystemLogLevel": "INFO"}
        return {"LogFormat": "JSON", "LogGroup": self.group, **levels}

    def environment(self) -> dict[str, str]:
        """The variables that the runtime reads."""
        if not self.is_json:
            return {"AWS_LAMBDA_LOG_FORMAT": "Text"}
        return {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": self.level}


@dataclass(frozen=True)
class Function:
    """A function as configured; a change makes a new value with a new revision."""

    name: str
    arn: str
    role: str
    runtime: str
    handler: str
    archive: Archive
    layers: tuple[LayerVersion, ...]
    variables: dict[str, str]
    settings: dict[str, Any]
    architectures: tuple[str, ...]
    logging: Logging
    modified: str = field(default_factory=timestamp)
    revision: str = field(default_factory=new_revision)

    @property
    def timeout(self) -> int:
        """Seconds until an invocation is stopped."""
        return int(self.settings["Timeout"])

    @property
    def memory(self) -> int:
        """Memory size in MB; reported, not enforced."""
        return int(self.settings["MemorySize"])

    def describe(self) -> dict[str, Any]:
        """The function's configuration in the API's shape."""
        described: dict[str, Any] = {
            "FunctionName": self.name,
            "FunctionArn": self.arn,
            "Runtime": self.runtime,
            "Role": self.role,
            "Handler": self.handler,
            "CodeSize": self.archive.size,
            "CodeSha256": self.archive.sha256,
            "LastModified": self.modified,
            "Version": "$LATEST",
            "RevisionId": self.revision,
            "PackageType": "Zip",
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "Architectures": list(self.architectures),
            "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
            "LoggingConfig": self.logging.describe(),
            **{key: value for key, value in self.settings.items() if value is not None},
        }
        if self.variables:
            described["Environment"] = {"Variables": self.variables}
        if self.layers:
            described["Layers"] = [
                {"Arn": layer.arn, "CodeSize": layer.archive.size} for layer in self.layers
            ]
        return described


def invalid(message: str) -> ServiceError:
    """AWS's error for an invalid value."""
    return ServiceError("InvalidParameterValueException", message)


def not_found(what: str) -> ServiceError:
    """AWS's error for something that does not exist."""
    return ServiceError("ResourceNotFoundException", what, 404)


def pages(size: int) -> Pager:
    """How Lambda pages a list; `size` is both the default and the maximum."""
    return Pager(
        lambda marker: invalid(f"Invalid Marker {marker}"),
        size,
        size_member="MaxItems",
        request_member="Marker",
        answer_member="NextMarker",
    )


def unsupported(what: str) -> ServiceError:
    """The error for what local AWS does not support."""
    return ServiceError("NotSupportedByLocalAws", f"local AWS does not support {what}", 501)


def check_supported(request: Mapping[str, Any]) -> None:
    """Refuse, by name, settings of a function that AWS or local AWS does not accept."""
    if request.get("Timeout", 1) > TIMEOUT_LIMIT:
        raise ServiceError(
            "ValidationException",
            f"1 validation error detected: Value '{request['Timeout']}' at 'timeout' failed to "
            f"satisfy constraint: Member must have value less than or equal to {TIMEOUT_LIMIT}",
        )
    for key in UNSUPPORTED:
        if request.get(key):
            raise unsupported(f"{key} of a Lambda function: remove it")
    if request.get("PackageType", "Zip") != "Zip":
        raise unsupported("PackageType Image: provide the code as a zip")
    if request.get("SnapStart", {}).get("ApplyOn", "None") != "None":
        raise unsupported("SnapStart of a Lambda function: remove it")
    if any(request.get("VpcConfig", {}).get(key) for key in ("SubnetIds", "SecurityGroupIds")):
        raise unsupported("VpcConfig of a Lambda function: leave subnets and groups empty here")
    if request.get("LoggingConfig", {}).get("SystemLogLevel", "INFO") != "INFO":
        raise unsupported("LoggingConfig SystemLogLevel other than INFO: remove it")


def check_runtime(runtime: str | None) -> str:
    """The runtime, if it is Python."""
    if runtime not in RUNTIMES:
        raise unsupported(f"runtime {runtime}: use one of {', '.join(RUNTIMES)}")
    return runtime


def check_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """A function's variables, under AWS's rules for names and size."""
    reserved = sorted(RESERVED & variables.keys())
    if reserved:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            f"for modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    wrong = [name for name in variables if not re.fullmatch(r"[a-zA-Z]\w+", name)]
    if wrong:
        raise invalid(f"environment variable {wrong[0]!r} is not a valid name; use [a-zA-Z]\\w+")
    if sum(len(k.encode()) + len(v.encode()) for k, v in variables.items()) > ENVIRONMENT_LIMIT:
        raise invalid("environment variables exceed the 4KB limit")
    return dict(variables)
