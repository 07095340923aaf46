"""Job definitions: what local AWS can run, and what it refuses by name."""

from __future__ import annotations

from typing import Any

from ratchet.local_aws.door.errors import ServiceError

VERSIONS = ("5.1", "5.0")  # 5.1 is Spark 3.5.6, the one that runs here; 5.0 is Spark 3.5.4
DEFAULT_TIMEOUT_MINUTES = 480  # documented default of Glue 5

_REFUSED = (
    "CodeGenConfigurationNodes",
    "Connections",
    "JobRunQueuingEnabled",
    "MaintenanceWindow",
    "MaxRetries",
    "NotificationProperty",
    "SecurityConfiguration",
    "SourceControlDetails",
)
_REFUSED_ARGUMENTS = (
    "--additional-python-modules",
    "--conf",
    "--datalake-formats",
    "--enable-glue-datacatalog",
    "--extra-files",
    "--extra-jars",
    "--python-modules-installer-option",
)
_NO_BOOKMARKS = "job-bookmark-disable"


def invalid(message: str) -> ServiceError:
    return ServiceError("InvalidInputException", message)


def checked(definition: dict[str, Any]) -> dict[str, Any]:
    """A definition with AWS's defaults; what cannot run here is refused by name and value."""
    for key in _REFUSED:
        if definition.get(key):
            raise invalid(f"{key} is not supported on local AWS; leave it out")
    if definition.get("ExecutionClass", "STANDARD") != "STANDARD":
        raise invalid("ExecutionClass FLEX is not supported on local AWS; use STANDARD")
    _check_command(definition)
    _check_capacity(definition)
    for arguments in ("DefaultArguments", "NonOverridableArguments"):
        check_arguments(definition.get(arguments) or {})
    defaults = {
        "ExecutionProperty": {"MaxConcurrentRuns": 1},
        "Timeout": DEFAULT_TIMEOUT_MINUTES,
        "MaxRetries": 0,
        "DefaultArguments": {},
    }
    return defaults | definition


def check_arguments(arguments: dict[str, str]) -> None:
    """Refuse arguments that have an effect on Glue but not here."""
    for name in _REFUSED_ARGUMENTS:
        if arguments.get(name, "false") != "false":
            raise invalid(f"Argument {name} is not supported on local AWS; leave it out")
    bookmark = arguments.get("--job-bookmark-option", _NO_BOOKMARKS)
    if bookmark != _NO_BOOKMARKS:
        raise invalid(f"--job-bookmark-option {bookmark} is not supported on local AWS")
    if arguments.get("--job-language", "python") != "python":
        raise invalid("--job-language must be python on local AWS")


def merged_arguments(job: dict[str, Any], given: dict[str, str]) -> dict[str, str]:
    """The run's arguments override the defaults, NonOverridableArguments both, as documented."""
    fixed = job.get("NonOverridableArguments") or {}
    return {**job["DefaultArguments"], **given, **fixed}


def is_spark(job: dict[str, Any]) -> bool:
    return bool(job["Command"]["Name"] == "glueetl")


def _check_command(definition: dict[str, Any]) -> None:
    command = definition["Command"]
    kind, script = command.get("Name"), command.get("ScriptLocation", "")
    if kind not in ("glueetl", "pythonshell"):
        raise invalid(f"Command {kind!r} is not supported on local AWS; use glueetl or pythonshell")
    if not script.startswith("s3://"):
        raise invalid(f"Command.ScriptLocation must be an s3:// path, not {script!r}")
    version = definition.get("GlueVersion")
    if kind == "glueetl" and version not in VERSIONS:
        raise invalid(
            f"GlueVersion {version!r} is not supported on local AWS; use {' or '.join(VERSIONS)}"
        )


def _check_capacity(definition: dict[str, Any]) -> None:
    by_worker = definition.get("WorkerType") or definition.get("NumberOfWorkers")
    if definition.get("MaxCapacity") and by_worker:
        raise invalid(
            "Please do not set Max Capacity together with Worker Type or Number of Workers."
        )
