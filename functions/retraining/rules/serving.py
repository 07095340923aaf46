"""How a model's container gets at the code that makes features of the rows as they landed.

The container's toolkit downloads the archive that SAGEMAKER_SUBMIT_DIRECTORY names, and imports
SAGEMAKER_PROGRAM from it; without a program it serves prepared rows and says nothing
(sagemaker-xgboost-container, `serving.py`; docs/verified.md).
"""

from __future__ import annotations

from typing import Final

PROGRAM: Final = "inference.py"


def variables(code: str | None) -> dict[str, str]:
    """The variables of a container whose model has its code in this archive."""
    if code is None:
        return {}
    return {"SAGEMAKER_PROGRAM": PROGRAM, "SAGEMAKER_SUBMIT_DIRECTORY": code}


def isolated(endpoint_kind: str, code: str | None) -> bool:
    """Whether the container has no network.

    Serverless endpoints exclude network isolation (SageMaker developer guide), and with it the
    container could not download the archive.
    """
    return endpoint_kind != "serverless" and code is None
