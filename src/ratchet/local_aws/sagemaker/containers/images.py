"""Which container image local AWS can run: built-in XGBoost, in the version installed here."""

from __future__ import annotations

import re

from ratchet.local_aws.sagemaker.base import unsupported

XGBOOST = "sagemaker-xgboost:3.2-0"
IMAGE = re.compile(
    r"^\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<name>[^/]+)$"
)


def check_image(image: str | None, region: str, where: str) -> None:
    """Raise unless it is the supported image of this region's ECR."""
    expected = f"<account>.dkr.ecr.{region}.amazonaws.com/{XGBOOST}"
    if not image:
        raise unsupported(f"{where} without an image; name {expected}")
    found = IMAGE.match(image)
    if found is None or found["name"] != XGBOOST or found["region"] != region:
        raise unsupported(f"{where} image {image!r}; the one image it runs is {expected}")
