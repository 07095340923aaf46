"""What the living services may ask of the local AWS they run in, and no more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ratchet.local_aws.running.clock import Clock
    from ratchet.local_aws.running.processes import Processes


class Clients(Protocol):
    """Gives clients of the other services."""

    def client(self, service: str) -> Any:
        """A boto3 client to this local AWS, made once; safe to share between threads."""


class Children(Protocol):
    """Starts child processes, and ends them in time."""

    @property
    def processes(self) -> Processes:
        """Starts children and ends them with local AWS."""

    @property
    def clock(self) -> Clock:
        """The time, which tests can turn."""

    def child_environment(self) -> dict[str, str]:
        """The environment of any child: our endpoint, dummy keys, nothing of the user's."""


class Host(Clients, Children, Protocol):
    """What a living service runs on."""

    @property
    def region(self) -> str:
        """The Region that it plays."""

    @property
    def account(self) -> str:
        """The account id."""

    @property
    def endpoint(self) -> str:
        """The URL that answers all services."""

    @property
    def folder(self) -> Path:
        """The work folder, removed in the end; each service makes its own in it."""

    @property
    def services(self) -> Mapping[str, Any]:
        """The living services by signing name, for the few that work together."""

    def emit(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        """Put an event of an AWS service on the default bus; it is delivered in the background."""
