"""Adds an algorithm as a release would, by its folder, and lets the contract and settings use it.

Usage: python one_more_algorithm.py FOLDER DEFINITION (JSON); prints JSON. FOLDER stands for one
more folder inside retraining/algorithms.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from retraining import algorithms

algorithms.__path__.append(str(Path(sys.argv[1]).parent))

from retraining.algorithms.catalog import trainer  # noqa: E402 - it reads the folder
from retraining.errors import PipelineRejected  # noqa: E402
from retraining.rules import contracts  # noqa: E402 - it reads the folder
from retraining.settings import Settings  # noqa: E402


def answer(definition: dict[str, Any]) -> Any:
    """The training section, every default written out, or what is wrong with the definition."""
    try:
        parsed = contracts.parse_definition(json.dumps(definition))
    except PipelineRejected as error:
        return error.problems
    return contracts.as_document(parsed)["training"]


def main(definition: dict[str, Any]) -> dict[str, Any]:
    """What the service says of the definition and of two wrong ones; the image of its runs."""
    training = definition["training"]
    schema = contracts.schemas()["pipeline.schema.json"]["$defs"]["BuiltInTraining"]
    wrong = {"hyperparameters": {"l": 1}}
    image = trainer(training).training
    return {
        "accepted": answer(definition),
        "other_name": answer({**definition, "training": {**training, "algorithm": "lineal"}}),
        "other_value": answer({**definition, "training": {**training, **wrong}}),
        "schema": schema["properties"]["algorithm"]["enum"],
        "image": Settings({"RATCHET_ALGORITHM_REGISTRY": "registry"}).image(
            image.name, image.registry
        ),
    }


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[2]))))
