"""The clients that functions get: every call goes through the world, under a name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def label(service: str, request: Any) -> str:
    """What a call is about, in a word that is the same in every run."""
    if service == "dynamodb":
        return _ledger_label(request)
    if service == "s3":
        return _object_label(str(request.get("Key") or request.get("Prefix") or "objects"))
    name = str(request.get("EndpointName") or request.get("EndpointConfigName") or "")
    return "" if not name else "check" if name.endswith("-check") else "live"


def _ledger_label(request: Any) -> str:
    if "TransactItems" in request:
        parts = [next(iter(part.values())) for part in request["TransactItems"]]
        return " and ".join(_ledger_label(part) for part in parts)
    key = request.get("Key") or request.get("Item")
    if key is None:
        return str(request.get("IndexName") or "items")
    item, partition = key["item"]["S"], key["pipeline"]["S"]
    return str(item.partition("#")[0] if partition != "#registrations" else "registration")


def _object_label(key: str) -> str:
    parts = key.split("/")
    if parts[0] == "runs":
        return "/".join(parts[3:])
    return f"{parts[0]}/{parts[-1]}" if parts[0] == "quarantine" else parts[0]


class Frame:
    """Who calls AWS just now: a function's invocation or a state."""

    def __init__(self, caller: str, *, function: bool, execution: Any) -> None:
        self.caller, self.function, self.execution = caller, function, execution
        self.dead = self.repeat = False


class ReplyLost(Exception):
    """The function has done its work, but its caller does not learn of it."""


class Client:
    """A service's client, every call of which goes through World.call."""

    def __init__(self, world: Any, service: str, fake: Any) -> None:
        self._world, self._service, self._fake = world, service, fake

    def __getattr__(self, operation: str) -> Any:
        carry_out = getattr(self._fake, operation, None)
        if operation.startswith("_"):
            raise AttributeError(operation)
        if carry_out is None:
            raise NotImplementedError(
                f"the model check has no {self._service}.{operation} yet: add it to its fake"
            )

        def call(**request: Any) -> Any:
            made = self._world.call
            return made(self._service, operation, request, lambda: carry_out(**request))

        return call

    def get_paginator(self, operation: str) -> Any:
        return Paginator(self._world, self._service, self._fake, operation)


class Paginator:
    """All pages, as one call."""

    def __init__(self, world: Any, service: str, fake: Any, operation: str) -> None:
        self._world, self._service, self._fake = world, service, fake
        self._operation = operation

    def paginate(self, **request: Any) -> Iterator[Any]:
        def carry_out() -> list[Any]:
            return list(self._fake.paginate(self._operation, dict(request)))

        yield from self._world.call(self._service, self._operation, request, carry_out)


class Inline:
    """Does side by side work one after the other: a scenario is the same every time."""

    def __init__(self, *_: Any) -> None: ...

    def __enter__(self) -> Inline:
        return self

    def __exit__(self, *_: object) -> None: ...

    def map(self, work: Callable[[Any], Any], items: Any) -> Iterator[Any]:
        return map(work, items)
