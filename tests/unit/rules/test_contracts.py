"""The contract refuses by name what this release does not know, and says what to write."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from retraining.algorithms.catalog import ALGORITHMS, Aim, aim
from retraining.algorithms.frameworks import ANSWERS, problem_of_answers
from retraining.algorithms.xgboost import hyperparameters
from retraining.errors import PipelineRejected
from retraining.rules import changes, classes, contracts
from retraining.rules.columns import ColumnsFile
from retraining.rules.metrics import METRICS
from retraining.rules.searching import config

SCHEMAS = Path(__file__).parents[3] / "src" / "ratchet" / "cli" / "schemas"

DEFINITION: dict[str, Any] = {
    "name": "bank-marketing",
    "data": {
        "label": "y",
        "csv": {"delimiter": ";"},
        "columns": {
            "age": {"type": "integer", "min": 17},
            "y": {"type": "category", "values": ["yes", "no"]},
        },
    },
    "etl": {"recipe": [{"Action": {"Operation": "DELETE", "Parameters": {"a": "b"}}}]},
    "training": {"hyperparameters": {"num_round": 100, "objective": "binary:logistic"}},
    "gate": {"metric": "auc", "minimum": 0.6},
}

MACHINE: dict[str, Any] = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}


def with_(path: str, value: object) -> str:
    document = copy.deepcopy(DEFINITION)
    *parents, last = path.split("/")
    current = document
    for part in parents:
        current = current.setdefault(part, {})
    current[last] = value
    return json.dumps(document)


def test_defaults_are_written_out() -> None:
    document = contracts.as_document(contracts.parse_definition(json.dumps(DEFINITION)))
    assert document["trigger"] == {
        "quiet_period": "60s",
        "max_wait": "12h",
        "min_interval": "0s",
        "min_new_rows": 1,
        "schedule": None,
        "marker": None,
    }
    gate = document["gate"]
    assert (gate["rule"], gate["cluster"], gate["reference_batches"]) == ("guard", None, 6)
    assert gate["undecided_settings"] == "keep"
    assert document["endpoint"] == {"kind": "serverless", "memory_mb": 2048, "max_concurrency": 1}
    again = contracts.as_document(contracts.parse_definition(json.dumps(document)))
    assert again == document


SHARES = {"train": 0.7, "validation": 0.15, "holdout": 0.15}
TIMED: dict[str, Any] = {**SHARES, "by": "time", "column": "age"}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("trigger/window", "15m", "trigger.window: this release does not know this key"),
        ("trigger/max_wait", "59s", "trigger: max_wait 59s must not be shorter than quiet_period"),
        ("trigger/max_wait", "8d", "from 1s to 7d"),
        ("trigger/min_interval", "31d", "from 0s to 30d"),
        ("trigger/marker", "done/_SUCCESS", "trigger.marker"),
        ("trigger", {"marker": "_SUCCESS", "schedule": "rate(1 day)"}, "mutually exclusive"),
        ("trigger/min_new_rows", 0, "trigger.min_new_rows"),
        ("trigger/min_new_rows", "500", "trigger.min_new_rows"),
        ("trigger/schedule", "every night", "trigger.schedule"),
        ("trigger/schedule", "at(2026-11-28T03:00:00)", "trigger.schedule"),
        ("trigger/quiet_perod", "60s", "did you mean 'quiet_period'?"),
        ("gte", {}, "did you mean 'gate'?"),
        ("endpoint", {"kind": "serverless", "memory": 2048}, "did you mean 'memory_mb'?"),
        ("endpoint", {"kind": "none", "memory_mb": 2048}, "endpoint.memory_mb"),
        ("endpoint", {"kind": "instance"}, "'serverless', 'none'"),
        ("data/columns/age/mx", 3, "did you mean 'max'?"),
        ("data/columns/batch", {"type": "text"}, "column name 'batch' is reserved"),
        ("data/columns/AGE", {"type": "text"}, "differ only in case"),
        ("data/columns/age", {"type": "integer", "min": 5, "max": 3}, "greater than max"),
        ("data/columns/y", {"type": "category", "values": [True]}, "put it in quotes"),
        ("data/columns/age", {"type": "date", "min": "20240101"}, "must be YYYY-MM-DD"),
        ("data/columns/age", {"type": "date", "max": "2024-W01-1"}, "must be YYYY-MM-DD"),
        ("data/columns/age", {"type": "number", "min": 10**400}, "larger than a 32-bit float"),
        ("data/columns/age", {"type": "integer", "default": 1.5}, "must be one of 64 bits"),
        ("data/columns/age", {"type": "integer", "default": 10**30}, "must be one of 64 bits"),
        ("data/columns/age", {"type": "number", "default": "none"}, "must be a number"),
        ("data/columns/age", {"type": "date", "default": "yesterday"}, "must be YYYY-MM-DD"),
        ("data/columns/age", {"type": "timestamp", "default": "noon"}, "YYYY-MM-DD HH:MM:SS"),
        ("data/columns/age", {"type": "boolean", "default": "maybe"}, "must be true or false"),
        ("data/columns/y", {"type": "category", "values": ["a"], "default": "b"}, "is not one of"),
        ("data/columns/y", {"type": "category", "values": ["", "yes"]}, "lists an empty text"),
        ("data/duplicates", "first", "'refuse' or 'last'"),
        ("data/key", ["age", "who"], "'who' is not a column"),
        ("data/key", "y", "cannot identify a row"),
        ("data/history", {"last": "90d"}, "data.history: input should be 'all'"),
        ("data/format", "libsvm", "data.format"),
        ("data/format", "jsonl", "data: csv applies to format csv, not to format jsonl"),
        ("data/delimiter", ";", "data.delimiter: this release does not know this key"),
        ("data/csv/thousands", ".", "decimal and thousands are both '.'"),
        ("data/csv", {"delimiter": ";", "comment": ";"}, "comment and delimiter are both ';'"),
        ("data/csv", {"names": ["age", "y"]}, "names are for files without a header"),
        ("data/csv", {"header": False, "names": ["y", "y"]}, "names lists a column twice"),
        ("data/csv/null_values", ["NA", None], "data.csv.null_values: every value must be text"),
        ("data/csv/encoding", "utf8", "data.csv.encoding: input should be 'utf-8', 'utf-16'"),
        ("data/csv/quote", "`", "data.csv.quote"),
        ("data/columns/y", {"type": "category"}, "data.columns.y: the label is a category without"),
        ("data/columns/age", {"type": "date", "format": "%d.%m"}, "one of %Y and %y"),
        ("data/columns/age", {"type": "date", "format": "%d.%m.%Y %Q"}, "%Q is not known"),
        ("data/columns/age", {"type": "date", "format": "%d.%m.%Y %H"}, "set the column's type to"),
        ("data/columns/age", {"type": "date", "format": "unix"}, "is a format of timestamps"),
        ("data/columns/age", {"type": "timestamp", "format": "%d.%m.%Y %I"}, "%H, or %I and %p"),
        ("data/columns/age", {"type": "integer", "format": "%d"}, "not to type integer"),
        ("data/columns/age", {"type": "timestamp", "min": "noon"}, "YYYY-MM-DD HH:MM:SS"),
        ("data/columns/age", {"type": "boolean", "min": 0}, "'min' does not apply to type boolean"),
        ("gate/margin", 1, "gate.margin: with 1 no model is ever worse: auc lies from 0 to 1"),
        ("gate/confidence", 0.9999999999, "gate.confidence: input should be less than or equal to"),
        ("checks/tolerate", {}, "set share, rows or both"),
        ("checks/tolerate", {"share": 1}, "checks.tolerate.share"),
        ("checks/on_rejected_object", "wait", "'proceed' or 'stop'"),
        ("split", {"train": 0.9, "validation": 0.2, "holdout": 0.15}, "must be 1, not 1.25"),
        ("split/by", "key", "split.by: key requires data.key"),
        ("split/by", "time", "by: time requires column: name the column that holds the time"),
        ("split/by", "month", "'row', 'key', 'group' or 'time'"),
        ("split/column", "age", "column applies to by: group and by: time, not to by: row"),
        ("split/gap", "2d", "gap applies to by: time, not to by: row"),
        ("split", TIMED | {"column": "when"}, "split.column: 'when' is not a column"),
        ("split", TIMED | {"column": "y"}, "the label 'y' cannot decide which side"),
        ("split", TIMED | {"by": "group", "column": "y"}, "the label 'y' cannot decide"),
        ("split", TIMED | {"gap": "2d"}, "column 'age' holds numbers, so it must be a number"),
        ("split", TIMED | {"gap": -1}, "greater than or equal to 0"),
        ("gate/cluster", "day", "gate.cluster: 'day' is not a column"),
        ("trigger/quiet_period", "13h", "from 1s to 12h"),
        ("gate/metric", "acc", "'auc', 'accuracy'"),
        ("gate/minimum", 1.5, "not a possible value of auc; allowed: 0 to 1"),
        ("gate/approval", "nobody", "gate.approval"),
        ("gate/rule", "better", "'guard', 'improve' or 'superior'"),
        ("gate/cluster", "day", "gate.cluster: 'day' is not a column; the columns are age"),
        ("gate/reference_batches", 0, "gate.reference_batches"),
        ("gate/undecided_settings", "ask", "'keep' or 'take'"),
        ("gate/slices", {"land": {}}, "gate.slices.land: not a column; the columns are"),
        ("gate/slices", {"y": {}}, "gate.slices.y: the label cannot be a slice"),
        ("gate/slices", {"age": {"minimum": 2}}, "slices.age.minimum: 2 is not a possible value"),
        ("gate/slices", {"age": {"floor": 0.6}}, "gate.slices.age.floor"),
        ("gate/slices", {"age": {"min_rows": 9}}, "greater than or equal to 30"),
        ("gate/slices", {name: {} for name in "abcdef"}, "at most 5"),
        ("training/refit", "yes", "training.refit"),
        (
            "training",
            {"refit": True, "hyperparameters": {"num_round": 9, "early_stopping_rounds": 3}},
            "remove early_stopping_rounds and set num_round",
        ),
        ("training/hyperparameters", {"max_dept": 3, "num_round": 1}, "did you mean max_depth?"),
        ("training/hyperparameters", {"objective": "binary:logistic"}, "num_round: missing"),
        ("training/hyperparameters", {"num_round": 9, "objective": "multi:softprob"}, "no scores"),
        ("training", {"algorithm": "xgboost"}, "training.hyperparameters: this key is required"),
        (
            "training",
            {"algorithm": "xgboost", "workflow": {}},
            "workflow and algorithm are mutually",
        ),
        ("training", {"workflow": {}, "hyperparameters": {}}, "workflow and hyperparameters"),
        ("training", {"workflow": MACHINE, "max_runtme": "1h"}, "did you mean 'max_runtime'?"),
        ("training", {"workflow": MACHINE, "max_runtime": "6d"}, "from 60s to 5d"),
        (
            "training/instance",
            "ml.foo.bar",
            "training.instance: ml.foo.bar is not an instance type of SageMaker's training jobs",
        ),
        ("training/instance", "ml.m5.larg", "near it are ml.m5.large"),
        ("training/instance", "ml.m8i.large", "training: ml.m8i.large trains, but SageMaker"),
        ("training/score_instance", "ml.m8i.large", "of SageMaker's batch transform jobs"),
        ("training", {"workflow": MACHINE, "instance": "ml.m8i.large"}, "set score_instance"),
        ("training", {"workflow": "training.asl.yaml"}, "training.workflow: input should be"),
        ("training", {"workflow": {"StartAt": "A"}}, "not a state machine: it needs StartAt"),
        ("training", {"workflow": {**MACHINE, "Comment": "x" * 200_000}}, "at most 200,000"),
        (
            "etl/features",
            {"sha256": "0" * 64, "code": "0" * 64, "columns": ["a"]},
            "features and recipe are mutually exclusive",
        ),
        ("etl/recipe", [{"Action": {"operation": "DELETE"}}], "did you mean 'Operation'?"),
        ("name", "Bank", "name: string should match"),
        ("name", "ba--nk", "name: string should match"),
        ("name", "bank-", "name: string should match"),
        ("name", "b" * 25, "name: string should have at most 24"),
    ],
)
def test_a_wrong_definition_is_refused_with_the_key_and_the_remedy(
    path: str, value: object, said: str
) -> None:
    with pytest.raises(PipelineRejected) as refused:
        contracts.parse_definition(with_(path, value))
    assert said in str(refused.value)


def sized(part: str, count: int) -> str:
    """A definition with so many entries in one part, none of them beyond its own limit."""
    document = copy.deepcopy(DEFINITION)
    columns = document["data"]["columns"]
    if part == "names":
        columns |= {f"{n:0100}": {"type": "number"} for n in range(count)}
    elif part == "values":
        column = {"type": "category", "values": [f"{n:080}" for n in range(50)]}
        columns |= {f"c{n}": column for n in range(count // 20)}
    elif part == "recipe":
        named = {"sourceColumns": "a" * 3 * count}
        step = {"Action": {"Operation": "DELETE", "Parameters": named}}
        document["etl"] = {"recipe": [step] * 100}
    else:
        names = [f"{n:0250}" for n in range(count)]
        document["etl"] = {"features": {"sha256": "0" * 64, "code": "0" * 64, "columns": names}}
    return json.dumps(document)


@pytest.mark.parametrize(
    ("part", "section"),
    [("names", "data.columns"), ("values", "data.columns"), ("recipe", "etl"), ("features", "etl")],
)
def test_a_definition_that_the_ledger_cannot_keep_is_refused(part: str, section: str) -> None:
    """Or its push would fail on DynamoDB's 400 KB, after a check that had found nothing."""
    with pytest.raises(PipelineRejected, match=f"^{section}: the largest part of a definition of"):
        contracts.parse_definition(sized(part, 1900))
    assert len(json.dumps(whole(sized(part, 500)))) < contracts.MOST_BYTES


@pytest.mark.parametrize("kind", ["number", "date", "timestamp"])
def test_a_column_of_endless_values_has_no_slices(kind: str) -> None:
    document = json.loads(with_("gate/slices", {"sold": {}}))
    document["data"]["columns"]["sold"] = {"type": kind}
    said = f"column 'sold' is of type {kind}; slices are values of a column of type category,"
    with pytest.raises(PipelineRejected, match=said):
        contracts.parse_definition(json.dumps(document))
    document["data"]["columns"]["sold"] = {"type": "text"}
    slices = whole(json.dumps(document))["gate"]["slices"]
    assert slices == {"sold": {"minimum": None, "min_rows": 200}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "b" * 100_000),
        ("gate/minimum", "0" * 100_000),
        ("etl/recipe", [{"Action": {"Operation": "DELETE", "Parameters": {}}}] * 10_000),
        ("data/columns", {f"c{n}": {"type": "number"} for n in range(10_000)}),
    ],
)
def test_of_a_long_value_a_refusal_shows_the_beginning(path: str, value: object) -> None:
    """What push prints is for a person, and what its function raises has a limit."""
    with pytest.raises(PipelineRejected) as refused:
        contracts.parse_definition(with_(path, value))
    assert len(str(refused.value)) < 500, str(refused.value)[:1000]


def test_every_problem_is_reported_at_once() -> None:
    document = json.loads(with_("trigger/window", "1h"))
    document["gate"]["slices"] = ["contact"]
    with pytest.raises(PipelineRejected) as refused:
        contracts.parse_definition(json.dumps(document))
    assert len(refused.value.problems) == 2


def whole(text: str) -> dict[str, Any]:
    """A definition with every default."""
    return contracts.as_document(contracts.parse_definition(text))


@pytest.mark.parametrize("default", [2, "2"])
def test_a_default_may_be_a_value_that_looks_like_a_number(default: int | str) -> None:
    """Rows of earlier batches get it as text, however it is written."""
    column = {"type": "category", "values": ["1", "2"], "default": default}
    found = whole(with_("data/columns/age", column))["data"]["columns"]["age"]
    assert found["default"] == default


def test_what_identifies_the_accepted_rows_cannot_change_later() -> None:
    former = whole(json.dumps(DEFINITION))
    new = whole(with_("split/train", 0.6).replace('"train": 0.6', '"train": 0.6, "holdout": 0.25'))
    assert changes.frozen_changes(former, former) == []
    assert changes.frozen_changes(former, new) == ["split"]
    assert changes.sections(former, new) == ["split"]


FEATURES = {"features": {"sha256": "0" * 64, "code": "0" * 64, "columns": ["a"]}}


@pytest.mark.parametrize(
    ("etl", "added", "words"),
    [
        (FEATURES, {"type": "text", "nullable": True}, None),
        (FEATURES, {"type": "integer", "default": 0}, None),
        ({"transform": "0" * 64}, {"type": "integer", "default": 0}, None),
        (FEATURES, {"type": "text"}, "data.columns.city: earlier batches have no such column"),
        (None, {"type": "text", "nullable": True}, "data.columns: they can change with etl.feat"),
        ({}, {"type": "integer", "nullable": True}, "data.columns: they can change with etl.feat"),
    ],
)
def test_columns_may_change_where_every_model_keeps_its_own(
    etl: dict[str, Any] | None, added: dict[str, Any], words: str | None
) -> None:
    """None: the recipe stays."""
    document = copy.deepcopy(DEFINITION)
    columns = document["data"]["columns"]
    for name in columns:
        columns[name] = {"type": "integer"}
    if etl is not None:
        document["etl"] = etl
    former = whole(json.dumps(document))
    columns["city"] = added
    found = changes.column_problems(former, whole(json.dumps(document)))
    assert (found == []) if words is None else any(words in problem for problem in found)
    columns.pop("city")
    assert changes.column_problems(former, whole(json.dumps(document))) == []


@pytest.mark.parametrize("name", ["pipeline.schema.json", "columns.schema.json"])
def test_the_committed_schemas_are_those_of_the_contract(name: str) -> None:
    committed = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    assert committed == contracts.schemas()[name], "run: python -m retraining.rules.contracts"


@pytest.mark.parametrize("name", ["pipeline.yaml", "columns.yaml"])
def test_editors_find_the_schema_of_each_pipeline_file(name: str) -> None:
    for file in SCHEMAS.parents[3].glob(f"pipelines/*/{name}"):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        schema = first.removeprefix("# yaml-language-server: $schema=")
        assert (file.parent / schema).resolve() == SCHEMAS / name.replace(".yaml", ".schema.json")


def test_the_schema_accepts_what_the_contract_accepts_and_refuses_unknown_keys() -> None:
    folder = copy.deepcopy(DEFINITION)
    folder["data"]["columns"] = "columns.yaml"
    folder["etl"] = {"recipe": "recipe.json"}
    checker = jsonschema.Draft202012Validator(contracts.schemas()["pipeline.schema.json"])
    checker.validate(folder)
    folder["trigger"] = {"window": "15m"}
    assert not checker.is_valid(folder)


@pytest.mark.parametrize(
    "name",
    [
        *("row_id", "Split", "BATCH", "moment", "cluster", " a", "a ", "a\tb", "a\nb", "a\x1bb"),
        *("a", "A", "é", "a b", "row_ids", "a split", "$.x", "{% x %}", "a,b", "<b>", "x" * 255),
    ],
)
def test_the_schema_takes_the_names_of_columns_that_the_contract_takes(name: str) -> None:
    checker = jsonschema.Draft202012Validator(contracts.schemas()["columns.schema.json"])
    columns = {name: {"type": "text"}, "other": {"type": "text"}}
    try:
        ColumnsFile.model_validate({"columns": columns})
    except ValidationError:
        assert not checker.is_valid({"columns": columns})
    else:
        checker.validate({"columns": columns})


def test_a_model_trained_where_nothing_scores_is_scored_elsewhere() -> None:
    given = json.loads(with_("training/instance", "ml.m8i.large"))
    given["training"]["score_instance"] = "ml.m5.large"
    parsed = contracts.parse_definition(json.dumps(given))
    training = contracts.as_document(parsed)["training"]
    assert (training["instance"], training["score_instance"]) == ("ml.m8i.large", "ml.m5.large")


def test_training_is_by_the_algorithm_or_by_a_workflow_of_the_folder() -> None:
    parsed = contracts.parse_definition(with_("training", {"workflow": MACHINE}))
    training = contracts.as_document(parsed)["training"]
    assert training == {
        "workflow": MACHINE,
        "instance": "ml.m5.large",
        "score_instance": None,
        "refit": False,
        "max_runtime": "1h",
    }
    folder = json.loads(with_("training", {"workflow": "training.asl.yaml"}))
    folder["data"]["columns"] = "columns.yaml"
    folder["etl"] = {"recipe": "recipe.json"}
    checker = jsonschema.Draft202012Validator(contracts.schemas()["pipeline.schema.json"])
    checker.validate(folder)
    for wrong in ("../training.asl.yaml", "training.yaml", MACHINE):
        folder["training"]["workflow"] = wrong
        assert not checker.is_valid(folder)


WHEN: dict[str, Any] = {"type": "date"}


@pytest.mark.parametrize(
    ("column", "split", "said"),
    [
        (WHEN, {"gap": "2d"}, None),
        (WHEN, {"gap": None}, None),
        (WHEN, {"by": "group"}, None),
        ({"type": "integer"}, {"gap": 3}, None),
        (WHEN, {"gap": 3}, "split.gap: of a date it must be a duration such as 2d, not 3"),
        ({"type": "text"}, {}, "is of type text, which has no order in time"),
        ({**WHEN, "nullable": True}, {}, "column 'when' must not be nullable"),
        ({**WHEN, "nullable": True}, {"by": "group"}, "column 'when' must not be nullable"),
    ],
)
def test_a_split_by_a_column_asks_for_one_that_every_row_has(
    column: dict[str, Any], split: dict[str, Any], said: str | None
) -> None:
    document = json.loads(with_("split", {**TIMED, "column": "when", **split}))
    document["data"]["columns"]["when"] = column
    if said is None:
        contracts.parse_definition(json.dumps(document))
    else:
        with pytest.raises(PipelineRejected, match=said):
            contracts.parse_definition(json.dumps(document))


def test_a_transform_may_make_the_label_and_a_label_may_be_missing() -> None:
    made = json.dumps({**json.loads(with_("data/label", "late")), "etl": {"transform": "0" * 64}})
    assert contracts.parse_definition(made).data.label == "late"
    label = {"type": "category", "values": ["yes", "no"], "nullable": True}
    missing = with_("data/columns/y", label)
    assert contracts.parse_definition(missing).data.label == "y"
    plain = {**json.loads(made), "etl": {}}
    with pytest.raises(PipelineRejected, match="'late' is not a column; the columns are age, y"):
        contracts.parse_definition(json.dumps(plain))


FEATURES: dict[str, Any] = {"features": {"sha256": "0" * 64, "code": "0" * 64, "columns": ["age"]}}


@pytest.mark.parametrize("etl", [{}, FEATURES])
@pytest.mark.parametrize("kind", ["text", "timestamp"])
def test_a_label_that_nothing_converts_is_refused(etl: dict[str, Any], kind: str) -> None:
    document = {**json.loads(with_("data/columns/y", {"type": kind})), "etl": etl}
    said = f"data.columns.y: type {kind}, and nothing converts it to a number"
    with pytest.raises(PipelineRejected, match=said) as refused:
        contracts.parse_definition(json.dumps(document))
    assert ("make it a category" in str(refused.value)) == (kind == "text")


def of_classes(
    label: dict[str, Any], etl: Any = None, metric: str = "accuracy", **chosen: Any
) -> dict[str, Any]:
    """A definition of several classes as the contract keeps it."""
    document = json.loads(with_("data/columns/y", label))
    hyperparameters = {"num_round": 9, "objective": "multi:softprob", **chosen}
    document |= {"etl": etl or {}, "training": {"hyperparameters": hyperparameters}}
    document["gate"] = {"metric": metric, "minimum": 0.5}
    return contracts.as_document(contracts.parse_definition(json.dumps(document)))


@pytest.mark.parametrize(
    ("label", "count", "texts"),
    [
        ({"type": "category", "values": ["setosa", "other", "third"]}, 3,
         ("setosa", "other", "third")),
        ({"type": "category", "values": ["3", "5", "7"]}, 3, ("3", "5", "7")),
        ({"type": "integer", "min": 0, "max": 9}, 10, None),
        ({"type": "boolean"}, 2, None),
    ],
)  # fmt: skip
def test_a_label_says_how_many_classes_there_are(
    label: dict[str, Any], count: int, texts: tuple[str, ...] | None
) -> None:
    document = of_classes(label)
    assert document["training"]["hyperparameters"]["num_class"] == count
    assert classes.coded(document) == texts
    assert of_classes(label, num_class=count) == document


@pytest.mark.parametrize(
    ("label", "chosen", "said"),
    [
        ({"type": "integer"}, {}, "num_class: missing"),
        ({"type": "integer", "min": 1, "max": 9}, {}, "num_class: missing"),
        ({"type": "integer", "min": 0, "max": 2}, {"num_class": 4},
         "num_class: 4, but data.columns.y has 3 numbers from its min to its max"),
        ({"type": "category", "values": ["a", "b", "c"]}, {"num_class": 2},
         "num_class: 2, but data.columns.y has 3 values: leave it out"),
        ({"type": "number"}, {"num_class": 3}, "a class is an integer from 0.*this is a number"),
        ({"type": "category", "values": ["a", "b", "c"]}, {"objective": "binary:logistic"},
         "data.columns.y: 3 values, but the objective binary:logistic tells two classes apart"),
    ],
)  # fmt: skip
def test_classes_that_the_objective_does_not_take_are_refused(
    label: dict[str, Any], chosen: dict[str, Any], said: str
) -> None:
    with pytest.raises(PipelineRejected, match=said):
        of_classes(label, **chosen)


def test_three_texts_are_no_amounts() -> None:
    label = {"type": "category", "values": ["red", "green", "blue"]}
    said = "3 values, but the objective reg:squarederror predicts an amount: set objective: multi"
    with pytest.raises(PipelineRejected, match=said):
        of_classes(label, metric="rmse", objective="reg:squarederror")
    numbers = of_classes({**label, "values": ["1", "2", "3"]}, metric="rmse", objective="reg:gamma")
    assert classes.coded(numbers) is None


def test_what_a_recipe_makes_of_a_label_is_no_class_of_ours() -> None:
    recipe = {"recipe": DEFINITION["etl"]["recipe"]}
    document = of_classes({"type": "category", "values": ["a", "b"]}, recipe, num_class=5)
    assert classes.coded(document) is None


def test_two_numbers_of_a_category_are_trained_on_as_they_land() -> None:
    label = {"type": "category", "values": ["1", "0"]}
    document = of_classes(label, objective="binary:logistic")
    assert classes.coded(document) is None
    texts = of_classes({**label, "values": ["no", "yes"]}, objective="binary:logistic")
    assert classes.coded(texts) == ("no", "yes")


@pytest.mark.parametrize(
    ("values", "changed"),
    [(["a", "b"], []), (["a", "b", "c"], []), (["b", "a"], ["values of the label"]),
     (["a"], ["values of the label"]), (["a", "c", "b"], ["values of the label"])],
)  # fmt: skip
def test_classes_keep_their_numbers(values: list[str], changed: list[str]) -> None:
    """Each run numbers all rows again, but a champion has learnt the former numbers."""
    before = of_classes({"type": "category", "values": ["a", "b"]})
    after = json.loads(json.dumps(before))
    after["data"]["columns"]["y"]["values"] = values
    assert changes.frozen_changes(before, after) == changed


def test_a_label_that_gets_other_numbers_or_loses_them_is_another_label() -> None:
    category = {"type": "category", "values": ["no", "yes"]}
    texts, numbers = (
        of_classes(label, objective="binary:logistic")
        for label in (category, {"type": "integer", "min": 0, "max": 1})
    )
    assert changes.frozen_changes(texts, numbers) == ["values of the label"]
    assert changes.frozen_changes(numbers, texts) == ["values of the label"]


def test_a_champion_lacks_what_it_must_have_and_no_row_brings() -> None:
    document = copy.deepcopy(DEFINITION) | {"etl": FEATURES}
    columns = document["data"]["columns"]
    columns["y"] = {"type": "integer"}
    columns |= {"city": {"type": "text"}, "note": {"type": "text", "nullable": True}}
    former = whole(json.dumps(document))
    for name in ("city", "note"):
        columns.pop(name)
    document["data"]["label"] = "z"
    columns["z"] = columns.pop("y")
    assert changes.gone_columns(former, whole(json.dumps(document))) == ["city"]
    assert changes.gone_columns(former, former) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["0", "1"], None),
        (["0", "1", "2"], None),
        (
            ["1", "0"],
            "'1' was trained on as 1 and would be 0; '0' was trained on as 0 and would be",
        ),
        (["2", "3"], "'2' was trained on as 2 and would be 0.*their places in values"),
        (["no", "yes"], None),
    ],
)
def test_numbers_that_become_classes_may_keep_their_numbers(
    values: list[str], said: str | None
) -> None:
    """0 and 1 are 0 and 1 among several classes, too; and two texts have places already."""
    label = {"type": "category", "values": values}
    metric = "rmse" if values == ["2", "3"] else "accuracy"
    objective = {"rmse": "reg:squarederror"}.get(metric, "binary:logistic")
    pair = of_classes(label, metric=metric, objective=objective), of_classes(label)
    found = changes.frozen_changes(*pair)
    assert found == ([changes.LABEL_VALUES] if said else [])
    assert said is None or re.search(said, changes.why_frozen(changes.LABEL_VALUES, *pair))
    assert ("other numbers" in str(changes.incomparable(*pair))) == (
        metric != "rmse" and bool(said)
    )


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_a_champion_is_compared_where_a_pipeline_may_be_judged_so(metric: str) -> None:
    """What the contract refuses in one pipeline is not compared between two definitions."""
    row, new = ALGORITHMS["xgboost"], {"gate": {"metric": metric}, "data": {"label": "y"}}
    new |= {"data": {"label": "y", "columns": {"y": {"type": "integer"}}}, "etl": {}}
    new["training"] = {"algorithm": "xgboost", "hyperparameters": {}}
    for objective in row.objectives:
        chosen = {"objective": objective}
        trained = {**new, "training": {"algorithm": "xgboost", "hyperparameters": chosen}}
        refused = row.score_problems(chosen, metric, METRICS[metric].reads)
        said = changes.incomparable(trained, new)
        assert bool(said) == bool(refused)
        assert said is None or f"objective {objective}, whose answers metric {metric}" in said
    for scores in ANSWERS:
        trained = {**new, "training": {"script": {"program": "train.py"}, "scores": scores}}
        refused_so = problem_of_answers(scores, metric, METRICS[metric].reads)
        assert bool(changes.incomparable(trained, new)) == bool(refused_so)
    assert changes.incomparable({**new, "training": {"workflow": MACHINE}}, new) is None
    other = {**new, "data": {**new["data"], "label": "z"}}
    assert changes.incomparable(other, new) == "predicts z, which is not y"


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"a" * 257: 1}, "the name has 257 characters, and a job takes 256"),
        ({"layers": "x" * 2501}, "layers: the value has 2,501 characters, and a job takes 2,500"),
        ({"": 1}, "at least 1 character"),
        ({f"n{number}": 1 for number in range(91)}, "at most 90"),
        ({"a" * 256: "x" * 2500}, None),
    ],
)
def test_hyperparameters_that_no_training_job_takes_are_refused(
    chosen: dict[str, Any], said: str | None
) -> None:
    training = {
        "script": {"program": "train.py", "code": "0" * 64},
        "framework": "sklearn",
        "scores": "probability",
        "hyperparameters": chosen,
    }
    if said is None:
        contracts.parse_definition(with_("training", training))
        return
    with pytest.raises(PipelineRejected, match=said):
        contracts.parse_definition(with_("training", training))


def tuned(ranges: dict[str, Any], metric: str = "auc", **others: Any) -> dict[str, Any]:
    document = json.loads(with_("gate/metric", metric))
    hyperparameters = document["training"]["hyperparameters"]
    hyperparameters = others.pop("hyperparameters", hyperparameters)
    tuning = {"jobs": 10, "ranges": ranges, **others.pop("tuning", {})}
    document["training"] = {"hyperparameters": hyperparameters, "tuning": tuning, **others}
    return contracts.as_document(contracts.parse_definition(json.dumps(document)))


DEPTHS = {"max_depth": {"integer": [3, 9]}}
STOPS = {"num_round": 100, "early_stopping_rounds": 5}


@pytest.mark.parametrize(
    ("ranges", "others", "said"),
    [
        ({"max_dept": {"integer": [3, 9]}}, {}, "tuning.ranges.max_dept: .*did you mean max_depth"),
        ({"learning_rate": {"continuous": [0.1, 0.3]}}, {}, "say eta"),
        ({"objective": {"integer": [1, 2]}}, {}, "objective: cannot be searched; .*max_depth"),
        ({"eta": {"continuous": [0.1, 1.5]}}, {}, "ranges.eta: must be a number, 0 to 1, not 1.5"),
        ({"eta": {"integer": [0, 1]}}, {}, "eta: say continuous"),
        ({"eta": {"continuous": [0.3, 0.1]}}, {}, "0.3, must be below the greatest, 0.1"),
        ({"eta": {"continuous": [0, 0.1], "scale": "log"}}, {}, "scale: log needs a least value"),
        ({"eta": {}}, {}, "say integer"),
        ({"eta": {"categorical": [0.1, 0.2]}}, {}, "eta: say continuous"),
        ({}, {}, "training.tuning.ranges"),
        (DEPTHS, {"refit": True, "hyperparameters": STOPS}, "needs a fixed number of rounds"),
        (DEPTHS, {"max_runtime": "3h"}, "tuning.budget: 10 jobs of at most 3h may take 30 hours"),
        (DEPTHS, {"tuning": {"parallel": 11}}, "parallel"),
        (DEPTHS, {"tuning": {"jobs": 2, "parallel": 3}}, "parallel: 3 of 2 jobs at a time"),
        (DEPTHS, {"tuning": {"strategy": "grid"}}, "strategy"),
    ],
)
def test_a_search_that_sagemaker_would_not_take_is_refused(
    ranges: dict[str, Any], others: dict[str, Any], said: str
) -> None:
    with pytest.raises(PipelineRejected, match=said):
        tuned(ranges, **others)


def test_a_workflow_searches_for_itself() -> None:
    training = {"workflow": MACHINE, "tuning": {"jobs": 2, "ranges": DEPTHS}}
    with pytest.raises(PipelineRejected, match="workflow and tuning are mutually exclusive"):
        contracts.parse_definition(with_("training", training))


SCRIPT = {
    "script": {"program": "train.py", "code": "1" * 64},
    "framework": "sklearn",
    "scores": "probability",
}
PRINTED = {"name": "accuracy", "regex": "accuracy=([0-9.]+)", "better": "higher"}


def searching(ranges: dict[str, Any], **others: Any) -> dict[str, Any]:
    """The training section of a script whose hyperparameters are searched."""
    tuning = {"jobs": 2, "metric": PRINTED, "ranges": ranges, **others.pop("tuning", {})}
    training = {**SCRIPT, "tuning": tuning, **others}
    parsed = contracts.parse_definition(with_("training", training))
    found: dict[str, Any] = contracts.as_document(parsed)["training"]
    return found


@pytest.mark.parametrize("kind", [{}, {"script": {}, "framework": "sklearn"}, {"workflow": {}}])
def test_a_place_is_told_as_pipeline_yaml_has_it(kind: dict[str, Any]) -> None:
    with pytest.raises(PipelineRejected, match=r"training\.instance: ") as caught:
        contracts.parse_definition(with_("training", {**kind, "instance": 7}))
    assert "Training." not in str(caught.value), "no name of a class"


def test_a_script_is_searched_by_what_it_prints() -> None:
    kinds = {"categorical": ["adam", "sgd", 3]}
    found = searching({"lr": {"continuous": [0.001, 0.1], "scale": "log"}, "optimizer": kinds})
    goal = aim(found, "auc")
    definition = {"Name": "accuracy", "Regex": "accuracy=([0-9.]+)"}
    assert goal == Aim("accuracy", "Maximize", (definition,))
    ranges = config(found["tuning"], goal.metric, goal.kind, 7200)["ParameterRanges"]
    (categories,) = ranges["CategoricalParameterRanges"]
    assert categories == {"Name": "optimizer", "Values": ["adam", "sgd", "3"]}
    (rates,) = ranges["ContinuousParameterRanges"]
    assert (rates["Name"], rates["ScalingType"]) == ("lr", "Logarithmic")
    lower = searching(DEPTHS, tuning={"metric": {**PRINTED, "better": "lower"}})
    assert aim(lower, "auc").kind == "Minimize"


@pytest.mark.parametrize(
    ("ranges", "others", "said"),
    [
        (DEPTHS, {"tuning": {"metric": None}}, "training.tuning.metric"),
        (DEPTHS, {"tuning": {"metric": {**PRINTED, "regex": "acc=[0-9]+"}}}, "into parentheses"),
        (DEPTHS, {"tuning": {"metric": {**PRINTED, "regex": "acc=("}}}, "not a regular expression"),
        (DEPTHS, {"tuning": {"metric": {**PRINTED, "better": "more"}}}, "better"),
        (DEPTHS, {"max_runtime": "20h"}, "tuning.budget: 2 jobs of at most 20h may take 40 hours"),
        ({"sagemaker_region": {"integer": [1, 2]}}, {}, "are SageMaker's own"),
        ({"kind": {"categorical": ["one"]}}, {}, "categorical"),
        ({"kind": {"categorical": ["a", "b"], "integer": [1, 2]}}, {}, "say integer"),
        (
            {f"h{number}": {"integer": [1, 2]} for number in range(30)},
            {"hyperparameters": {f"fixed{number}": 1 for number in range(61)}},
            "hyperparameters: 91 with those that are searched, at most 90",
        ),
    ],
)
def test_a_search_of_a_script_that_could_find_nothing_is_refused(
    ranges: dict[str, Any], others: dict[str, Any], said: str
) -> None:
    with pytest.raises(PipelineRejected, match=re.escape(said)):
        searching(ranges, **others)


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_a_search_goes_by_the_nearest_metric_that_the_image_reports(metric: str) -> None:
    for row in ALGORITHMS.values():
        for objective in ({"objective": "binary:logistic"}, {"objective": "multi:softprob"}):
            name, kind = row.aim(objective, metric)
            known = hyperparameters.EVAL_METRICS
            assert name.removeprefix("validation:") in known
            assert kind == ("Maximize" if name == "validation:auc" else "Minimize")


def test_what_a_search_finds_may_be_trained_again_on_all_rows() -> None:
    assert tuned(DEPTHS, refit=True)["training"]["refit"] is True


def test_a_search_is_a_request_of_sagemaker() -> None:
    tuning = tuned({**DEPTHS, "eta": {"continuous": [0.00001, 0.3], "scale": "log"}})["training"]
    found = config(tuning["tuning"], "validation:auc", "Maximize", 7200)
    assert found == {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
        "ResourceLimits": {
            "MaxNumberOfTrainingJobs": 10,
            "MaxParallelTrainingJobs": 2,
            "MaxRuntimeInSeconds": 7200,
        },
        "ParameterRanges": {
            "IntegerParameterRanges": [
                {"Name": "max_depth", "MinValue": "3", "MaxValue": "9", "ScalingType": "Auto"}
            ],
            "ContinuousParameterRanges": [
                {
                    "Name": "eta",
                    "MinValue": "0.00001",
                    "MaxValue": "0.3",
                    "ScalingType": "Logarithmic",
                }
            ],
        },
        "TrainingJobEarlyStoppingType": "Off",
    }


def test_what_marks_the_accepted_rows_cannot_change_later() -> None:
    former, new = (
        contracts.as_document(contracts.parse_definition(with_("gate/cluster", cluster)))
        for cluster in (None, "age")
    )
    assert changes.frozen_changes(former, new) == ["gate.cluster"]
