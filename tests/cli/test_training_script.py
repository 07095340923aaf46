"""`training: {script: FILE}`: what push packs of it, and what it refuses with file and line."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from ratchet.cli.errors import CliError
from ratchet.cli.pipeline_folder import Packed, pack
from retraining.errors import PipelineRejected
from retraining.rules.contracts import parse_definition

from .conftest import ROOT

BANK = ROOT / "pipelines" / "bank-marketing"
SECTION = "{script: train.py, framework: sklearn, scores: probability%s}"
SCRIPT = """\
import helpers


def model_fn(model_dir):
    return helpers.load(model_dir)


if __name__ == "__main__":
    helpers.fit()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The bank-marketing pipeline, trained by a script."""
    copy = tmp_path / "pipelines" / "bank-marketing"
    shutil.copytree(BANK, copy)
    (copy / "train.py").write_text(SCRIPT)
    (copy / "helpers.py").write_text("def load(folder): ...\n")
    return train_by(copy, SECTION % ", files: [helpers.py]")


def train_by(folder: Path, section: str) -> Path:
    text = (BANK / "pipeline.yaml").read_text()
    before, _, after = text.partition("training:\n")
    gate = after[after.index("gate:\n") :]
    (folder / "pipeline.yaml").write_text(f"{before}training: {section}\n{gate}")
    return folder


def refused(folder: Path) -> str:
    with pytest.raises(CliError) as caught:
        pack(folder)
    return caught.value.what


def rejected(packed: Packed, **training: Any) -> list[str]:
    """What the service says of the definition with these changes."""
    document = json.loads(packed.files["definition.json"])
    document["training"] |= training
    with pytest.raises(PipelineRejected) as caught:
        parse_definition(json.dumps(document))
    return caught.value.problems


def test_the_script_and_its_files_are_one_archive_named_by_its_hash(folder: Path) -> None:
    packed = pack(folder)
    script = packed.definition["training"]["script"]
    assert script["program"] == "train.py"
    with tarfile.open(fileobj=io.BytesIO(packed.files[f"{script['code']}.tar.gz"])) as tar:
        assert tar.getnames() == ["helpers.py", "keep_code.py", "train.py"]
    assert packed.warnings == ()
    parsed = parse_definition(packed.files["definition.json"])
    assert parsed.training.version == "1.4-2", "the newest"
    assert pack(folder).hash == packed.hash
    (folder / "helpers.py").write_text("def load(folder): return 1\n")
    assert pack(folder).definition["training"]["script"]["code"] != script["code"]


def test_what_serves_a_script_with_features_lies_in_their_archive(folder: Path) -> None:
    packed = pack(with_features(folder))
    features = packed.definition["etl"]["features"]
    with tarfile.open(fileobj=io.BytesIO(packed.files[f"{features['code']}.tar.gz"])) as tar:
        names = tar.getnames()
    own = ["contract.py", "features.py", "features_first.py", "inference.py"]
    assert names == ["codes.csv", *own]
    assert parse_definition(packed.files["definition.json"]).etl.features is not None


@pytest.mark.parametrize(
    ("training", "said"),
    [
        ({"version": "1.2-1"}, "training.version: sklearn 1.2-1 cannot serve: its Python is too"),
        ({"files": ["features.py"]}, "features.py is what the service puts beside features.py"),
        ({"files": ["inference.py"]}, "inference.py is what the service puts beside features.py"),
        ({"files": ["features_first.py"]}, "features_first.py is what the service puts"),
        ({"files": ["codes.csv"]}, "training.files: codes.csv is one of etl.files too"),
    ],
)
def test_what_cannot_lie_beside_features_is_refused(
    folder: Path, training: dict[str, Any], said: str
) -> None:
    assert any(said in problem for problem in rejected(pack(with_features(folder)), **training))


def with_features(folder: Path) -> Path:
    """The pipeline with a features.py, which reads a table, in place of its recipe."""
    train_by(folder, SECTION % ", files: [helpers.py]")
    (folder / "codes.csv").write_text("a,1\n")
    source = "def features(rows):\n    return rows[['age', 'campaign']]\n"
    (folder / "features.py").write_text(source)
    pipeline = yaml.safe_load((folder / "pipeline.yaml").read_text())
    pipeline["etl"] = {"features": "features.py", "files": ["codes.csv"]}
    (folder / "pipeline.yaml").write_text(yaml.safe_dump(pipeline))
    columns = yaml.safe_load((folder / "columns.yaml").read_text())
    columns["columns"]["y"] = {"type": "integer"}
    (folder / "columns.yaml").write_text(yaml.safe_dump(columns))
    return folder


def test_nothing_of_the_script_runs(folder: Path) -> None:
    (folder / "train.py").write_text(f"{SCRIPT}\nraise SystemExit(3)\n")
    assert pack(folder).name == "bank-marketing"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def model_fn(model_dir):\n    return (\n", "train.py:2: not valid Python"),
        ("print(1)\n", "there is no function model_fn(model_dir)"),
        ("class A:\n    def model_fn(self): ...\n", "there is no function model_fn(model_dir)"),
    ],
)
def test_a_script_that_cannot_serve_is_refused(folder: Path, source: str, said: str) -> None:
    (folder / "train.py").write_text(source)
    assert said in refused(folder)


def test_a_model_fn_may_come_from_a_file_beside_it(folder: Path) -> None:
    (folder / "train.py").write_text("from helpers import load as model_fn\n")
    (doubt,) = pack(folder).warnings
    assert 'if __name__ == "__main__":' in doubt


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (SECTION % ", algorithm: xgboost", "script and algorithm exclude each other"),
        ("{script: train.py, workflow: a.asl.yaml}", "workflow and script exclude each other"),
        (SECTION % ", version: 1.4-3", "did you mean 1.4-2"),
        ("{script: train.py, framework: sklern, scores: class}", "did you mean sklearn?"),
        (SECTION % ", files: [missing.py]", "missing.py is not a file"),
        (SECTION % ", epochs: 3", "training.epochs is not known here"),
    ],
)
def test_what_does_not_fit_is_named_with_its_line(folder: Path, section: str, said: str) -> None:
    problem = refused(train_by(folder, section))
    assert said in problem
    assert "pipeline.yaml:" in problem


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": "2.6.0"}, "no image of sklearn 2.6.0 is known; versions: 1.4-2, 1.2-1"),
        ({"scores": "class"}, "training.scores: metric auc cannot read a class"),
        ({"files": ["torch.py"]}, "torch.py would hide the library of that name"),
        ({"files": ["keep_code.py"]}, "is what the service itself puts there"),
        ({"files": ["requirements.txt"]}, "is a file of pip"),
        ({"hyperparameters": {"sagemaker_program": "a"}}, "are SageMaker's own"),
        ({"algorithm": "xgboost"}, "script and algorithm are mutually exclusive"),
    ],
)
def test_the_service_refuses_what_no_container_could_run(
    folder: Path, changes: dict[str, Any], said: str
) -> None:
    assert any(said in problem for problem in rejected(pack(folder), **changes))
