"""Adds a container as a release would, by its folder, and runs a transform job's program with it.

Usage: python one_more_container.py FOLDER IMAGE JOB_FILE. FOLDER stands for one more folder inside
sagemaker/containers; prints what the image's URI is refused for, or `taken`, for two images.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ratchet.local_aws.sagemaker import containers

containers.__path__.append(str(Path(sys.argv[1]).parent))

from ratchet.local_aws.door.errors import ServiceError  # noqa: E402 - they read the folder
from ratchet.local_aws.sagemaker.containers import transform  # noqa: E402
from ratchet.local_aws.sagemaker.containers.images import container_of  # noqa: E402


def answer(image: str) -> str:
    """What CreateModel says to the image."""
    registry = "111122223333.dkr.ecr.us-east-1.amazonaws.com"
    try:
        found = container_of(f"{registry}/{image}", "us-east-1", "CreateModel")
        return f"taken: {found.images[0]}"
    except ServiceError as error:
        return error.message


if __name__ == "__main__":
    print(answer(sys.argv[2]))
    print(answer("unheard-of:1"))
    sys.exit(transform.main(sys.argv[3]))
