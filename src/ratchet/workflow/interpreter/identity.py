"""The names of an execution."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """The names of an execution. The defaults are for runs outside any AWS."""

    arn: str = "arn:aws:states:us-east-1:123456789012:execution:machine:execution"
    name: str = "execution"
    machine_arn: str = "arn:aws:states:us-east-1:123456789012:stateMachine:machine"
    machine_name: str = "machine"
    role_arn: str = "arn:aws:iam::123456789012:role/machine"
    region: str = "us-east-1"
