"""A local AWS for the process that asks: what a notebook needs before its first client."""

from __future__ import annotations

import os

from ratchet.local_aws.running.local import LocalAws


def use_local_aws() -> str:
    """The endpoint that the AWS clients of this process use from now on.

    AWS_ENDPOINT_URL's where it is set. Otherwise a local AWS is started that ends with the
    process, and its endpoint, region and keys are set in the environment, where boto3 looks.
    Raises StartFailed, in one line, if none can start.
    """
    if not os.environ.get("AWS_ENDPOINT_URL"):
        child = LocalAws.start(port=0, announced=False).child_environment()
        os.environ.update({name: child[name] for name in child if name.startswith("AWS_")})
        os.environ.pop("AWS_PROFILE", None)
    return os.environ["AWS_ENDPOINT_URL"]
