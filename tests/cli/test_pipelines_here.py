"""Each pipeline of this repository: its good drops are accepted, its broken ones are explained."""

from __future__ import annotations

import io
import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from ratchet.cli import drops
from ratchet.cli.demo_plan import DemoPlan
from ratchet.cli.pipeline_folder import pack
from retraining.rules.contracts import as_document, parse_definition
from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.check import Result, check

PIPELINES = Path(__file__).resolve().parents[2] / "pipelines"
SHOWN = sorted(path.parent.name for path in PIPELINES.glob("*/demo.yaml"))


def made_up(
    folder: Path, definition: dict[str, Any], place: Path, monkeypatch: pytest.MonkeyPatch
) -> drops.Drops:
    """Few rows of the pipeline's own generator, cut as the demo cuts them."""
    plan = DemoPlan.find(folder)
    assert plan is not None
    arguments = [str(plan.generator), "--rows", "1797", "--out", str(place)]
    monkeypatch.setattr("sys.argv", arguments)
    monkeypatch.syspath_prepend(folder)
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(arguments[0], run_name="__main__")
    assert not ended.value.code
    few = {**definition, "gate": {**definition["gate"], "min_holdout_rows": 1}}
    return drops.cut(place.read_bytes(), few, str(place))


def checked(registered: dict[str, Any], drop: drops.Drop) -> list[Result]:
    rules = Rules.of(registered, "run-000001")
    return [check(io.BytesIO(content), rules, io.BytesIO()) for content in drop.files.values()]


@pytest.mark.parametrize("name", SHOWN)
def test_good_drops_are_accepted_and_broken_ones_say_what_and_where(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = PIPELINES / name
    definition = pack(folder).definition
    cut = made_up(folder, definition, tmp_path / "drop.csv", monkeypatch)
    registered = as_document(parse_definition(json.dumps(definition)))
    for good in (cut.older, cut.newer, cut.shuffled):
        (result,) = checked(registered, good)
        assert result.problems.counts == {}
        assert result.rows == good.rows
    renamed, text = checked(registered, cut.broken)
    said = [problem.sentence for problem in renamed.problems.listed]
    assert any(cut.broken.renamed in sentence for sentence in said), said
    (problem,) = text.problems.listed
    assert cut.broken.text_value in problem.sentence
    assert cut.broken.text_column in problem.sentence
    assert str(cut.broken.text_line) in problem.sentence
