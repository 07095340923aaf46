"""ARNs and names, and AWS's rules for them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ratchet.local_aws.door.errors import ServiceError

# Characters that a name must not contain (API reference of StartExecution).
_FORBIDDEN = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")
_MACHINE = re.compile(r"^arn:aws[\w-]*:states:[\w-]+:\d{12}:stateMachine:[^:/]+$")
_EXECUTION = re.compile(r"^arn:aws[\w-]*:states:[\w-]+:\d{12}:execution:[^:]+:[^:]+$")
_MAP_RUN = re.compile(r"^arn:aws[\w-]*:states:[\w-]+:\d{12}:mapRun:[^:/]+/[^:]+:[^:]+$")
_QUALIFIED = re.compile(r"^(arn:aws[\w-]*:states:[\w-]+:\d{12}:stateMachine:[^:/]+):[\w-]+$")


@dataclass(frozen=True, slots=True)
class Names:
    """Builds ARNs for one account and region."""

    region: str
    account: str

    @property
    def _prefix(self) -> str:
        return f"arn:aws:states:{self.region}:{self.account}"

    def machine(self, name: str) -> str:
        return f"{self._prefix}:stateMachine:{name}"

    def execution(self, machine: str, name: str) -> str:
        return f"{self._prefix}:execution:{machine}:{name}"


def valid_name(name: str) -> str:
    """The name if it is valid; else raises InvalidName like AWS."""
    if not name or len(name) > 80 or _FORBIDDEN.search(name):
        raise ServiceError("InvalidName", f"Invalid Name: '{name}'")
    return name


def machine_arn(arn: str) -> str:
    """The ARN of a machine if it is valid; versions and aliases do not exist here."""
    if _QUALIFIED.match(arn):
        raise ServiceError(
            "StateMachineDoesNotExist",
            f"State Machine Does Not Exist: '{arn}'. Local AWS has no versions and aliases; "
            "use the ARN without its last part",
        )
    if not _MACHINE.match(arn):
        raise invalid_arn(arn)
    return arn


def execution_arn(arn: str) -> str:
    if not _EXECUTION.match(arn):
        raise invalid_arn(arn)
    return arn


def map_run_arn(arn: str) -> str:
    if not _MAP_RUN.match(arn):
        raise invalid_arn(arn)
    return arn


def invalid_arn(arn: str) -> ServiceError:
    return ServiceError("InvalidArn", f"Invalid Arn: '{arn}'")
