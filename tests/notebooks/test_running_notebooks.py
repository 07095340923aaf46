"""Every notebook runs from its first cell to its last, in one local AWS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from notebooks import execute, stack

from ratchet.local_aws.running.local import LocalAws

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def local() -> Iterator[LocalAws]:
    with stack() as local:
        yield local


def texts(notebook: Any) -> str:
    """All that a run of it has printed."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def pictures(notebook: Any) -> list[dict[str, str]]:
    """What its cells display, in every representation."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output["data"] for output in outputs if "image/svg+xml" in output.get("data", {})]


def test_hello_world_takes_both_paths_and_its_default(local: LocalAws) -> None:
    """The classic had no default, and died of States.NoChoiceMatched."""
    notebook = execute("hello-world", local)
    said = texts(notebook)
    assert "SGVsbG8gV29ybGQ=" in said
    assert "FAILED NotHelloWorld" in said
    assert "FAILED NoAnswer" in said
    assert len(pictures(notebook)) == 3
    for data in pictures(notebook):
        assert set(data) == {"image/svg+xml", "text/plain"}, "HTML would be preferred, and removed"
        assert "<script" not in data["image/svg+xml"]


def test_processing_evaluates_the_model_that_the_same_execution_has_trained(
    local: LocalAws,
) -> None:
    """The classic wrote the path of the model into the workflow: later runs judged the first one.
    It judged without a consequence, and its scripts need a scikit-learn of 2018.
    """
    notebook = execute("processing", local)
    said = texts(notebook)
    found = dict(re.findall(r'"(\w+)": ([\d.]+)', said))
    assert set(found) == {"rows", "precision", "recall", "f1", "accuracy", "auc"}
    first, second = map(float, re.findall(r"^auc ([\d.]+), accuracy", said, re.MULTILINE))
    assert first == pytest.approx(float(found["auc"]), abs=0.001)
    assert second < first - 0.02, "another model on the same rows"
    assert "FAILED NotGoodEnough" in said
    assert len(pictures(notebook)) == 3


def test_a_training_pipeline_serves_what_passes_its_gate_and_moves_one_endpoint(
    local: LocalAws,
) -> None:
    """The classic made an endpoint for each execution, judged nothing, and loaded its model in
    another format than it had saved.
    """
    notebook = execute("training-pipeline", local)
    said = texts(notebook)
    assert "It is a 7, and the endpoint says [7]" in said
    first, second, third = re.findall(r"^([\d.]+)% of", said, re.MULTILINE)
    assert float(first) > 90
    assert second == third != first, "moved by the second execution, and not by the third"
    assert "one endpoint: True\nanother model: True" in said
    assert "FAILED ModelRejected - validation:accuracy must be at least 0.9" in said
    assert "models of it: []" in said
    assert len(pictures(notebook)) == 3
