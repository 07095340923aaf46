"""Names and keys that the service gives what it stores, as the CLI reads and writes them.

They are the service's own (tests/wall hold them equal); the CLI never imports its code.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

PIPELINE_NAME: Final = re.compile(r"[a-z](-?[a-z0-9])+")
"""Names a pipeline may have, if they are as long as this."""

PIPELINE_LENGTH: Final = range(2, 25)


def is_pipeline(name: str) -> bool:
    """True for a name a pipeline may have."""
    return len(name) in PIPELINE_LENGTH and PIPELINE_NAME.fullmatch(name) is not None


def run_id(pipeline: str, token: int) -> str:
    """'<pipeline>-000001', which is also the execution's name."""
    return f"{pipeline}-{padded(token)}"


def run_item(token: int) -> str:
    """The ledger's item of a run, in the partition of its pipeline."""
    return f"run#{padded(token)}"


def object_item(key: str, version: str) -> str:
    """The ledger's item of one object version, in the partition of its pipeline."""
    return "object#" + hashlib.sha256(f"{key}\0{version}".encode()).hexdigest()[:32]


def run_prefix(pipeline: str, token: int) -> str:
    """Where a run's files are in the work bucket, without a slash at the end."""
    return f"runs/{pipeline}/{padded(token)}"


def quarantine_prefix(pipeline: str, token: int) -> str:
    """Where the objects are that a run rejected, with a slash at the end."""
    return f"quarantine/{pipeline}/{padded(token)}/"


def landing_prefix(root: str, pipeline: str) -> str:
    """Key prefix under which a pipeline's data lands, in the stack's part of the bucket."""
    return f"{root}{pipeline}/"


def definition_prefix(pipeline: str, content_hash: str) -> str:
    """Where push puts a pipeline's folder, without a slash at the end."""
    return f"pipelines/{pipeline}/{content_hash}"


def definition_file(name: str) -> str:
    """Where a file lies that transform.py reads, below the pushed folder."""
    return f"files/{name}"


def padded(token: int) -> str:
    """A fencing token as it is printed in names and keys."""
    return f"{token:06d}"
