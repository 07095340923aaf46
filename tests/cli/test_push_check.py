"""`ratchet push --check` says what a push would be refused for, without AWS."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from ratchet.cli import extras, push, service_contract
from ratchet.cli.options import Where
from ratchet.cli.pipeline_folder import pack, schema_of
from ratchet.cli.schema_problems import check
from ratchet.cli.yaml_files import read_yaml
from ratchet.local_aws.sagemaker.containers.container import Framework

from .conftest import ROOT, Run

BANK = (ROOT / "pipelines" / "bank-marketing" / "pipeline.yaml").read_text()
DIGITS = ROOT / "pipelines" / "handwritten-digits" / "pipeline.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "pipelines" / "bank-marketing", tmp_path / "bank"))


@pytest.mark.process
def test_a_check_needs_no_aws_and_leaves_the_folder_as_it_was(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    (folder.parent / "retraining.py").touch()  # a file of the user's, not the service's module
    checked = run("push", str(folder), "--check", "--set", "gate.margin=0.02")
    assert checked.exit_code == 0, checked.output
    assert f"{folder} is ready to be pushed." in checked.stdout
    assert "gate.margin was 0.01, is 0.02" in checked.stderr
    assert (folder / "pipeline.yaml").read_text() == BANK
    assert run("push", str(folder), "--check", "--set", "gate.metric=aucc").exit_code == 1


@pytest.mark.process
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("training.hyperparameters.max_dept=3", "did you mean max_depth?"),
        ("training.hyperparameters.eta=5", "eta: must be a number, 0 to 1, not 5"),
        ("gate.metric=rmse", "binary:logistic gives no scores that metric rmse can read"),
    ],
)
def test_what_the_schema_cannot_say_the_services_contract_does(
    run: Run, folder: Path, setting: str, said: str
) -> None:
    pack(folder)  # the schema has nothing against the folder
    checked = run("push", str(folder), "--check", "--set", setting)
    assert checked.exit_code == 1
    assert "pipeline.yaml:" in checked.stderr
    assert said in " ".join(checked.stderr.split())


@pytest.mark.process
def test_a_check_says_what_a_search_may_cost(run: Run, folder: Path) -> None:
    path = folder / "pipeline.yaml"
    document = yaml.safe_load(BANK)
    tuning = {"jobs": 20, "ranges": {"max_depth": {"integer": [3, 9]}}}
    document["training"] |= {"max_runtime": "30m", "tuning": tuning}
    path.write_text(yaml.safe_dump(document))
    checked = run("push", str(folder), "--check")
    assert checked.exit_code == 0, checked.output
    assert "20 training jobs of at most 30m on ml.m5.large, 2 at a time" in checked.stdout
    assert "at most 10 hours in each run, $1.15 at the list price" in checked.stdout
    assert "as much again where SageMaker loses a search" in checked.stdout
    fewer = run("push", str(folder), "--check", "--set", "training.tuning.jobs=4")
    assert "4 training jobs" in fewer.stdout
    wrong = run("push", str(folder), "--check", "--set", "training.tuning.strategy=bayes")
    assert (wrong.exit_code, "did you mean bayesian" in wrong.stderr) == (1, True)


def test_a_framework_that_is_not_installed_is_told_before_its_training_job_fails(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_contract, "why_not", lambda: "not asked here")
    monkeypatch.setattr(Framework, "installed", False)
    checked = run("push", str(DIGITS.parent), "--check")
    assert checked.exit_code == 0, checked.output
    assert "handwritten-digits trains with PyTorch, which is not installed here" in checked.stderr
    assert "Install it: pip install torch --index-url" in checked.stderr
    built_in = run("push", str(ROOT / "pipelines" / "abalone"), "--check")
    assert (built_in.exit_code, built_in.stderr) == (0, "")
    monkeypatch.setattr(Framework, "installed", True)
    assert run("push", str(DIGITS.parent), "--check").stderr == ""


@pytest.mark.parametrize(("local", "told"), [(True, 1), (False, 0)])
def test_a_push_tells_of_it_where_a_local_aws_will_train(
    run: Run, monkeypatch: pytest.MonkeyPatch, *, local: bool, told: int
) -> None:
    """On AWS the image brings it."""
    found: Any = SimpleNamespace(aws=SimpleNamespace(local=local))
    answer = {"name": "handwritten-digits", "changed": ["name"]}
    monkeypatch.setattr(Framework, "installed", False)
    monkeypatch.setattr(Where, "find", lambda *_, **__: found)
    monkeypatch.setattr(push.Standing, "of", lambda *_: push.Standing(None, 0, has_champion=False))
    monkeypatch.setattr(push, "send", lambda *_, **__: answer)
    pushed = run("push", str(DIGITS.parent))
    assert pushed.exit_code == 0, pushed.output
    assert pushed.stderr.count("Install it: pip install torch --index-url") == told


def test_without_the_services_packages_the_check_says_what_it_did_not_ask(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "_is_installed", lambda name: name != "pydantic")
    checked = run("push", str(folder), "--check")
    assert checked.exit_code == 0, checked.output
    assert "How its parts fit together only push can say" in checked.stdout
    assert "missing: pydantic" in " ".join(checked.stdout.split())
    assert '"by_schema_alone": true' in run("push", str(folder), "--check", "--json").stdout


@pytest.mark.process
def test_a_contract_that_fails_itself_is_no_green_check(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_contract, "MODULE", "retraining.rules.is_not_there")
    checked = run("push", str(folder), "--check")
    assert checked.exit_code == 1
    assert "retraining.rules.is_not_there failed" in checked.stderr


@pytest.mark.parametrize(
    ("former", "typed", "said"),
    [
        ("framework: pytorch", "framework: pytorh", "training.framework: pytorh is not allowed"),
        ("scores: class", "scores: clas", "training.scores: clas is not allowed"),
        ("script: train.py", "scirpt: train.py", "training.scirpt is not known here (did you mean"),
    ],
)
def test_a_wrong_word_is_explained_by_the_kind_of_training_that_was_meant(
    tmp_path: Path, former: str, typed: str, said: str
) -> None:
    path = tmp_path / "pipeline.yaml"
    text = DIGITS.read_text()
    assert former in text
    path.write_text(text.replace(former, typed))
    found = check(read_yaml(path), schema_of("pipeline"))
    assert any(said in problem for problem in found), found
    assert not any("training.hyperparameters" in problem for problem in found), found


def test_a_check_refuses_a_reserved_name_at_its_line(run: Run, folder: Path) -> None:
    path = folder / "columns.yaml"
    text = path.read_text()
    path.write_text(text.rstrip("\n") + "\n  moment: {type: date}\n")
    line = len(path.read_text().splitlines())
    refused = run("push", str(folder), "--check")
    assert refused.exit_code == 1
    assert f"{path}:{line}: columns.moment: moment is not allowed" in refused.stderr
    assert "added when data is accepted" in refused.stderr
