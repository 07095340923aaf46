"""What may go wrong at one call to AWS, and the names of calls and scenarios."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import Any

from model_dynamodb import refused

WRITES = (
    *("put_", "update_", "delete_", "create_", "copy_", "transact_"),
    *("send_", "publish", "start_", "stop_"),
)

KINDS = {
    "before": "an error instead of the call, once",
    "after": "the call is carried out, and an error reaches the caller",
    "resent": "the call is carried out, its reply is lost, and the SDK sends it again",
    "error": "AccessDenied, as often as it is tried until the execution or delivery has ended",
    "crash": "the call is carried out, then the function dies; its caller tries again",
    "dies": "the same, and the second attempt dies at its first write",
    "stop": "the call is carried out, the function ends, and the execution is stopped",
    "kill": "the call is carried out, the function dies, and the execution is stopped",
    "stoprun": "the same as stop, but the execution of the run is stopped",
    "twice": "the function has done its work, but its caller does not learn of it and repeats it",
    "race": "one more object lands and is recorded just before the call is carried out",
    "gone": "a person deletes the pipeline just before the call is carried out",
    "lost": "the message is accepted and never delivered",
}
OF_FUNCTIONS = ("before", "after", "resent", "error", "crash", "dies", "twice", "race", "gone")
STARTS = ("before", "resent", "error", "stop")
OF_STATES = ("before", "after", "resent", "error", "stop")


class Crash(BaseException):
    """The function dies: nothing in it may catch this and go on as if all were well."""


@dataclass(frozen=True)
class Call:
    """One call to AWS; `name` is the same in every scenario of a path until the fault."""

    name: str
    write: bool
    function: bool  # by a function; else by a state itself
    execution: bool  # on behalf of an execution
    nested: bool  # on behalf of the promotion that a run waits for
    event: bool = False  # an event that AWS delivers, not a call

    @property
    def kinds(self) -> tuple[str, ...]:
        """What may go wrong here."""
        if self.event:
            return ("lost", "twice")
        if not self.write:
            return ("before", "error") if self.function else ("before",)
        if "send_message(" in self.name:
            return (*self._of_caller, "lost")
        return self._of_caller

    @property
    def _of_caller(self) -> tuple[str, ...]:
        if not self.execution:
            return OF_FUNCTIONS
        if not self.function and "start_execution" in self.name:
            return STARTS  # by itself under one name, which Step Functions may repeat
        kinds = (*OF_FUNCTIONS, "stop", "kill") if self.function else OF_STATES
        return (*kinds, "stoprun") if self.nested else kinds


def is_write(operation: str) -> bool:
    return operation.startswith(WRITES) or operation == "invoke"


def throttled(operation: str) -> Exception:
    return refused("ThrottlingException", "Rate exceeded", operation)


def denied(operation: str) -> Exception:
    return refused("AccessDeniedException", "not authorized to perform this", operation)


def lost_reply(operation: str) -> Exception:
    return refused("InternalServerError", "the reply was lost", operation)


class Fault:
    """One fault at the call that matches a name; afterwards everything works."""

    def __init__(self, kind: str, call: str) -> None:
        self.kind, self.call = kind, call
        self.fired = False
        self.caller = self.operation = ""
        self.activity: Any = None
        self.again = False  # the next attempt of the caller dies too

    def meets(self, name: str) -> bool:
        return not self.fired and (name == self.call or fnmatch.fnmatchcase(name, self.call))

    def fire(self, caller: str, operation: str, activity: Any) -> None:
        self.fired, self.caller, self.operation = True, caller, operation
        self.activity = activity
        self.again = self.kind == "dies"

    def still_denies(self, caller: str, operation: str) -> bool:
        same = (caller, operation) == (self.caller, self.operation)
        return self.kind == "error" and self.activity is not None and same

    def kills_again(self, caller: str, *, write: bool) -> bool:
        if not (self.again and write and caller == self.caller and self.activity is not None):
            return False
        self.again = False
        return True

    def end(self, activity: Any) -> None:
        """The execution or delivery in which it happened has ended: a person has seen to it."""
        if activity is self.activity:
            self.activity = None
