"""The part of local AWS that living services see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ratchet.local_aws.running.clock import Clock
    from ratchet.local_aws.running.processes import Processes


class Clients(Protocol):
    """Provides clients of the other services."""

    def client(self, service: str) -> Any:
        """A boto3 client of this local AWS, created once; safe to share between threads."""


class Children(Protocol):
    """What it takes to start child processes and to end them in time."""

    @property
    def processes(self) -> Processes:
        """Starts children, and ends them with local AWS."""

    @property
    def clock(self) -> Clock:
        """The time, which tests can turn."""

    def child_environment(self) -> dict[str, str]:
        """The environment of every child: our endpoint, dummy keys, nothing of the user's."""


class Host(Clients, Children, Protocol):
    """The local AWS that a living service runs in."""

    @property
    def region(self) -> str:
        """The Region it simulates."""

    @property
    def account(self) -> str:
        """The account id."""

    @property
    def endpoint(self) -> str:
        """The URL of all services."""

    @property
    def folder(self) -> Path:
        """The work folder, removed at the end; each service has its own in it."""

    @property
    def services(self) -> Mapping[str, Any]:
        """The living services by signing name, for those that call each other directly."""

    def emit(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        """Put an event of an AWS service on the default bus; it is delivered in the background."""
