"""One value changes and nothing else does, wherever it stands in the file."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.cli import push
from ratchet.cli.errors import CliError
from ratchet.cli.pipeline_folder import pack
from ratchet.cli.yaml_edit import set_value

from .conftest import ROOT, Run

TEXT = """\
# a model
name: flights      # its name
training:
  algorithm: xgboost
  hyperparameters:
    max_depth: 5   # shallow
    seed: "42"
  max_runtime: 1h

gate: {metric: auc, minimum: 0.5}   # in one line
"""
BANK = (ROOT / "pipelines" / "bank-marketing" / "pipeline.yaml").read_text()


def test_a_value_is_replaced_and_its_comment_stays() -> None:
    edit = set_value(TEXT, "p.yaml", "training.hyperparameters.max_depth=6")
    assert edit.text == TEXT.replace("max_depth: 5", "max_depth: 6")
    assert (edit.line, edit.before, edit.after) == (6, "5", "6")


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_new_key_comes_behind_the_last_of_its_section(ends: str) -> None:
    text = TEXT.replace("\n", ends)
    edit = set_value(text, "p.yaml", "training.hyperparameters.eta=0.1")
    assert edit.text == text.replace(
        f'    seed: "42"{ends}', f'    seed: "42"{ends}    eta: 0.1{ends}'
    )
    assert (edit.line, edit.before) == (8, None)
    edit = set_value(text, "p.yaml", "training.refit=true")
    assert edit.text == text.replace(f"1h{ends}", f"1h{ends}  refit: true{ends}")


def test_a_section_in_one_line_stays_in_one_line() -> None:
    assert "{metric: auc, minimum: 0.6}   # in one" in set_value(TEXT, "p", "gate.minimum=0.6").text
    assert "minimum: 0.5, margin: 0.02}   #" in set_value(TEXT, "p", "gate.margin=0.02").text


@pytest.mark.parametrize(
    ("assignment", "written"),
    [("checks.drift.action=reject", "checks: {drift: {action: reject}}\n"),
     ("gate.slices.country.minimum=0.6", ", slices: {country: {minimum: 0.6}}}   # in one"),
     ("training.sampling.rows=5", "1h\n  sampling: {rows: 5}\n")],
)  # fmt: skip
def test_a_section_that_is_missing_is_written(assignment: str, written: str) -> None:
    edit = set_value(TEXT, "p.yaml", assignment)
    assert written in edit.text
    assert edit.before is None
    last = assignment.partition("=")[0].rpartition(".")[2]
    assert f"{last}: {edit.after}" in edit.text.splitlines()[edit.line - 1]


def test_a_file_without_a_last_line_end_gets_one() -> None:
    assert set_value("a:\n  b: 1", "p", "a.c=2").text == "a:\n  b: 1\n  c: 2\n"


REFUSED = {
    "no value": ("training.max_runtime", "names no value"),
    "an empty value": ("training.max_runtime=", "is not a plain value"),
    "a list": ("gate.metric=[a, b]", "is not a plain value"),
    "a comment": ("gate.metric=auc # or not", "is not a plain value"),
    "a whole section": ("training.hyperparameters=5", "p.yaml:6: training.hyperparameters is not"),
    "below a value": ("name.first=x", "name has no keys"),
    "not YAML": ("name=: :", "is not a plain value"),
}


@pytest.mark.parametrize(("assignment", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_one_value_is_refused(assignment: str, told: str) -> None:
    with pytest.raises(CliError, match=r"--set|p\.yaml|name has") as failure:
        set_value(TEXT, "p.yaml", assignment)
    assert told in failure.value.what


def paths(document: object, above: str = "") -> list[str]:
    if not isinstance(document, dict):
        return [above]
    return [way for key, inner in document.items() for way in paths(inner, f"{above}.{key}")]


@given(st.sampled_from([way[1:] for way in paths(yaml.safe_load(BANK))]), st.integers(-99, 99))
@settings(max_examples=60)
def test_any_value_of_a_real_pipeline_can_be_set_and_all_others_stay(way: str, value: int) -> None:
    changed = yaml.safe_load(set_value(BANK, str(Path("pipeline.yaml")), f"{way}={value}").text)
    expected = inner = yaml.safe_load(BANK)
    *above, last = way.split(".")
    for key in above:
        inner = inner[key]
    inner[last] = value
    assert changed == expected


# --- ratchet push --set --------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a pipeline of this repository."""
    return Path(shutil.copytree(ROOT / "pipelines" / "bank-marketing", tmp_path / "bank"))


def test_a_push_with_a_setting_changes_pipeline_yaml_and_says_where(folder: Path) -> None:
    with push.changed(folder, ["training.hyperparameters.max_depth=6", "gate.margin=0.02"]) as said:
        assert pack(folder).definition["training"]["hyperparameters"]["max_depth"] == 6
    text = (folder / "pipeline.yaml").read_text()
    assert text == BANK.replace("max_depth: 5", "max_depth: 6").replace(
        "margin: 0.01", "margin: 0.02"
    )
    assert said[0].endswith(": training.hyperparameters.max_depth was 5, is 6")
    assert re.match(rf"{re.escape(str(folder))}/pipeline.yaml:\d+: ", said[0])


def test_a_section_of_another_spelling_is_refused_and_changed_back(folder: Path) -> None:
    with (
        pytest.raises(CliError, match="did you mean training"),
        push.changed(folder, ["trianing.max_runtime=2h"]),
    ):
        pack(folder)
    assert (folder / "pipeline.yaml").read_text() == BANK


def test_what_is_refused_is_changed_back(run: Run, folder: Path) -> None:
    result = run("push", str(folder), "--set", "gate.metric=aucc")
    assert result.exit_code == 1
    assert "did you mean auc" in result.stderr
    assert (folder / "pipeline.yaml").read_text() == BANK


def test_a_file_that_is_no_text_or_not_there_is_refused_by_name(run: Run, folder: Path) -> None:
    (folder / "pipeline.yaml").write_bytes(b"name: caf\xe9\n")
    refused = run("push", str(folder), "--set", "gate.margin=0.02")
    assert refused.exit_code == 1
    assert "pipeline.yaml: byte 9 is not UTF-8" in refused.stderr
    (folder / "pipeline.yaml").unlink()
    missing = run("push", str(folder), "--set", "gate.margin=0.02")
    assert "pipeline.yaml does not exist" in missing.stderr


def test_one_setting_that_cannot_be_changed_changes_none(run: Run, folder: Path) -> None:
    result = run("push", str(folder), "--set", "gate.margin=0.02", "--set", "gaet.margin=0.02")
    assert result.exit_code == 1
    assert "gaet is not known here (did you mean gate?)" in result.stderr
    assert (folder / "pipeline.yaml").read_text() == BANK
