"""The error that living services raise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class ServiceError(Exception):
    """An error that AWS itself would answer with; rendered in the service's own protocol.

    `code` is the error's name in the service's model. `status` is the HTTP status where the model
    names none. `members` are further members of the modelled error, such as `OriginalStatusCode`
    of a SageMaker ModelError. `query_code` is what clients show instead of `code`, for a service
    that once spoke the query protocol.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        members: Mapping[str, Any] | None = None,
        query_code: str = "",
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = dict(members or {})
        self.query_code = query_code
