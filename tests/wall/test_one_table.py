"""Push refuses a recipe over accepted batches that local DataBrew would not read as one table."""

from __future__ import annotations

import copy
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from ratchet.local_aws.databrew.compiler.errors import RecipeError
from ratchet.local_aws.databrew.compiler.run_recipe import Job, Source, run
from retraining.rules import readable
from retraining.rules.contracts import as_document, parse_definition
from retraining.rules.data_check import writing
from retraining.rules.data_check.agreed import Rules

NAMES = ("by row", "by key", "by group", "by time", "clustered", "fewer columns", "another order")
UPPERCASE = {"Action": {"Operation": "UPPER_CASE", "Parameters": {"sourceColumn": "job"}}}
COLUMNS: dict[str, Any] = {
    "age": {"type": "integer"},
    "day": {"type": "date"},
    "job": {"type": "text"},
    "y": {"type": "category", "values": ["no", "yes"]},
}


def definition(name: str) -> dict[str, Any]:
    """A pushed definition; rows are told apart or split otherwise by each name."""
    found: dict[str, Any] = {
        "name": "bank",
        "data": {"label": "y", "columns": copy.deepcopy(COLUMNS)},
        "etl": {"recipe": [UPPERCASE]},
        "training": {"hyperparameters": {"num_round": 10, "objective": "binary:logistic"}},
        "gate": {"metric": "auc", "minimum": 0.6},
    }
    columns = found["data"]["columns"]
    if name == "by key":
        found["data"]["key"] = "age"
    elif name == "by group":
        found["split"] = {"by": "group", "column": "job"}
    elif name == "by time":
        found["split"] = {"by": "time", "column": "day"}
    elif name == "clustered":
        found["gate"]["cluster"] = "job"
    elif name == "fewer columns":
        del columns["age"]
    elif name == "another order":
        found["data"]["columns"] = {one: columns[one] for one in ("day", "age", "job", "y")}
    return as_document(parse_definition(json.dumps(found)))


def accepted(name: str, place: Path) -> str:
    """An accepted copy of one row."""
    header = writing.header(Rules.of(definition(name), "run-000001"))
    path = place / f"{name}.csv"
    path.write_bytes(header + b",".join([b"x"] * len(header.split(b","))) + b"\n")
    return str(path)


@pytest.mark.parametrize(("before", "after"), itertools.combinations_with_replacement(NAMES, 2))
def test_what_push_lets_a_recipe_read_has_one_header(
    before: str, after: str, tmp_path: Path
) -> None:
    files = [accepted(name, tmp_path) for name in dict.fromkeys((before, after))]
    job = Job(
        steps=[UPPERCASE],
        source=Source(files),
        output=str(tmp_path / "out.csv"),
        output_delimiter=",",
        now="2026-03-01T00:00:00+00:00",
    )
    if readable.unlike(definition(before), definition(after)) is None:
        assert run(job, lambda _: None) == len(files)
        return
    with pytest.raises(RecipeError, match="all files of a dataset need the same header"):
        run(job, lambda _: None)
