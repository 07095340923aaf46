"""botocore's service models, read without credentials."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def session() -> Any:
    """One botocore session without credentials: it only reads service models."""
    import botocore.session

    return botocore.session.get_session()


@cache
def actions(service: str) -> dict[str, str]:
    """Action as ASL writes it (`createTrainingJob`) -> operation, for a botocore service."""
    names = session().get_service_model(service).operation_names
    return {name[:1].lower() + name[1:]: name for name in names}
