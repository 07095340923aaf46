"""What a pipeline may train and score on is what SageMaker's API takes."""

from __future__ import annotations

import runpy
from pathlib import Path

from retraining.rules import instance_types

GENERATOR = runpy.run_path(str(Path(__file__).with_name("instance_types.py")))


def test_the_tables_are_those_of_the_api() -> None:
    committed = GENERATOR["FILE"].read_text()
    assert committed == GENERATOR["text"](), "run: python tests/wall/instance_types.py"
    assert set(GENERATOR["listed"]("TrainingInstanceType")) == instance_types.TRAINING
    assert set(GENERATOR["listed"]("TransformInstanceType")) == instance_types.TRANSFORM


def test_what_scores_may_serve_too() -> None:
    """A package lists the type that scored as one for endpoints."""
    serving = set(GENERATOR["listed"]("ProductionVariantInstanceType"))
    assert serving >= instance_types.TRANSFORM
