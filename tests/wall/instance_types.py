"""Writes functions/retraining/rules/instance_types.py from botocore's model of SageMaker.

`python tests/wall/instance_types.py` writes the file; test_instance_types.py holds it equal.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import botocore.session

FILE = Path(__file__).parents[2] / "functions/retraining/rules/instance_types.py"
HEAD = '''\
"""The instance types of SageMaker's jobs, as its API lists them.

Generated from botocore's enums TrainingInstanceType and TransformInstanceType by
`python tests/wall/instance_types.py`: the functions need not read a model of 2 MB for two lists.
"""

from __future__ import annotations

from typing import Final


def _of(*families: str) -> frozenset[str]:
    """`ml.c4.xlarge` and so on of "c4 xlarge ..."."""
    split = [family.split() for family in families]
    return frozenset(f"ml.{name}.{size}" for name, *sizes in split for size in sizes)

'''
WIDTH = 80
TABLES = {"TRAINING": "TrainingInstanceType", "TRANSFORM": "TransformInstanceType"}


def listed(shape: str) -> list[str]:
    """The names of an enum of SageMaker's API."""
    model: Any = botocore.session.get_session().get_service_model("sagemaker")
    return list(model.shape_for(shape).enum)


def text() -> str:
    """The module."""
    return HEAD + "".join(_table(name, listed(shape)) for name, shape in TABLES.items())


def _table(name: str, types: list[str]) -> str:
    families: dict[str, list[str]] = {}
    for each in sorted(types):
        _, family, size = each.split(".")
        families.setdefault(family, []).append(size)
    rows = "".join(
        f'    "{family} {line}",\n'
        for family, sizes in families.items()
        for line in textwrap.wrap(" ".join(sizes), WIDTH)
    )
    return f"\n{name}: Final = _of(\n{rows})\n"


if __name__ == "__main__":
    FILE.write_text(text())
