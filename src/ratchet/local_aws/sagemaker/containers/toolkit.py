"""The variables and arguments that a script finds, as the training toolkit composes them.

Source: sagemaker-training-toolkit (`environment.py`, `mapping.py`, `params.py`): a hyperparameter
is text that holds JSON, or itself; those of the platform's own names never reach the script.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "sagemaker_"
PROGRAM, DIRECTORY = "sagemaker_program", "sagemaker_submit_directory"
PLATFORM = (
    PROGRAM, DIRECTORY, "sagemaker_enable_cloudwatch_metrics", "sagemaker_region",
    "sagemaker_container_log_level", "sagemaker_job_name", "default_user_module_name",
    "_tuning_objective_metric", "sagemaker_s3_output",
)  # fmt: skip
"""Hyperparameters that the toolkit keeps (`SAGEMAKER_HYPERPARAMETERS`)."""
LOG_LEVEL = 20


@dataclass(frozen=True)
class Hyperparameters:
    """A job's hyperparameters: `users` are for the script, `platform` for the toolkit."""

    users: dict[str, Any]
    platform: dict[str, Any]

    @property
    def program(self) -> str | None:
        """The script to run; None in algorithm mode."""
        return _text(self.platform.get(PROGRAM))

    @property
    def directory(self) -> str | None:
        """Where the code is: an s3:// URI, or a path below /opt/ml."""
        return _text(self.platform.get(DIRECTORY))


def read_hyperparameters(raw: Mapping[str, str]) -> Hyperparameters:
    """The hyperparameters of a request, decoded and told apart."""
    typed = {name: _decoded(value) for name, value in raw.items()}
    platform = {
        name: value for name, value in typed.items() if name in PLATFORM or name.startswith(PREFIX)
    }
    users = {name: value for name, value in typed.items() if name not in platform}
    return Hyperparameters(users, platform)


def arguments(users: Mapping[str, Any]) -> list[str]:
    """`--name value` for each hyperparameter, by name; `-n value` for a name of one letter."""
    pairs = ((_option(name), _argument(users[name])) for name in sorted(users))
    return [part for pair in pairs for part in pair]


def variables(facts: Mapping[str, Any]) -> dict[str, str]:
    """The facts as SM_ variables: text as it is, anything else as JSON."""
    return {f"SM_{name.upper()}": _variable(value) for name, value in facts.items()}


def of_script(given: Hyperparameters, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the toolkit knows beyond the folders and resources in `facts`."""
    own = {
        "hps": given.users,
        "user_args": arguments(given.users),
        "user_entry_point": given.program,
        "module_name": (given.program or "").removesuffix(".py"),
        "module_dir": given.directory,
        "log_level": given.platform.get("sagemaker_container_log_level", LOG_LEVEL),
        "framework_params": {
            name: value for name, value in given.platform.items() if name not in PLATFORM
        },
        **{f"hp_{name}": value for name, value in given.users.items()},
    }
    described = {**facts, "hyperparameters": given.users, "user_entry_point": given.program}
    return {**own, "training_env": described}


def _decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _option(name: str) -> str:
    return f"--{name}" if len(name) > 1 else f"-{name}"


def _argument(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}={value[key]}" for key in sorted(value))
    return "" if value is None else str(value)


def _variable(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
