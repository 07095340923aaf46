"""What a container finds when it starts: the model's artifact, the code of script mode, variables.

On AWS the container's toolkit fetches the code from within the container, by the model's role.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ratchet.local_aws.sagemaker.base import Answer, bucket_and_key, unsupported
from ratchet.local_aws.sagemaker.containers.catalog import container_named
from ratchet.local_aws.sagemaker.containers.container import Framework
from ratchet.local_aws.sagemaker.containers.images import name_of
from ratchet.local_aws.sagemaker.containers.opt_ml import THERE, holds
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
    """What a container's process starts with; `code` is None unless code lies in S3.

    `image` is repository and tag, `name` what the model calls its container, `uri` its artifact's.
    """

    name: str
    image: str
    uri: str
    archive: Path
    code: Path | None
    environment: dict[str, str]


def check_environment(environment: dict[str, str], framework: Framework) -> None:
    """Refuse variables that would be ignored here; in algorithm mode those are all."""
    script = is_wanted(framework, environment)
    for name in environment:
        theirs = name.startswith("SAGEMAKER_")
        if name not in TOOLKIT and (theirs or not script):
            raise unsupported(f"a container's Environment {name}; leave it out")
    if framework.code_in_archive:
        return
    if script != (DIRECTORY in environment):
        raise unsupported(f"a container's Environment with one of {PROGRAM} and {DIRECTORY}")
    if script and not holds(f"{THERE}/model", environment[DIRECTORY]):
        bucket_and_key(environment[DIRECTORY])


def containers_of(model: Mapping[str, Any]) -> list[Answer]:
    """The containers that a request passes through, in their order."""
    return model.get("Containers") or [model["PrimaryContainer"]]


def place(s3: Any, model: Answer, folder: Path) -> list[Placed]:
    """Fetch what the model's record names, for each container a folder; raises NoCode."""
    given = containers_of(model)
    isolated = bool(model.get("EnableNetworkIsolation"))
    names = [
        container.get("ContainerHostname") or f"container-{number}"
        for number, container in enumerate(given, 1)
    ]
    names = names if given[1:] else ["primary"]
    return [
        _place(s3, container, name, folder / name, isolated=isolated)
        for container, name in zip(given, names, strict=True)
    ]


def _place(s3: Any, container: Answer, name: str, folder: Path, *, isolated: bool) -> Placed:
    archive, environment = folder / "model.tar.gz", dict(container.get("Environment", {}))
    uri, image = container["ModelDataUrl"], name_of(container["Image"])
    fetch(s3, *bucket_and_key(uri), archive)
    placed = Placed(name, image, uri, archive, None, environment)
    directory = environment.get(DIRECTORY, "")
    in_archive = container_named(image).framework.code_in_archive
    if in_archive or not directory.startswith("s3://"):
        return placed
    code = folder / "code.tar.gz"
    fetch_code(s3, directory, code, isolated=isolated)
    return replace(placed, code=code)


def fetch_code(s3: Any, uri: str, archive: Path, *, isolated: bool) -> None:
    """Fetch an archive of code as a container does; raises NoCode where it cannot."""
    if isolated:
        raise NoCode(f"with network isolation the container cannot download {uri}")
    if not exists(s3, *bucket_and_key(uri)):
        raise NoCode(f"the container cannot download {uri}: it does not exist")
    fetch(s3, *bucket_and_key(uri), archive)
