"""Adding an algorithm to the service is adding its folder: no other line names one."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from retraining.algorithms.catalog import ALGORITHMS
from retraining.algorithms.frameworks import FRAMEWORKS, LIBRARIES
from retraining.rules.metrics import METRICS

FUNCTIONS = Path(__file__).parents[3] / "functions"
FOLDER = FUNCTIONS / "retraining" / "algorithms"
XGBOOST = FOLDER / "xgboost"
ROW = """
from retraining.algorithms.algorithm import Algorithm, Image
from retraining.algorithms.hyperparameters import number
from retraining.algorithms.ranges import Range
from retraining.algorithms.scores import ScoreKind

ALGORITHM = Algorithm(
    name="linear-learner",
    title="Linear Learner",
    image=Image("linear-learner:1"),
    artifact="model_algo-1",
    hyperparameters={"l1": number(Range(0))},
    aliases={},
    refused={},
    required={"l1": "0.1"},
    objectives={"regressor": frozenset({ScoreKind.NUMBER})},
    default_objective="regressor",
    labels={},
)
"""
DEFINITION = {
    "name": "prices",
    "data": {"label": "y", "columns": {"x": {"type": "number"}, "y": {"type": "number"}}},
    "training": {"algorithm": "linear-learner", "hyperparameters": {"l1": 0.5}},
    "gate": {"metric": "rmse", "minimum": 3},
}


@pytest.mark.process
def test_a_new_algorithm_is_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "linear_learner"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "algorithm.py").write_text(ROW)
    script = Path(__file__).with_name("one_more_algorithm.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder), json.dumps(DEFINITION)],
        env={**os.environ, "PYTHONPATH": str(FUNCTIONS)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["accepted"]["algorithm"] == "linear-learner"
    assert found["accepted"]["hyperparameters"] == {"l1": 0.5}
    assert found["other_name"] == [
        "training.algorithm: input should be 'xgboost' or 'linear-learner', not 'lineal'"
    ]
    assert found["other_value"] == [
        "training.hyperparameters.l: not a hyperparameter of Linear Learner; did you mean l1?",
        "training.hyperparameters.l1: missing; Linear Learner requires it (for example l1: 0.1)",
    ]
    assert found["schema"] == ["xgboost", "linear-learner"]
    assert found["image"] == "registry/linear-learner:1"


def texts(file: Path) -> Iterator[str]:
    """Every text that a module's code compares or passes on, docstrings among them."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_no_line_of_the_service_asks_which_algorithm_it_is() -> None:
    found = [
        (path.relative_to(FUNCTIONS), text)
        for path in sorted(FUNCTIONS.rglob("*.py"))
        if FOLDER not in path.parents
        for text in texts(path)
        if text in ALGORITHMS
    ]
    assert found == []


def test_no_line_of_the_service_names_an_objective_a_framework_or_a_metric() -> None:
    """What depends on one of them is a column of its table."""
    objectives = {name for algorithm in ALGORITHMS.values() for name in algorithm.objectives}
    frameworks = set(FRAMEWORKS) - set(LIBRARIES.values())  # some libraries have the same name
    found = [
        (path.relative_to(FUNCTIONS), text)
        for path in sorted(FUNCTIONS.rglob("*.py"))
        if path != FUNCTIONS / "retraining" / "rules" / "metrics.py" and path.parent != XGBOOST
        for text in texts(path)
        if text in METRICS or (text in objectives | frameworks and path != FOLDER / "frameworks.py")
    ]
    assert found == []


def test_no_line_of_the_service_names_a_pipeline() -> None:
    pipelines = [path.parent.name for path in FUNCTIONS.parent.glob("pipelines/*/pipeline.yaml")]
    found = [
        (path.name, name)
        for path in sorted(FUNCTIONS.rglob("*.py"))
        for name in pipelines
        if name in path.read_text(encoding="utf-8")
    ]
    assert pipelines
    assert found == []
