"""The containers that local AWS can run: every folder here that has a `container` module."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from ratchet.local_aws.sagemaker import containers
from ratchet.local_aws.sagemaker.containers.container import Container


def _installed() -> dict[str, Container]:
    folders = [found.name for found in iter_modules(containers.__path__) if found.ispkg]
    modules = [import_module(f"{containers.__name__}.{name}.container") for name in folders]
    rows: list[Container] = [module.CONTAINER for module in modules]
    return {row.image: row for row in rows}


CONTAINERS = _installed()
"""By image: repository and tag."""
