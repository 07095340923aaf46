"""A script of any framework serves landed rows, of which features.py has made its rows."""

from __future__ import annotations

import ast
import importlib
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ratchet.local_aws.sagemaker.containers.container import LIBRARY
from ratchet.serving import inference, keep_code

CONTRACT: dict[str, Any] = {
    "label": "y",
    "columns": {
        "size": {"type": "number", "nullable": True},
        "color": {"type": "category", "nullable": False},
    },
    "features": ["size", "red"],
}
FEATURES = """
def features(rows):
    return rows[["size"]].assign(red=rows["color"] == "red")
"""
MODEL = "def model_fn(folder):\n    return folder\n"
ROWS = "1.5,red\n,blue"
LINES = "1.5,1.0\nnan,0.0\n"
NAMES = ("features_first", "inference", "features", "contract", "train")
Script = Any


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder `code` of a model's artifact, with features.py in it."""
    for name in NAMES:  # other tests have modules of these names too
        sys.modules.pop(name, None)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path, str(LIBRARY)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    serving = Path(inference.__file__).parent
    for name in ("inference.py", "features_first.py"):
        (tmp_path / name).write_bytes((serving / name).read_bytes())
    (tmp_path / "features.py").write_text(FEATURES)
    (tmp_path / "contract.py").write_text(f"CONTRACT = {CONTRACT!r}\n")
    yield tmp_path
    for name in NAMES:
        sys.modules.pop(name, None)


def serving(
    folder: Path, monkeypatch: pytest.MonkeyPatch, more: str, framework: str = "sklearn"
) -> Script:
    """The program that serves a script with these functions beside its model_fn."""
    (folder / "train.py").write_text(MODEL + more)
    monkeypatch.setenv("RATCHET_SCRIPT", "train.py")
    monkeypatch.setenv("RATCHET_FRAMEWORK", framework)
    importlib.invalidate_caches()
    return importlib.import_module("features_first")


def test_a_script_s_input_fn_gets_features_as_it_was_trained_on_them(
    beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = "def input_fn(body, kind):\n    return kind, body\ndef predict_fn(data, model): ...\n"
    program = serving(beside, monkeypatch, own)
    assert program.input_fn(ROWS, "text/csv") == ("text/csv", LINES)
    landed = json.dumps([{"size": 1.5, "color": "red"}, {"color": "blue"}])
    assert program.input_fn(landed, "application/json") == ("text/csv", LINES)
    assert program.model_fn("/opt/ml/model") == "/opt/ml/model"
    assert program.predict_fn is program.SCRIPT.predict_fn
    assert not hasattr(program, "output_fn"), "the container has its own"
    assert not hasattr(program, "transform_fn")


def test_a_script_s_transform_fn_takes_the_place_of_all(
    beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = "def transform_fn(model, body, kind, accept):\n    return model, body, kind, accept\n"
    program = serving(beside, monkeypatch, own)
    answer = program.transform_fn("model", ROWS, "text/csv", "application/json")
    assert answer == ("model", LINES, "text/csv", "application/json")
    assert not hasattr(program, "input_fn"), "a container takes one or the other"


@pytest.mark.parametrize("framework", ["sklearn", "xgboost", "pytorch"])
def test_without_an_input_fn_a_script_gets_what_its_framework_makes_of_lines(
    beside: Path, monkeypatch: pytest.MonkeyPatch, framework: str
) -> None:
    if framework == "pytorch":
        pytest.importorskip("torch", reason="PyTorch is not installed: make install-torch")
    made = serving(beside, monkeypatch, "", framework).input_fn("2,red", "text/csv")
    if framework == "xgboost":
        assert made.get_data().toarray().tolist() == [[2.0, 1.0]]
    else:
        assert made.tolist() == [[2.0, 1.0]]
        assert str(made.dtype).endswith("float32")


def test_rows_that_are_refused_have_their_status(
    beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = serving(beside, monkeypatch, "")
    for body, kind, status in (("x,red", "text/csv", 400), ("", "text/plain", 415)):
        with pytest.raises(Exception) as refused:  # noqa: PT011 - the toolkit's
            program.input_fn(body, kind)
        assert refused.value.status_code == status  # type: ignore[attr-defined]


def test_a_container_without_the_toolkit_s_errors_says_what_is_wrong(
    beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = serving(beside, monkeypatch, "")
    monkeypatch.setitem(sys.modules, "sagemaker_inference.errors", None)
    with pytest.raises(ValueError, match="column 'size': 'x' is not a number"):
        program.input_fn("x,red", "text/csv")


def test_the_container_s_python_can_read_it() -> None:
    """Python 3.10, and nothing but what lies beside it and the container's framework."""
    path = Path(inference.__file__).with_name("features_first.py")
    tree = ast.parse(path.read_text(), feature_version=(3, 10))
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names]
    assert set(named) - set(sys.stdlib_module_names) == {
        "features",
        "inference",
        "torch",
        "xgboost",
    }


TRAINS = """
class Sum:
    def predict(self, rows, **options):
        return getattr(rows, "get_data", lambda: rows)().sum(axis=1)

    def __call__(self, rows):
        return rows.sum(axis=1)

    def eval(self): ...


def model_fn(folder):
    return Sum()


if __name__ == "__main__":
    print("trained")
"""
SERVES = """
import sys
from pathlib import Path
from ratchet.local_aws.sagemaker.containers import scripts
from ratchet.local_aws.sagemaker.containers.catalog import framework_named

place = "/opt/ml/model/code"
framework, archive = sys.argv[1:]
names = {"SAGEMAKER_PROGRAM": "features_first.py", "SAGEMAKER_SUBMIT_DIRECTORY": place}
script, _ = scripts.load(framework_named(framework), Path(archive), None, names)
answer, _ = script.answer(b"1.5,red\\n2,blue", "text/csv", "text/csv")
print(answer.decode().strip())
"""


@pytest.mark.process
@pytest.mark.parametrize("framework", ["sklearn", "pytorch"])
def test_what_training_leaves_serves_landed_rows(tmp_path: Path, framework: str) -> None:
    """Entered as the framework's container enters it."""
    if framework == "pytorch":
        pytest.importorskip("torch", reason="PyTorch is not installed: make install-torch")
    code, channel, model = (tmp_path / name for name in ("code", "features", "model"))
    for folder in (code, channel, model):
        folder.mkdir()
    (code / "train.py").write_text(TRAINS)
    own = Path(inference.__file__).parent
    with tarfile.open(channel / f"{'1' * 64}.tar.gz", "w:gz") as tar:
        for name, text in (
            ("features.py", FEATURES),
            ("contract.py", f"CONTRACT = {CONTRACT!r}\n"),
            *((name, (own / name).read_text()) for name in ("inference.py", "features_first.py")),
        ):
            (tmp_path / name).write_text(text)
            tar.add(tmp_path / name, name)
    variables = {
        "SM_FRAMEWORK_PARAMS": json.dumps({keep_code.SCRIPT: "train.py"}),
        "SM_MODEL_DIR": str(model),
        "SM_CHANNEL_FEATURES": str(channel),
    }
    subprocess.run([sys.executable, keep_code.__file__], cwd=code, env=variables, check=True)
    beside = {"features.py", "contract.py", "inference.py", "features_first.py"}
    left = {path.name for path in (model / "code").iterdir()}
    assert left == {"train.py", *beside}
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as tar:
        tar.add(model, ".")
    known = {"RATCHET_SCRIPT": "train.py", "RATCHET_FRAMEWORK": framework}
    served = subprocess.run(
        [sys.executable, "-c", SERVES, framework, str(tmp_path / "model.tar.gz")],
        env={**os.environ, **known}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert served.returncode == 0, served.stderr
    answers = served.stdout.splitlines()[-2:]
    assert [float(answer) for answer in answers] == [2.5, 2.0]
