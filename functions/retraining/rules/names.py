"""Every name and S3 key the service derives, in one place, so that none is spelled twice."""

from __future__ import annotations

import hashlib
import re
from typing import Final

PIPELINE_PATTERN: Final = r"^[a-z][a-z0-9-]{1,23}$"
RESERVED_COLUMNS: Final = ("row_id", "split", "batch")
VARIANT: Final = "serving"  # must never change: AWS ties an endpoint's updates to its name
LONGEST_NAME: Final = 63  # of SageMaker's jobs, models, endpoints and package groups


def is_pipeline(name: str) -> bool:
    """True for a name a pipeline may have."""
    return re.match(PIPELINE_PATTERN, name) is not None and not name.endswith("\n")


def token6(token: int) -> str:
    """A fencing token as it is printed in names and keys."""
    return f"{token:06d}"


def run_id(pipeline: str, token: int) -> str:
    """Id of a run; also the name of its Step Functions execution."""
    return f"{pipeline}-{token6(token)}"


def batch(token: int) -> str:
    """Value of the reserved column `batch`; text, so that no engine reads it as a number."""
    return f"run-{token6(token)}"


def prefix(stack: str, pipeline: str) -> str:
    """Name of what a pipeline has once outside the stack: endpoint, package group, recipe, job."""
    return f"{stack}-{pipeline}"


def check_endpoint(stack: str, pipeline: str) -> str:
    """Name of the short-lived endpoint that answers golden rows before the real one changes."""
    return f"{prefix(stack, pipeline)}-check"


def training_machine(stack: str, pipeline: str) -> str:
    """Name of the state machine by which a pipeline trains, if it has its own."""
    return f"{prefix(stack, pipeline)}-training"


def run_name(stack: str, pipeline: str, token: int) -> str:
    """Name of what a run makes outside the stack: model and endpoint config."""
    return f"{prefix(stack, pipeline)}-{token6(token)}"


def longest_name(stack: str, pipeline: str) -> str:
    """The longest name a run makes: of the transform job that scores the challenger."""
    return f"{run_name(stack, pipeline, 1)}-challenger-10"


def tags(stack: str, pipeline: str) -> dict[str, str]:
    """Tags of everything made outside the stack."""
    return {"ratchet:stack": stack, "ratchet:pipeline": pipeline}


def tag_list(stack: str, pipeline: str) -> list[dict[str, str]]:
    """The same tags in SageMaker's spelling."""
    return [{"Key": key, "Value": value} for key, value in tags(stack, pipeline).items()]


def object_id(key: str, version: str) -> str:
    """Id of an object version in the ledger and in quarantine."""
    return hashlib.sha256(f"{key}\0{version}".encode()).hexdigest()[:32]


def pending_mark(arrived: int, identifier: str) -> str:
    """Sort key of the sparse index of pending objects: oldest first."""
    return f"{arrived:015d}#{identifier}"


def definition_prefix(pipeline: str, content_hash: str) -> str:
    """Key prefix under which push puts a pipeline's folder."""
    return f"pipelines/{pipeline}/{content_hash}"


def run_prefix(pipeline: str, token: int) -> str:
    """Key prefix of everything a run writes, without a trailing slash."""
    return f"runs/{pipeline}/{token6(token)}"


def accepted_prefix(pipeline: str) -> str:
    """Key prefix of all accepted data of a pipeline."""
    return f"accepted/{pipeline}/"


def accepted_batch(pipeline: str, token: int) -> str:
    """Key prefix of the data one run accepted."""
    return f"{accepted_prefix(pipeline)}{batch(token)}/"


def accepted_key(pipeline: str, token: int, chunk: int, position: int) -> str:
    """Key of one accepted object."""
    return f"{accepted_batch(pipeline, token)}chunk-{chunk}-{position}.csv"


def quarantine_prefix(pipeline: str, token: int, identifier: str) -> str:
    """Key prefix of a rejected object's copy and report."""
    return f"quarantine/{pipeline}/{token6(token)}/{identifier}"
