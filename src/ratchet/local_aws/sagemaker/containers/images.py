"""Which container an image's URI stands for."""

from __future__ import annotations

import re

from ratchet.local_aws.sagemaker.base import unsupported
from ratchet.local_aws.sagemaker.containers.catalog import CONTAINERS
from ratchet.local_aws.sagemaker.containers.container import Container

URI = re.compile(
    r"^\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<name>[^/]+)$"
)


def container_of(image: str | None, region: str, where: str) -> Container:
    """The container of an image of this region's ECR; refuses images that cannot run here."""
    registry = f"<account>.dkr.ecr.{region}.amazonaws.com"
    known = ", ".join(f"{registry}/{name}" for name in CONTAINERS)
    if not image:
        raise unsupported(f"{where} without an image; name {known}")
    found = URI.match(image)
    container = CONTAINERS.get(found["name"]) if found and found["region"] == region else None
    if container is None:
        raise unsupported(f"{where} image {image!r}; local AWS runs {known}")
    return container
