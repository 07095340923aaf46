"""The framework that a pipeline's script trains with, where it is not installed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ratchet.cli.pipeline_folder import Packed


@dataclass(frozen=True)
class Missing:
    """What is missing, and the command that installs it."""

    what: str
    command: str

    @property
    def remark(self) -> str:
        """For a push, which a local AWS of another Python may be told as well."""
        return (
            f"{self.what} here: its training jobs on a local AWS of this Python would fail."
            f" Install it: {self.command}"
        )


def missing(packed: Packed) -> Missing | None:
    """The framework of its script, unless it is installed or part of what local AWS needs."""
    from ratchet.local_aws.sagemaker.containers.catalog import framework_named

    name = packed.definition["training"].get("framework")
    framework = framework_named(name) if name else None
    if framework is None or framework.installed or not framework.to_install:
        return None
    what = f"{packed.name} trains with {framework.name}, which is not installed"
    return Missing(what, framework.to_install)
