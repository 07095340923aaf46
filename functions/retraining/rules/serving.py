"""How containers get at code: that of a script that trains and serves, or of features.py.

A script trains without network: its archive is a channel of the job, and what trained goes into the
model's artifact beside the model, below `code`, where the containers of every framework find it
(sagemaker-python-sdk, `estimator.py`: CONTAINER_CODE_CHANNEL_SOURCEDIR_PATH; `pytorch/model.py` and
`model.py`: "/opt/ml/model/code"; docs/verified.md). So a model carries the script that made it. The
archive of a features.py is a second channel and goes there too: features_first.py then makes the
script's rows of landed ones.

For features.py the container's toolkit downloads the archive that SAGEMAKER_SUBMIT_DIRECTORY names,
and imports SAGEMAKER_PROGRAM from it; without a program it serves prepared rows and says nothing
(sagemaker-xgboost-container, `serving.py`; docs/verified.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from retraining.algorithms.frameworks import framework_of

PROGRAM: Final = "inference.py"


CHANNEL: Final = "/opt/ml/input/data/code"
"""Where a job finds the channel `code`."""
BESIDE_THE_MODEL: Final = "/opt/ml/model/code"
TRAINING_PROGRAM: Final = "keep_code.py"
"""Runs the script, and puts it beside the model."""
FEATURES_PROGRAM: Final = "features_first.py"
"""Serves by the script, with the rows that features.py makes."""
NAMES_SCRIPT: Final = "RATCHET_SCRIPT"
NAMES_FRAMEWORK: Final = "RATCHET_FRAMEWORK"
"""The variables by which it knows what it serves."""
SCRIPT: Final = "sagemaker_script"
"""The hyperparameter that names the script to keep_code.py; the toolkit hides it from scripts."""


def of_script(script: Mapping[str, str]) -> dict[str, str]:
    """The hyperparameters by which the toolkit finds a script's archive, and that its script."""
    return {
        "sagemaker_program": TRAINING_PROGRAM,
        "sagemaker_submit_directory": f"{CHANNEL}/{script['code']}.tar.gz",
        SCRIPT: script["program"],
    }


def variables(
    code: str | None, hyperparameters: Mapping[str, str], image: str | None
) -> dict[str, str]:
    """The variables of a model's container: trained with these, and of features in `code`."""
    if script := hyperparameters.get(SCRIPT):
        program = FEATURES_PROGRAM if code else script
        known = {NAMES_SCRIPT: script, NAMES_FRAMEWORK: framework_of(image or "")} if code else {}
        place = {"SAGEMAKER_PROGRAM": program, "SAGEMAKER_SUBMIT_DIRECTORY": BESIDE_THE_MODEL}
        return {**place, **known}
    if code is None:
        return {}
    return {"SAGEMAKER_PROGRAM": PROGRAM, "SAGEMAKER_SUBMIT_DIRECTORY": code}


def isolated(endpoint_kind: str, code: str | None) -> bool:
    """Whether the container has no network.

    Serverless endpoints exclude network isolation (SageMaker developer guide), and with it the
    container could not download the archive.
    """
    return endpoint_kind != "serverless" and code is None
