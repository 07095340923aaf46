"""The pipeline of the demo: its contract fits its data, its recipe fits its contract."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import xgboost
import yaml

from retraining.rules import findings
from retraining.rules.findings import Batch, Terms
from retraining.rules.profiling import Profiler

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "pipelines" / "bank-marketing"
REAL = ROOT.parent / "shared" / "data" / "bank-marketing" / "bank-additional-full.csv.gz"
COLUMNS: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "columns.yaml").read_text())[
    "columns"
]
RECIPE = [step["Action"] for step in json.loads((FOLDER / "recipe.json").read_text())]
CODES = {
    action["Parameters"]["sourceColumn"]: json.loads(action["Parameters"]["categoryMap"])
    for action in RECIPE
    if action["Operation"] == "CATEGORICAL_MAPPING"
}

Rows = list[dict[str, str]]


def read(text: str) -> Rows:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def made_up(folder: Path, *arguments: str) -> bytes:
    out = folder / "made-up.csv"
    script = [sys.executable, str(FOLDER / "sample_data.py"), "--out", str(out), *arguments]
    subprocess.run(script, check=True, timeout=60)
    return out.read_bytes()


def breaks(row: dict[str, str]) -> list[str]:
    """The columns of the row that break the contract."""
    wrong = []
    for name, rule in COLUMNS.items():
        if rule["type"] == "category":
            fits = row[name] in rule["values"]
        else:
            number = float(row[name]) if rule["type"] == "number" else int(row[name])
            fits = rule.get("min", number) <= number <= rule.get("max", number)
        if not fits:
            wrong.append(f"{name}={row[name]}")
    return wrong


@pytest.mark.skipif(not REAL.exists(), reason="the real UCI file is not beside the repository")
def test_every_row_of_the_real_file_keeps_the_contract() -> None:
    rows = read(gzip.decompress(REAL.read_bytes()).decode())
    assert list(rows[0]) == list(COLUMNS)
    assert [wrong for row in rows if (wrong := breaks(row))] == []


@pytest.mark.process
def test_every_made_up_row_keeps_the_contract(tmp_path: Path) -> None:
    rows = read(made_up(tmp_path, "--rows", "5000").decode())
    assert len(rows) == 5000
    assert list(rows[0]) == list(COLUMNS)
    assert [wrong for row in rows if (wrong := breaks(row))] == []


@pytest.mark.process
def test_made_up_data_is_the_same_bytes_everywhere(tmp_path: Path) -> None:
    digest = hashlib.sha256(made_up(tmp_path)).hexdigest()
    assert digest == "24a5777ecc12bde14b9438d2a56a8a5121b2b8dae818dbba6ef56a2545d17d03"


def test_the_recipe_gives_every_category_a_number_of_its_own() -> None:
    categories = {name: rule["values"] for name, rule in COLUMNS.items() if "values" in rule}
    assert {name: sorted(codes) for name, codes in CODES.items()} == {
        name: sorted(values) for name, values in categories.items()
    }
    assert all(len(set(codes.values())) == len(codes) for codes in CODES.values())


def test_the_recipe_leaves_numbers_under_plain_names_and_no_duration() -> None:
    columns = [*COLUMNS, "row_id", "split", "batch"]
    for action in RECIPE:
        given = action["Parameters"]
        match action["Operation"]:
            case "CATEGORICAL_MAPPING":
                assert given["mapType"] == "NUMERIC"
                assert given["sourceColumn"] in columns
                columns.append(given["targetColumn"])
            case "DELETE":
                columns = [
                    name for name in columns if name not in json.loads(given["sourceColumns"])
                ]
            case "RENAME":
                columns[columns.index(given["sourceColumn"])] = given["targetColumn"]
            case other:
                pytest.fail(f"{other} is new here: say what it does to the columns")
    assert len(set(columns)) == len(columns)
    assert {"y", "row_id", "split", "batch"} < set(columns)
    assert not {"duration", *CODES} & (set(columns) - {"y"})
    assert [name for name in columns if not name.replace("_", "").isalnum()] == []


def area_under_curve(scores: Any, labels: Any) -> float:
    """Mann-Whitney; ties count by their mean rank."""
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    yes = labels.sum()
    return float((ranks[labels == 1].sum() - yes * (yes + 1) / 2) / yes / (len(labels) - yes))


@pytest.mark.process
def test_a_model_of_the_first_made_up_part_fails_on_the_newest_calls(tmp_path: Path) -> None:
    """The story of the demo, told without the service."""
    rows = read(made_up(tmp_path).decode())
    names = [name for name in COLUMNS if name not in ("duration", "y")]
    features = np.array([[float(CODES.get(n, {}).get(r[n], r[n])) for n in names] for r in rows])
    labels = np.array([float(CODES["y"][row["y"]]) for row in rows])
    order = np.arange(len(rows))
    held_out, old = order % 7 == 0, order < len(rows) * 0.7
    settings = yaml.safe_load((FOLDER / "pipeline.yaml").read_text())["training"]["hyperparameters"]
    rounds = settings.pop("num_round")
    settings["nthread"] = 1  # two would wait for each other while the machine is busy

    def score(trained_on: Any, judged_on: Any) -> float:
        data = xgboost.DMatrix(features[trained_on & ~held_out], labels[trained_on & ~held_out])
        model = xgboost.train(settings, data, rounds)
        judged = judged_on & held_out
        return area_under_curve(model.predict(xgboost.DMatrix(features[judged])), labels[judged])

    assert 0.60 < score(old, old) < 0.72
    assert score(old, ~old) < 0.62
    assert score(old | ~old, ~old) > 0.76


CHECKS = {"max_null_share": None, "drift": {"psi": 0.25, "action": "warn"}}
CLASSIC = ROOT / "tests" / "fixtures" / "classic-recipe.json"


@pytest.mark.process
@pytest.mark.parametrize(("recipe", "named"), [(CLASSIC, True), (FOLDER / "recipe.json", False)])
def test_the_duration_of_a_call_is_named_at_the_first_drop_unless_the_recipe_drops_it(
    tmp_path: Path, recipe: Path, named: bool
) -> None:
    """It is known only when the call is over, as the label is."""
    data = gzip.decompress(REAL.read_bytes()) if REAL.exists() else made_up(tmp_path)
    rows = read(data.decode())
    first = rows[: len(rows) * 6 // 10]
    profiler = Profiler({name: rule["type"] for name, rule in COLUMNS.items()}, "y")
    profiler.add({name: pa.array([row[name] for row in first]) for name in COLUMNS})
    steps = {"recipe": json.loads(recipe.read_text())}
    data_of = {"label": "y", "key": None}
    terms = Terms.of({"data": data_of, "checks": CHECKS, "etl": steps, "split": {}})
    batch = Batch(len(first), profiler.profile(), labels=frozenset({"no", "yes"}))
    told = findings.found(batch, terms)
    assert [(one.kind, one.column) for one in told] == ([("leak", "duration")] if named else [])
