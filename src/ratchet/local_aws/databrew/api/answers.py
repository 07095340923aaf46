"""DataBrew's errors, and how it pages lists."""

from __future__ import annotations

import re
from typing import Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.shared.listing import Pager

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .-]{0,254}")


def invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


def not_found(what: str, name: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", f"{what} {name} was not found.", 404)


def conflict(message: str) -> ServiceError:
    return ServiceError("ConflictException", message, 409)


def checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise invalid(
            f"Name {name!r} is not valid: letters, digits, hyphen, period and space, up to 255"
        )
    return name


def refuse(request: dict[str, Any], *keys: str) -> None:
    """Refuse by name what local AWS would otherwise ignore."""
    for key in keys:
        if request.get(key):
            raise invalid(f"{key} is not supported on local AWS; leave it out")


PAGES = Pager(lambda token: invalid(f"NextToken {token!r} is not valid."))
