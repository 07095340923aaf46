"""The context object: what expressions see as `$states.context`, and paths as `$$`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ratchet.workflow.asl.payload import Payload
from ratchet.workflow.asl.timestamps import iso
from ratchet.workflow.interpreter.identity import Identity


@dataclass(frozen=True, slots=True)
class Item:
    """The item that a Map iteration works on.

    `key` is set if the items are the members of an object; `source` says where a distributed Map
    found the item.
    """

    index: int
    value: Payload
    key: str | None = None
    source: str | None = None

    def shown(self, *, bound: bool) -> dict[str, Any]:
        shown = {"Index": self.index, "Value": self.value.bound if bound else self.value.value}
        more = {"Key": self.key, "Source": self.source}
        return {**shown, **{name: value for name, value in more.items() if value is not None}}


class Context:
    """The context object of an execution since its start or its last redrive."""

    def __init__(
        self,
        identity: Identity,
        payload: Payload,
        started: float,
        redrives: int = 0,
        redriven: float | None = None,
    ) -> None:
        """`payload` is the execution's input; times are in epoch seconds."""
        self._identity = identity
        self._input = payload
        self._started = started
        self._redrives = redrives
        self._redriven = redriven
        self._shared: dict[bool, dict[str, Any]] = {}

    def within(self, members: dict[str, Any], *, bound: bool) -> dict[str, Any]:
        """The whole object in one state, whose own members are given.

        `bound` makes the values as JSONata sees them, else they are plain JSON.
        """
        if bound not in self._shared:
            self._shared[bound] = self._of_execution(bound=bound)
        return {**self._shared[bound], **members}

    def _of_execution(self, *, bound: bool) -> dict[str, Any]:
        identity = self._identity
        redriven = {} if self._redriven is None else {"RedriveTime": iso(self._redriven)}
        return {
            "Execution": {
                "Id": identity.arn,
                "Input": self._input.bound if bound else self._input.value,
                "StartTime": iso(self._started),
                "Name": identity.name,
                "RoleArn": identity.role_arn,
                "RedriveCount": self._redrives,
                **redriven,
            },
            "StateMachine": {"Id": identity.machine_arn, "Name": identity.machine_name},
        }
