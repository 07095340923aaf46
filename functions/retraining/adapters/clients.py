"""AWS clients: one of each per process, with retries that a state's own Retry backs up."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 4},
    connect_timeout=5,
    max_pool_connections=20,
)


@cache
def client(service: str) -> Any:
    """The client of a service."""
    make: Any = boto3.client
    return make(service, config=CONFIG)


def code(error: ClientError) -> str:
    """The error's code, such as ConditionalCheckFailedException."""
    return str(error.response.get("Error", {}).get("Code", ""))


def message(error: ClientError) -> str:
    """The error's message."""
    return str(error.response.get("Error", {}).get("Message", ""))
