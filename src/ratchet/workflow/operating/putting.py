"""Functions and Glue jobs that are created, or updated where one of that name exists."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

_MODULE = "function"
_FUNCTION = {"Runtime": "python3.13", "Handler": f"{_MODULE}.handler"}
_JOB = {"GlueVersion": "5.1", "WorkerType": "G.1X", "NumberOfWorkers": 2}


def put_function(client: Any, name: str, code: str, role: str, settings: Mapping[str, Any]) -> str:
    """Returns the function's ARN once Lambda can call it with this code and these settings.

    An update is refused while another one is under way (developer guide, Lambda function states),
    so each is waited for. Architectures and Publish go with the code (UpdateFunctionCode).
    """
    archive = _zipped(code)
    wanted = {"FunctionName": name, "Role": role, **_FUNCTION, **settings}
    try:
        made = client.create_function(**wanted, Code={"ZipFile": archive})
        client.get_waiter("function_active_v2").wait(FunctionName=name)
    except client.exceptions.ResourceConflictException:
        updated = client.get_waiter("function_updated_v2")
        found = client.get_function_configuration(FunctionName=name)
        if found.get("LastUpdateStatus") == "InProgress":  # the waiter raises after a failed one
            updated.wait(FunctionName=name)
        configured, coded = (
            _changeable(client, "CreateFunction", _members(client, operation), wanted)
            for operation in ("UpdateFunctionConfiguration", "UpdateFunctionCode")
        )
        client.update_function_configuration(**configured)
        updated.wait(FunctionName=name)
        made = client.update_function_code(**coded, ZipFile=archive)
        updated.wait(FunctionName=name)
    return str(made["FunctionArn"])


def put_glue_job(
    client: Any, name: str, script: str, role: str, settings: Mapping[str, Any]
) -> str:
    """Returns the job's name. `script` is a URI."""
    command = {"Name": "glueetl", "ScriptLocation": script, "PythonVersion": "3"}
    wanted = {"Role": role, "Command": command, **_JOB, **settings}
    try:
        taken = _members(client, "UpdateJob")["JobUpdate"].members
        client.update_job(JobName=name, JobUpdate=_changeable(client, "CreateJob", taken, wanted))
    except client.exceptions.EntityNotFoundException:
        client.create_job(Name=name, **wanted)
    return name


def _changeable(
    client: Any, creation: str, taken: Mapping[str, Any], wanted: Mapping[str, Any]
) -> dict[str, Any]:
    """Without what can be said at creation alone, such as tags; what is misspelt stays in."""
    fixed = _members(client, creation).keys() - taken.keys()
    return {key: value for key, value in wanted.items() if key not in fixed}


def _members(client: Any, operation: str) -> Mapping[str, Any]:
    """The shapes of an operation's parameters."""
    shape = client.meta.service_model.operation_model(operation).input_shape
    found: Mapping[str, Any] = shape.members
    return found


def _zipped(code: str) -> bytes:
    """A deployment package whose bytes depend on nothing but the code."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(f"{_MODULE}.py"), code)
    return packed.getvalue()
