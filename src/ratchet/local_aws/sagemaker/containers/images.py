"""Which container an image's URI stands for."""

from __future__ import annotations

import re

from ratchet.local_aws.sagemaker.base import unsupported
from ratchet.local_aws.sagemaker.containers.catalog import CONTAINERS, find_container
from ratchet.local_aws.sagemaker.containers.container import Container

URI = re.compile(
    r"^\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<name>[^/]+)$"
)


def name_of(image: str) -> str:
    """Repository and tag of an image's URI."""
    return image.rpartition("/")[2]


def container_of(image: str | None, region: str, where: str) -> Container:
    """The container of an image of this region's ECR; refuses images that cannot run here."""
    registry = f"<account>.dkr.ecr.{region}.amazonaws.com"
    known = ", ".join(f"{registry}/{name}" for row in CONTAINERS for name in row.images)
    if not image:
        raise unsupported(f"{where} without an image; name {known}")
    found = URI.match(image)
    container = find_container(found["name"]) if found and found["region"] == region else None
    if container is None:
        raise unsupported(f"{where} image {image!r}; local AWS runs {known}")
    framework = container.framework
    if not framework.installed:
        raise unsupported(
            f"{where} image {image!r} without {framework.name}: install it into the Python that "
            f"runs local AWS (the module {framework.module} is missing)"
            + (f": {framework.to_install}" if framework.to_install else "")
        )
    return container
