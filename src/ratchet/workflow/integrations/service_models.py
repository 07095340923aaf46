"""botocore's service models, read without credentials."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """An API operation: botocore's service name and the operation name."""

    service: str
    name: str


@cache
def session() -> Any:
    """A botocore session that only reads service models and needs no credentials."""
    import botocore.session

    return botocore.session.get_session()


@cache
def service_names() -> frozenset[str]:
    """The services that botocore has models for."""
    return frozenset(session().get_available_services())


@cache
def actions(service: str) -> dict[str, str]:
    """Action as ASL writes it (`createTrainingJob`) -> operation, for a botocore service."""
    names = session().get_service_model(service).operation_names
    return {name[:1].lower() + name[1:]: name for name in names}


@cache
def operation_model(operation: Operation) -> Any:
    """botocore's model of an operation, or None if there is none."""
    if operation.service not in service_names():
        return None
    model = session().get_service_model(operation.service)
    known = operation.name in model.operation_names
    return model.operation_model(operation.name) if known else None
