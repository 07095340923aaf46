"""The tags of what exists in SageMaker, which say whose it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from retraining.rules.names import Names
from retraining.rules.ownership import require_ours


class Ownership:
    """Asks SageMaker for the tags of what exists under a name that this stack makes."""

    def __init__(self, sagemaker: Any, names: Callable[[], Names]) -> None:
        self._sagemaker, self._names = sagemaker, names

    def require(self, kind: str, name: str, arn: str) -> None:
        """Raise NotOurs unless it carries the tags that we would have given it."""
        pages = self._sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
        found = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
        require_ours(f"{kind} {name}", found, self._names().tags_of(name))
