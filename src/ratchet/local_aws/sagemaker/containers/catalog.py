"""The containers that local AWS can run: every folder here that has a `container` module."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from ratchet.local_aws.sagemaker import containers
from ratchet.local_aws.sagemaker.containers.container import Container, Framework


def _installed() -> tuple[Container, ...]:
    folders = [
        f"{containers.__name__}.{found.name}.container"
        for found in iter_modules(containers.__path__)
        if found.ispkg
    ]
    modules = [import_module(name) for name in folders if find_spec(name)]
    return tuple(row for module in modules for row in module.CONTAINERS)


CONTAINERS = _installed()


def find_container(image: str) -> Container | None:
    """The container of an image (repository and tag); None if local AWS has none."""
    return next((row for row in CONTAINERS if row.is_named(image)), None)


def framework_named(name: str) -> Framework:
    """The framework that pipeline.yaml calls so: its folder here has the same name."""
    module = import_module(f"{containers.__name__}.{name}.container")
    found: Framework = module.CONTAINERS[0].framework
    return found


def container_named(image: str) -> Container:
    """The container of an image that is known to have one."""
    found = find_container(image)
    if found is None:
        raise KeyError(image)
    return found
