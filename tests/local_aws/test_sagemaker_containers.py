"""Adding an algorithm to local SageMaker is adding its container's folder."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SAGEMAKER = Path(__file__).parents[2] / "src" / "ratchet" / "local_aws" / "sagemaker"
CONTAINER = """
from ratchet.local_aws.sagemaker.containers.container import Container, Framework


class Doubler:
    training_program = f"{__package__}.train"
    content_type = "text/csv"

    def unsupported(self, hyperparameters):
        return None

    def check_channel(self, content_type):
        pass

    def metrics(self, line):
        return []

    def load(self, archive):
        return self, "0f"

    def predict(self, rows):
        return [str(2 * float(row[0])) for row in rows]

    def predict_body(self, body, content_type):
        return self.predict([line.split(",") for line in body.decode().split()])


CONTAINERS = (Container(("doubler:1",), Framework("json", "json", "json"), Doubler()),)
"""


def test_a_new_container_is_one_folder(tmp_path: Path) -> None:
    folder, source, target = (tmp_path / name for name in ("doubler", "input", "output"))
    for made in (folder, source):
        made.mkdir()
    (folder / "__init__.py").touch()
    (folder / "container.py").write_text(CONTAINER)
    (source / "a.csv").write_text("1\n2.5\n")
    job = {
        "containers": [
            {
                "image": "doubler:1",
                "archive": str(tmp_path / "model.tar.gz"),
                "code": None,
                "environment": {},
            }
        ],
        "content_type": "text/csv",
        "accept": "text/csv",
        "split": "Line",
        "assemble": "Line",
        "single": False,
        "payload": 1024,
        "input": str(source),
        "output": str(target),
        "failure": str(tmp_path / "failure"),
        "input_filter": "$",
        "output_filter": "$",
        "join": True,
    }
    (tmp_path / "job.json").write_text(json.dumps(job))
    script = str(Path(__file__).with_name("one_more_container.py"))
    done = subprocess.run(
        [sys.executable, script, str(folder), "doubler:1", str(tmp_path / "job.json")],
        capture_output=True,
        text=True,
        check=True,
    )
    taken, refused, *_ = done.stdout.splitlines()
    assert taken == "taken: doubler:1"
    assert refused.endswith("us-east-1.amazonaws.com/doubler:1")
    assert "<account>.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost" in refused
    assert (target / "a.csv.out").read_text() == "1,2.0\n2.5,5.0\n"


def words(file: Path) -> Iterator[str]:
    """The names and texts of a module's code."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("name", ["xgboost", "sklearn", "pytorch"])
def test_only_its_own_folder_names_an_algorithm_or_a_framework(name: str) -> None:
    own = {path.parent for path in SAGEMAKER.glob("containers/*/container.py")}
    found = [
        (file.name, word)
        for file in sorted(SAGEMAKER.rglob("*.py"))
        if own.isdisjoint(file.parents)
        for word in words(file)
        if name in word.lower()
    ]
    assert found == []
