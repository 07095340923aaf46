"""What a container finds when it starts: the model's artifact, the code of script mode, variables.

On AWS the container's toolkit fetches the code from within the container, by the model's role.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ratchet.local_aws.sagemaker.base import Answer, bucket_and_key, unsupported
from ratchet.local_aws.sagemaker.containers.container import Framework
from ratchet.local_aws.sagemaker.containers.opt_ml import THERE
from ratchet.local_aws.sagemaker.containers.scripts import (
    DEFAULT_ACCEPT,
    DIRECTORY,
    PROGRAM,
    is_wanted,
)
from ratchet.local_aws.shared.transfer import exists, fetch

TOOLKIT = (
    PROGRAM, DIRECTORY, DEFAULT_ACCEPT, "SAGEMAKER_REGION", "SAGEMAKER_CONTAINER_LOG_LEVEL",
    "SAGEMAKER_MODEL_SERVER_TIMEOUT", "SAGEMAKER_MODEL_SERVER_WORKERS",
)  # fmt: skip
"""Variables of the container's toolkit that have their effect here, or none that shows."""


class NoCode(Exception):
    """The container cannot get the code that the model's environment names."""


@dataclass(frozen=True)
class Placed:
    """What a container's process starts with; `code` is None in algorithm mode."""

    archive: Path
    code: Path | None
    environment: dict[str, str]


def check_environment(environment: dict[str, str], framework: Framework) -> None:
    """Refuse variables that would be ignored here; in algorithm mode those are all."""
    script = is_wanted(framework, environment)
    for name in environment:
        theirs = name.startswith("SAGEMAKER_")
        if name not in TOOLKIT and (theirs or not script):
            raise unsupported(f"PrimaryContainer Environment {name}; leave it out")
    if framework.code_in_archive:
        return
    if script != (DIRECTORY in environment):
        raise unsupported(f"PrimaryContainer Environment with one of {PROGRAM} and {DIRECTORY}")
    if script and not environment[DIRECTORY].startswith(f"{THERE}/model"):
        bucket_and_key(environment[DIRECTORY])


def place(s3: Any, model: Answer, framework: Framework, folder: Path) -> Placed:
    """Fetch what the model's record names into the folder; raises NoCode."""
    container = model["PrimaryContainer"]
    archive, environment = folder / "model.tar.gz", dict(container.get("Environment", {}))
    fetch(s3, *bucket_and_key(container["ModelDataUrl"]), archive)
    place = environment.get(DIRECTORY, "")
    if framework.code_in_archive or not place.startswith("s3://"):
        return Placed(archive, None, environment)
    code = folder / "code.tar.gz"
    isolated = bool(model.get("EnableNetworkIsolation"))
    fetch_code(s3, place, code, isolated=isolated)
    return Placed(archive, code, environment)


def fetch_code(s3: Any, uri: str, archive: Path, *, isolated: bool) -> None:
    """Fetch an archive of code as a container does; raises NoCode where it cannot."""
    if isolated:
        raise NoCode(f"with network isolation the container cannot download {uri}")
    if not exists(s3, *bucket_and_key(uri)):
        raise NoCode(f"the container cannot download {uri}: it does not exist")
    fetch(s3, *bucket_and_key(uri), archive)
