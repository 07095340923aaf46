"""A function that dies before or after any of its writes to AWS."""

from __future__ import annotations

from typing import Any

from retraining.adapters import clients

WRITES = {
    "dynamodb": ["PutItem", "UpdateItem"],
    "s3": ["PutObject", "CopyObject", "DeleteObjects"],
    "sqs": ["SendMessage"],
    "sns": ["Publish"],
    "stepfunctions": ["StartExecution"],
}


class Crash(BaseException):
    """The function dies: nothing in it may catch this and go on as if all were well."""


class Faults:
    """Kills a function before or after its n-th write."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.after = False

    def __enter__(self) -> Faults:
        for service, operations in WRITES.items():
            events = clients.client(service).meta.events
            for operation in operations:
                events.register(f"before-call.{service_id(service)}.{operation}", self.before)
                events.register(f"after-call.{service_id(service)}.{operation}", self.behind)
        return self

    def __exit__(self, *_: object) -> None:
        for service, operations in WRITES.items():
            events = clients.client(service).meta.events
            for operation in operations:
                events.unregister(f"before-call.{service_id(service)}.{operation}", self.before)
                events.unregister(f"after-call.{service_id(service)}.{operation}", self.behind)

    def before(self, **_: Any) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Crash

    def behind(self, **_: Any) -> None:
        if self.after and self.left is not None and self.left <= 0:  # writes run side by side
            raise Crash


def service_id(name: str) -> str:
    return {"stepfunctions": "sfn"}.get(name, name)
