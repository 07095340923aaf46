"""`training: {workflow: FILE}`: what push packs of it, and what it refuses with file and line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ratchet.cli.errors import CliError
from ratchet.cli.pipeline_folder import pack

from .conftest import ROOT

BANK = ROOT / "pipelines" / "bank-marketing"
FILE = "training.asl.yaml"
WORKFLOW = """\
QueryLanguage: JSONata
StartAt: Answer
States:
  Answer:
    Type: Pass
    Output: {artifact: s3://bucket/model.tar.gz}
    End: true
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The bank-marketing pipeline, trained by a workflow."""
    copy = tmp_path / "pipelines" / "bank-marketing"
    shutil.copytree(BANK, copy)
    (copy / FILE).write_text(WORKFLOW)
    return train_by(copy, f"{{workflow: {FILE}, max_runtime: 1h}}")


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


def test_the_workflow_is_inside_the_definition_as_json(folder: Path) -> None:
    from retraining.rules.contracts import parse_definition

    packed = pack(folder)
    training = json.loads(packed.files["definition.json"])["training"]
    assert training["workflow"]["States"]["Answer"]["End"] is True
    assert (training["max_runtime"], packed.warnings) == ("1h", ())
    assert set(packed.files) == {"definition.json", "recipe.json"}
    assert parse_definition(packed.files["definition.json"]).training.max_runtime == "1h"


def test_the_same_workflow_as_json_is_the_same_definition_and_another_is_another_hash(
    folder: Path,
) -> None:
    first = pack(folder)
    (folder / "training.asl.json").write_text(json.dumps(first.definition["training"]["workflow"]))
    train_by(folder, "{workflow: training.asl.json, max_runtime: 1h}")
    assert pack(folder).hash == first.hash
    (folder / FILE).write_text(f"Comment: another\n{WORKFLOW}")
    train_by(folder, f"{{workflow: {FILE}, max_runtime: 1h}}")
    assert pack(folder).hash != first.hash


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("End: true", "Next: Nowhere", ":7:5: error: Missing 'Next' target: Nowhere"),
        ("Type: Pass", "Type: [", ":7:5: error: Not YAML"),
        (
            "artifact: s3://bucket/model.tar.gz",
            "artifact: !!binary aGk=",
            "that JSON cannot represent",
        ),
        ("StartAt: Answer", "StartAt: ${Start}", "${Start}"),
    ],
)
def test_a_broken_workflow_is_refused_with_file_line_and_reason(
    folder: Path, old: str, new: str, said: str
) -> None:
    (folder / FILE).write_text(WORKFLOW.replace(old, new))
    message = refused(folder)
    assert FILE in message
    assert said in message


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{workflow: training.asl.yaml, max_runtme: 1h}", "did you mean max_runtime?"),
        ("{workflow: training.asl.yaml, algorithm: xgboost}", "workflow and algorithm exclude"),
        ("{workflow: training.asl.yaml, hyperparameters: {}}", "workflow and hyperparameters"),
        (
            "{workflow: ../training.asl.yaml}",
            "../training.asl.yaml is not allowed; allowed: a file of",
        ),
        ("{workflow: absent.asl.yaml}", "absent.asl.yaml does not exist"),
        ("{}", "training: hyperparameters or script or workflow is missing"),
        ("{algorithm: xgboost, hyperparamters: {}}", "did you mean hyperparameters?"),
    ],
)
def test_a_wrong_section_is_explained_in_the_words_of_what_was_meant(
    folder: Path, section: str, said: str
) -> None:
    assert said in refused(train_by(folder, section))
