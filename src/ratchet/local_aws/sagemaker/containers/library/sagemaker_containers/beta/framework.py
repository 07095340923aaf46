"""The modules that programs import. Those that only the toolkit itself uses are empty."""

from __future__ import annotations

from dataclasses import dataclass

from ratchet.local_aws.sagemaker.containers import encoding as encoders

__all__ = ["content_types", "encoders", "env", "modules", "transformer", "worker"]


class content_types:  # noqa: N801 - a module in sagemaker-containers
    """The media types that the toolkit knows."""

    JSON, CSV, NPY, ANY = "application/json", "text/csv", "application/x-npy", "*/*"
    UTF8_TYPES = (JSON, CSV)


class worker:  # noqa: N801 - a module in sagemaker-containers
    """What answers requests."""

    @dataclass
    class Response:
        """An answer with its media type."""

        response: object = None
        accept: str | None = None
        status: int = 200
        mimetype: str | None = None


class env:  # noqa: N801 - a module in sagemaker-containers
    """Nothing that a program uses."""


class modules:  # noqa: N801 - a module in sagemaker-containers
    """Nothing that a program uses."""


class transformer:  # noqa: N801 - a module in sagemaker-containers
    """Nothing that a program uses."""
