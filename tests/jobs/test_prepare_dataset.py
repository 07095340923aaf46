"""The rules of the shared Glue job, on small tables in a local Spark."""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.response import StreamingBody
from pyspark.sql import functions as f

from ratchet.cli.archives import packed
from ratchet.local_aws.glue.script_runs import LIBRARY
from ratchet.local_aws.glue.spark import (
    ARCHIVE_NAMES,
    MOST_INTERPRETED,
    archive_folder,
    spark_environment,
)
from ratchet.local_aws.sagemaker.containers.xgboost import lean
from ratchet.local_aws.sagemaker.containers.xgboost.tables import read_channel
from ratchet.serving import inference
from retraining.rules import claims
from retraining.rules import rows as rows_of
from retraining.rules.data_check import column_rule as cells
from retraining.rules.names import arrival

pytestmark = pytest.mark.process

REPO = Path(__file__).parents[2]
NAN = math.nan
RESERVED = "row_id string, split string, batch string"
ARRIVAL = "arrival string"
SIDE = "side of the row"


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark session configured as local AWS configures a job's."""
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in spark_environment(folder, {}).items():
            patch.setenv(name, value)
        patch.setattr(sys, "path", [str(LIBRARY), str(REPO / "jobs"), *sys.path])
        session = SparkSession.builder.getOrCreate()
        yield session
        session.stop()


@pytest.fixture(scope="module")
def job(spark: Any) -> Any:
    return import_module("prepare_dataset")


def batches(job: Any) -> Any:
    return job.Batches("run-000003", ("run-000001", "run-000002"), ("run-000002",))


def request(job: Any, folder: Path, *, parts: tuple[str, ...] = ()) -> Any:
    return job.Request(folder.as_uri(), "", folder.as_uri(), "y", 9, 9, None, parts)


def as_text(job: Any, data: Any, features: list[str], given: Any = None) -> Any:
    """The rows on their sides, label y and features as text."""
    return job.numbers_as_text(placed(job, data, given), "y", features)


def placed(job: Any, data: Any, given: Any = None, split: Any = None) -> Any:
    """The rows on their sides."""
    given, split = given or batches(job), split or job.Split()
    data = job.with_the_first(data, given, split, "y")
    data = job.newest_of_each_key(data, given) if split.by_key else job.each_row(data)
    cut = job.cut_of(data, given, split) if split.by_time else None
    return job.on_sides(data, given, split, cut)


def table(spark: Any, columns: str, *rows: tuple[Any, ...]) -> Any:
    """Rows of label y and further columns, with row ids r1, r2, ... in train of the new batch."""
    given = [(f"r{n}", "train", "run-000003", *row) for n, row in enumerate(rows, start=1)]
    return spark.createDataFrame(given, f"{RESERVED}, {columns}")


def refused(job: Any, data: Any, features: list[str]) -> str:
    data = as_text(job, data, features)
    found = job.survey(data, "y", features)

    def refuse() -> None:
        job.refuse_odd_sides(found)
        job.refuse_bad_values(data, found, "y", features)

    with pytest.raises(job.PrepareFailed) as failure:
        refuse()
    return str(failure.value)


def test_numbers_stay_as_written_and_truth_becomes_one_or_zero(spark: Any, job: Any) -> None:
    data = table(
        spark,
        "y boolean, `a.b` string, c double",
        (True, "93.10", 1.5),
        (False, " True ", float("nan")),
        (True, "NaN", None),
        (True, None, 2.0),
    )
    made = as_text(job, data, ["a.b", "c"]).drop(*job.MARKS)
    assert [tuple(row) for row in made.collect()] == [
        ("1", "93.10", "1.5"),
        ("0", "1", None),
        ("1", None, None),
        ("1", None, "2.0"),
    ]


def test_the_texts_of_a_label_become_their_places_and_a_missing_one_stays_so(
    spark: Any, job: Any
) -> None:
    named = [("other",), ("no, never",), (None,), ("0",)]
    data = spark.createDataFrame([("r", *row) for row in named], "a string, `y.z` string")
    made = job.with_numbers_of_classes(data, "y.z", ["no, never", "other"])
    assert [row[1] for row in made.collect()] == ["1", "0", None, "0"]
    assert job.with_numbers_of_classes(data, "y.z", None) is data


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            [("1", "2"), ("0", "two"), ("0", "x")],
            "Column 'a' holds 'two', which is not a number, in row r2 (2",
        ),
        ([("1", "2d")], "Column 'a' holds '2d', which is not a number"),
        ([("1", "Infinity")], "Column 'a' holds 'Infinity', which is not a number"),
        ([("1", "1.453d")], "Column 'a' holds '1.453d', which is not a number"),
        ([("1", "0x1.8p3")], "Column 'a' holds '0x1.8p3', which is not a number"),
        ([("1", "0x1p3")], "Column 'a' holds '0x1p3', which is not a number"),
        ([("1", "1_000")], "Column 'a' holds '1_000', which is not a number"),
        ([("1", '"2"')], "Column 'a' holds '\"2\"', which is not a number"),
        ([("1", "1e39")], "Column 'a' holds '1e39', which is larger than XGBoost's 32-bit floats"),
        ([("1", "-1e999")], "Column 'a' holds '-1e999', which is larger than XGBoost's 32-bit fl"),
        ([("yes", "x")], "Column 'y' holds 'yes', which is not a number"),
    ],
)
def test_a_value_that_is_not_a_number_is_named_by_column_value_and_row(
    spark: Any, job: Any, rows: list[tuple[Any, ...]], sentence: str
) -> None:
    assert refused(job, table(spark, "y string, a string", *rows), ["a"]).startswith(sentence)


def test_a_number_that_the_reader_would_miss_by_a_bit_is_written_as_the_float_it_is(
    spark: Any, job: Any
) -> None:
    rows = [("1", "1.453"), ("0", "1.454"), ("0", "-1.453"), ("1", "1.2345678E7"), ("1", "2.5e-7")]
    texts = as_text(job, table(spark, "y string, a string", *rows), ["a"])
    made = job.readable(texts, job.survey(texts, "y", ["a"]), "y", ["a"])
    assert [row["a"] for row in made.orderBy("row_id").collect()] == [
        "1.4529999494552612",
        "1.454",
        "-1.4529999494552612",
        "12345678",
        "0.00000025",
    ]


def test_a_number_that_the_data_check_lets_through_is_one_here(job: Any) -> None:
    """Else one landed value would fail every run of its pipeline."""
    assert f"^{cells.NUMBER.pattern}$".replace(r"\.", "[.]") == job.NUMBER
    assert float(job.LARGEST.rstrip("D")) == cells.LARGEST


@pytest.mark.parametrize(
    ("bad_in", "error"),
    [
        ({"run-000003"}, "DataRefused"),
        ({"run-000001"}, "PrepareFailed"),
        ({"run-000001", "run-000003"}, "PrepareFailed"),
    ],
)
@pytest.mark.parametrize(("value", "label"), [("two", "1"), ("1", "2")])
def test_a_batch_that_is_worse_than_those_before_it_is_refused_and_not_the_run(
    spark: Any, job: Any, bad_in: set[str], error: str, value: str, label: str
) -> None:
    """A value that is not a number, or a label that the objective does not take."""
    rows = [
        (f"r{n}{bad}", "train", batch, label if bad else "0", value if bad else "1")
        for n, batch in enumerate(("run-000001", "run-000002", "run-000003"))
        for bad in ([False, True] if batch in bad_in else [False])
    ]
    data = spark.createDataFrame(rows, f"{RESERVED}, y string, a string")
    data = as_text(job, data, ["a"])
    found = job.survey(data, "y", ["a"])
    refuse, said = {
        "two": (lambda: job.refuse_bad_values(data, found, "y", ["a"]), "Column 'a' holds 'two'"),
        "1": (lambda: job.refuse_labels(data, "y", (0.0, 1.0)), "Label 'y' is 2"),
    }[value]
    with pytest.raises(job.PrepareFailed) as failure:
        refuse()
    assert type(failure.value).__name__ == error
    assert str(failure.value).startswith(said)
    assert f"({len(bad_in)} such rows)" in str(failure.value)


def test_a_label_that_an_open_limit_allows_is_taken(spark: Any, job: Any) -> None:
    data = as_text(job, table(spark, "y string, a string", ("7.5", "1")), ["a"])
    for limits in ((None, None), (0.0, None), (None, 7.5)):
        job.refuse_labels(data, "y", limits)
    with pytest.raises(job.DataRefused, match="takes labels from 8 to any"):
        job.refuse_labels(data, "y", (8.0, None))


def test_a_split_that_the_recipe_changed_is_refused(spark: Any, job: Any) -> None:
    data = spark.createDataFrame(
        [("r1", "TRAIN", "run-000003", "1", "1")], f"{RESERVED}, y string, a string"
    )
    assert refused(job, data, ["a"]) == "Reserved column 'split' was changed: it holds 'TRAIN'"


def test_by_key_the_row_that_arrived_last_stays(spark: Any, job: Any) -> None:
    """A later batch, a later object, a later row: the order of the text says nothing."""
    rows = [
        ("k1", "train", "run-000001", arrival(7, 7), "z", "a.b"),
        ("k1", "train", "run-000003", arrival(0, 1), "new", None),
        ("k2", "holdout", "run-000002", arrival(0, 1), "only", "x"),
        ("k3", "train", "run-000003", arrival(10, 1), "new", "a later object"),
        ("k3", "train", "run-000003", arrival(9, 11), "z", "an earlier object"),
        ("k4", "train", "run-000003", arrival(0, 10), "new", "a later row"),
        ("k4", "train", "run-000003", arrival(0, 9), "z", "an earlier row"),
    ]
    data = spark.createDataFrame(rows, f"{RESERVED}, {ARRIVAL}, y string, `a.b` string")
    made = job.newest_of_each_key(data.withColumn(job.FIRST, data["batch"]), batches(job))
    assert made.columns == [
        *("row_id", "split", "batch", "y", "a.b"), *(job.FIRST, job.COPIES, job.CONFLICT)
    ]  # fmt: skip
    assert [
        (row["row_id"], row["batch"], row["y"]) for row in made.orderBy("row_id").collect()
    ] == [
        ("k1", "run-000003", "new"),
        ("k2", "run-000002", "only"),
        ("k3", "run-000003", "new"),
        ("k4", "run-000003", "new"),
    ]


def test_rows_are_counted_by_what_they_are_for(spark: Any, job: Any) -> None:
    """Batch 1 is neither new nor a reference: its held-out row is trained on."""
    given = [(1, "holdout"), (2, "holdout"), (2, "train")]
    given += [(3, "holdout"), (3, "train"), (3, "validation")]
    rows = [
        (f"r{n}", split, f"run-00000{batch}", "1", "2") for n, (batch, split) in enumerate(given)
    ]
    data = spark.createDataFrame(rows, f"{RESERVED}, y string, a string")
    found = job.survey(as_text(job, data, ["a"]), "y", ["a"])
    assert job.count_rows(found, job.COUNTED) == {
        "train": 3,
        "validation": 1,
        "holdout_fresh": 1,
        "holdout_reference": 1,
        "arrival": 3,
        "repeated": 0,
        "holdout_own": 1,
        "apart": 0,
    }


@pytest.mark.parametrize("marks", ["false", "true"])
def test_parts_are_written_in_order_with_nan_for_null_and_no_marker(
    spark: Any, job: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, marks: str
) -> None:
    """Also by a committer that marks its success whatever it is told."""
    monkeypatch.setattr(job, "NO_MARKER", (job.NO_MARKER[0], marks))
    rows = [
        ("r3", "train", "run-000003", "1", None),
        ("r1", "train", "run-000001", "0", "5"),
        ("r2", "validation", "run-000003", "1", "6"),
        ("r9", "validation", "run-000002", "1", "1"),
        ("r5", "holdout", "run-000003", "1", "7"),
        ("r4", "holdout", "run-000002", "0", "8"),
        ("r6", "holdout", "run-000001", "0", "9"),
        ("r1", "train", "run-000003", "0", "5"),
        ("r6", "holdout", "run-000003", "0", "9"),
    ]
    data = spark.createDataFrame(rows, f"{RESERVED}, y string, `a,b` string")
    wanted = request(job, tmp_path, parts=job.EXTRA_PARTS)
    data = as_text(job, data, ["a,b"])
    found = job.survey(data, "y", ["a,b"])
    job.write_parts(data, wanted, ["a,b"], found, arrival=True)
    made = {
        str(part.relative_to(tmp_path)): "".join(f.read_text() for f in sorted(part.glob("*.csv")))
        for part in (*tmp_path.iterdir(), *tmp_path.glob("*/*"))
        if list(part.glob("*.csv"))
    }
    assert made == {
        "train": "0,5\n0,5\n1,nan\n0,9\n0,9\n",
        "validation": "1,6\n1,1\n",
        "backtest/train": "0,5\n0,9\n",
        "backtest/validation": "1,1\n",
        "alone/train": "0,5\n1,nan\n0,9\n",
        "alone/validation": "1,6\n",
        "refit/train": "0,5\n0,5\n1,6\n1,nan\n0,8\n1,7\n0,9\n0,9\n1,1\n",
        "refit/validation": "1,6\n1,1\n",
        "holdout": "r4,reference,-,0,8\nr5,fresh,-,1,7\n",
        "arrival": "r2,new,-,1,6\nr3,new,-,1,nan\nr4,reference,-,0,8\nr5,fresh,-,1,7\n",
    }
    assert not list(tmp_path.rglob("_SUCCESS"))
    assert job.count_shared(data, wanted, arrival=True) == 0
    parts = {part.pop("role"): part for part in job.parts_of(found, wanted)}
    assert parts == {
        "backtest": {"train": 2, "validation": 1, "labels": False},
        "alone": {"train": 3, "validation": 1, "labels": True},
        "refit": {"train": 9, "validation": 2, "labels": True},
    }


def test_a_row_that_is_both_fitted_and_judged_on_is_counted(spark: Any, job: Any) -> None:
    rows = [("r1", "train", "new", True), ("r1", "holdout", "fresh", True)]
    rows += [("r2", "train", None, False), ("r2", "train", "new", True)]
    marks = f"row_id string, `{job.SIDE}` string, `{job.KIND}` string, `{job.IS_NEW}` boolean"
    data = spark.createDataFrame(rows, marks)
    assert job.count_shared(data, request(job, Path("/x")), arrival=True) == 1
    backtest = request(job, Path("/x"), parts=("backtest",))
    assert job.count_shared(data, backtest, arrival=True) == 2
    assert job.count_shared(data, backtest, arrival=False) == 1


def drops(chance: random.Random, count: int) -> list[list[tuple[str, str]]]:
    """Batches of row ids and sides that overlap, a side for each id."""
    sides = {f"r{n}": chance.choice(["train", "validation", "holdout"]) for n in range(30)}
    return [
        [
            (row_id, sides[row_id])
            for row_id in chance.choices(sorted(sides), k=chance.randint(1, 12))
        ]
        for _ in range(count)
    ]


@pytest.mark.parametrize("by_key", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_no_row_is_fitted_and_judged_on_whatever_batches_hold_it(
    spark: Any, job: Any, seed: int, by_key: bool
) -> None:
    """Through a series of runs: once trained on, never judged on again."""
    chance, rows, trained = random.Random(seed), [], set[str]()
    for token, drop in enumerate(drops(chance, 6), start=1):
        batch = f"run-{token:06d}"
        rows += [(*row, batch, arrival(0, n), "1", "2") for n, row in enumerate(drop, start=1)]
        history = tuple(f"run-{n:06d}" for n in range(1, token))
        given = job.Batches(batch, history, history[-2:])
        chance.shuffle(rows)
        data = spark.createDataFrame(rows, f"{RESERVED}, {ARRIVAL}, y string, a string")
        split = job.Split(reserved=(*job.RESERVED, job.ARRIVAL)) if by_key else job.Split()
        made = placed(job, data if by_key else data.drop("arrival"), given, split).collect()
        judged = {row["row_id"] for row in made if row[job.KIND] in ("fresh", "reference")}
        arrived = {row["row_id"] for row in made if row[job.KIND] in ("fresh", "new")}
        fitted = {row["row_id"] for row in made if row[job.SIDE] != "holdout"}
        assert not fitted & judged
        assert not trained & (judged | arrived)
        trained |= fitted
        assert all(row[job.KIND] or row[job.SIDE] != "holdout" for row in made)


@dataclass
class Settled:
    """A run of a series, as it turned out."""

    batch: str
    batches: tuple[str, ...]
    judged: tuple[str, ...]
    cut: Any
    fitted: set[str]  # on train and validation
    held_out: set[str]
    refit: bool
    promoted: bool
    in_history: bool

    @property
    def known(self) -> set[str]:
        """The row ids that its model was trained on."""
        return self.fitted | (self.held_out if self.refit else set())


def landed_again(chance: random.Random, split: Any, batch: str) -> list[tuple[Any, ...]]:
    """A batch of rows that other batches have too; by key a row may change day, group and label."""
    number, rows = int(batch[-1]), []
    names = range(number * 60, number * 60 + 180)
    for place, name in enumerate(chance.choices(names, k=150), start=1):
        own = random.Random(f"{name} {batch}" if split.by_key else name)
        day = name // 6 + own.randint(-4, 4)
        side = own.choice(["train", "train", "validation", "holdout"])
        label = None if chance.random() < 0.1 else "1"
        side = "time" if split.by_time else side
        if "cluster" in split.reserved:  # by group: all rows of a day are on the side of its hash
            side = rows_of.side(rows_of.row_id(f"{day}".encode()), rows_of.Shares(0.6, 0.2))
        said = f"{batch} {place}"
        landed = (f"r{name}", side, batch, arrival(0, place), f"t{day}", label, said, f"c{day}")
        rows.append(landed)
    return rows


def settled(
    chance: random.Random, job: Any, given: Any, split: Any, data: Any
) -> tuple[Settled, list[Any]]:
    """What became of a batch, and its prepared rows."""
    data = job.one_of_each(data, given, split, "y", replaced=True)
    cut = job.cut_of(data, given, split) if split.by_time else None
    made = job.on_sides(data, given, split, cut).where(f"`{job.SIDE}` <> 'unlabelled'").collect()
    on = {side: {row["row_id"] for row in made if row[job.SIDE] == side} for side in job.SIDES}
    in_history = chance.random() < 0.7
    run = Settled(
        batch=given.fresh,
        batches=given.oldest_first,
        judged=(*given.reference, given.fresh),
        cut=cut,
        fitted=on["train"] | on["validation"],
        held_out=on["holdout"],
        refit=chance.random() < 0.5,
        promoted=in_history and chance.random() < 0.6,
        in_history=in_history,
    )
    return run, made


def the_backtest_has_the_newest_earlier_row(
    landed: list[Any], batch: str, run: Settled, made: list[Any], split: Any
) -> None:
    """Of each key, whether it comes again or not."""
    earlier = sorted((row for row in landed if row[2] != batch), key=lambda row: (row[2], row[3]))
    last = {row[0]: row for row in earlier}
    found = {
        row["row_id"]: row["a"]
        for row in made
        if row["a"].split()[0] != batch and row[SIDE].split(", ")[-1] in ("train", "validation")
    }
    assert found == {row_id: last[row_id][6] for row_id in found}
    if not split.by_time:
        on_a_side = {row_id for row_id in last if row_id in run.fitted and last[row_id][5]}
        assert on_a_side <= set(found)


@pytest.mark.parametrize(
    "reserved",
    [
        (),
        ("arrival",),
        ("moment",),
        ("arrival", "moment"),
        ("cluster",),
        ("arrival", "cluster"),
    ],
)
def test_no_champion_is_compared_on_a_row_that_it_was_trained_on(
    spark: Any, job: Any, reserved: tuple[str, ...]
) -> None:
    """Rows that land again, by key with another day or group; batches that are set aside and
    released after others; champions that are refit or not; other numbers of reference batches."""
    chance, runs, rows = random.Random(str(reserved)), list[Settled](), []
    known = 0
    split = job.Split(reserved=(*job.RESERVED, *reserved), gap=1.0)
    for token in range(1, 7):
        batch, champion = f"run-{token:06d}", next((r for r in runs[::-1] if r.promoted), None)
        rows += landed_again(chance, split, batch)
        for run in runs:
            run.in_history = run.in_history or chance.random() < 0.2
        history = tuple(run.batch for run in runs if run.in_history)
        trained_on = set(champion.batches) - set(champion.judged) if champion else set()
        repeated = set(chance.sample(history, chance.randint(0, len(history))))
        reference = claims.reference(history, chance.randint(1, 3), repeated, trained_on)
        learned = champion and job.Learned(champion.batches, champion.judged, champion.refit)
        cuts = tuple((run.batch, run.cut) for run in runs)
        given = job.Batches(batch, history, reference, cuts, learned)
        here = [row for row in rows if row[2] in given.oldest_first]
        schema = f"{RESERVED}, arrival string, moment string, y string, a string, cluster string"
        data = spark.createDataFrame(here, schema)
        data = data if "cluster" in reserved else data.drop("cluster")
        run, made = settled(chance, job, given, split, data)
        for row in made:
            compared = champion and row[job.KIND] in given.compared
            assert not (compared and row["row_id"] in champion.known)
            assert not (compared and row[job.KNOWN])
            if champion and not split.by_key and not split.by_time:
                assert row[job.KNOWN] == (row["row_id"] in champion.known)
            held_out = row[job.SIDE] == "holdout" and row[job.IS_NEW]
            known += bool(row[job.KNOWN])
            if held_out and (champion is None or not row[job.KNOWN]):
                assert row[job.KIND] == "fresh"
            elif held_out and champion.refit:
                assert row[job.KIND] == "reference"
        judged = {row["row_id"] for row in made if row[job.KIND] in ("fresh", "reference")}
        assert not run.fitted & judged
        if split.by_key:
            the_backtest_has_the_newest_earlier_row(here, batch, run, made, split)
        runs.append(run)
    assert known > 0


@pytest.mark.parametrize("recipe", [None, ["step"]])
@pytest.mark.parametrize("refit", [False, True])
@pytest.mark.parametrize("by_key", [False, True])
def test_a_champion_of_before_a_new_baseline_is_compared_on_no_row_that_landed_then(
    spark: Any, job: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    by_key: bool, refit: bool, recipe: Any,
) -> None:  # fmt: skip
    """Other batches, whose rows land again; one of them was discarded and left no files."""
    monkeypatch.setattr(job.boto3, "client", lambda _: Files())
    (tmp_path / "run-000001").mkdir()
    lines = [f"r{n},train,run-000001,1,{n}" for n in range(12)]
    text = "\n".join(["row_id,split,batch,y,a", *lines, ""])
    (tmp_path / "run-000001" / "chunk.csv").write_text(text)
    learned = job.Learned(("run-000001", "run-000002"), ("run-000002",), refit)
    given = job.Batches("run-000003", (), (), (), learned)
    sides = ["train", "validation", "holdout"]
    rows = [
        (f"r{n}", sides[n % 3], "run-000003", arrival(0, n), "1", "2")
        for n in range(24)
        for _ in range(1 + by_key)
    ]
    split = job.Split(reserved=(*job.RESERVED, job.ARRIVAL)) if by_key else job.Split()
    data = spark.createDataFrame(rows, f"{RESERVED}, {ARRIVAL}, y string, a string")
    data = data if by_key else data.drop("arrival")
    data = job.with_the_elsewhere(data, f"{tmp_path}/", given, {"etl": {"recipe": recipe}})
    made = placed(job, data, given, split).collect()
    assert len(made) == 24
    kinds = {"train": ("new", None), "validation": ("new", None), "holdout": ("fresh", "reference")}
    for row in made:
        known = int(row["row_id"][1:]) < 12
        assert row[job.KNOWN] == known
        assert row[job.KIND] == kinds[row[job.SIDE]][known], "a challenger is judged on it"
        assert row[job.CONFLICT] is None
        assert not (known and row[job.KIND] in given.compared)
    assert {"new", "fresh"} == {*given.compared}


def test_a_champion_that_is_not_compared_gets_no_rows_to_score(job: Any) -> None:
    champion = {"model": "ratchet--bank--rfjp-000001"}
    assert job.champion_of({"champion": champion}) == champion
    assert job.champion_of({"champion": champion, "champions_way": {"lacks": ["age"]}}) == {}
    assert job.champion_of({"champion": champion, "incomparable": "was trained with ..."}) == {}


def test_rows_that_the_champion_knows_are_counted_where_it_is_compared(job: Any) -> None:
    rows = {
        f"known/{kind}": count for kind, count in (("new", 1), ("fresh", 20), ("reference", 300))
    }
    for refit, batches, count in (
        (False, ("a",), 321), (True, ("a",), 21), (False, ("a", "b"), 320), (True, ("b",), 20)
    ):  # fmt: skip
        given = job.Batches("b", ("a",), ("a",), (), job.Learned(batches, batches[-1:], refit))
        assert job.count_known([{job.ROWS: rows}], given) == count
    assert job.count_known([{job.ROWS: rows}], job.Batches("b", ("a",), ("a",))) == 0


@pytest.mark.parametrize("side", ["train", "validation"])
def test_a_backtest_that_cannot_be_trained_is_refused_with_the_way_out(job: Any, side: str) -> None:
    part = {"role": "backtest", "train": 5, "validation": 1, "labels": False}
    job.refuse_backtest([part, {**part, side: 0, "role": "alone"}])
    with pytest.raises(job.PrepareFailed, match=f"no row of them is left for {side}.*--new-base"):
        job.refuse_backtest([{**part, side: 0}])


def test_a_batch_whose_held_out_rows_the_champion_knows_is_not_refused(job: Any) -> None:
    counts = {"train": 5, "validation": 1, "holdout_fresh": 0, "holdout_reference": 2}
    job.refuse_empty_parts(counts, held_out=2)
    with pytest.raises(job.PrepareFailed, match="No rows are left for validation; 7 rows in all"):
        job.refuse_empty_parts({**counts, "validation": 0}, held_out=2)


@pytest.mark.parametrize("refit", [False, True])
def test_what_the_champion_was_trained_with_is_in_the_manifest(job: Any, refit: bool) -> None:
    manifest = {"batch": "c", "history": ["a", "b"], "reference": ["b"], "champion": None}
    assert job.batches_of(manifest).champion is None
    manifest["champion"] = {"refit": refit}
    assert job.batches_of(manifest).champion == job.Learned(("a", "b"), ("b",), refit)
    manifest["learned"] = {"batches": ["a"], "judged": ["a"]}
    assert job.batches_of(manifest).champion == job.Learned(("a",), ("a",), refit)


def numbers_of_all_kinds(chance: random.Random) -> Iterator[tuple[str, float | None]]:
    """A column of texts and one of doubles, as recipes and transforms make them."""
    texts: list[Callable[[], str]] = [
        lambda: f"{chance.uniform(-10, 10):.3f}",
        lambda: f"{chance.uniform(-1e4, 1e4):.2f}",
        lambda: repr(chance.uniform(-1, 1)),
        lambda: repr(chance.uniform(-1, 1) * 10.0 ** chance.randint(-36, 38)),
        lambda: str(chance.randint(-(10**24), 10**24) // 10 ** chance.randint(0, 24)),
        lambda: f" +{chance.random():.25f} ",
        lambda: f".{chance.randint(0, 10**30)}",
        lambda: f"{chance.randint(0, 10**9)}e{chance.randint(-60, 20)}",
        lambda: f"0.{'0' * chance.randint(15, 30)}{chance.randint(1, 999)}",
        lambda: f"0.000001e{chance.randint(30, 44)}",
        lambda: chance.choice(["true", "False", "NaN", "", "1e-50", "-0", "7."]),
    ]
    for place in range(2000):
        number = chance.uniform(-1, 1) * 10.0 ** chance.randint(-40, 38)
        yield texts[place % len(texts)](), None if place % 7 == 0 else number


def test_the_container_s_reader_reads_the_numbers_that_were_prepared(
    spark: Any, job: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers of all kinds, and a last feature without any value: no column vanishes."""
    monkeypatch.setattr(lean, "OPTIONAL", ())
    given = list(numbers_of_all_kinds(random.Random(7)))
    rows = [(f"r{n:06}", "train", "run-000003", n % 2, *row, None) for n, row in enumerate(given)]
    data = spark.createDataFrame(rows, f"{RESERVED}, y int, a string, b double, c double")
    columns = ["y", "a", "b", "c"]
    data = as_text(job, data, columns[1:])
    found = job.survey(data, "y", columns[1:])
    assert [row[job.BAD_ROWS] for row in found] == [0]
    data = job.readable(data, found, "y", columns[1:])
    job._write(data, columns, f"{tmp_path.as_uri()}/train", len(rows))
    for path in (tmp_path / "train").glob(".*.crc"):
        path.unlink()
    read = read_channel(tmp_path / "train")
    words = {"true": 1.0, "False": 0.0, "": NAN}
    texts = [words[a] if a in words else float(a) for a, _ in given]
    wanted = np.array(
        [
            [n % 2, a, NAN if b is None else b, NAN]
            for n, (a, (_, b)) in enumerate(zip(texts, given, strict=True))
        ]
    )
    np.testing.assert_allclose(read, wanted, rtol=2.0**-20, atol=1.2e-38)
    usual = (np.abs(wanted) >= 1e-10) & (np.abs(wanted) < 9e18)
    assert usual.sum() > 2500
    np.testing.assert_array_equal(read[usual], wanted[usual].astype(np.float32))
    lines = "".join(file.read_text() for file in (tmp_path / "train").glob("*.csv")).split()
    scored = np.array([line.split(",") for line in lines]).astype(float).astype(np.float32)
    np.testing.assert_array_equal(read[usual], scored[usual])


def test_files_of_different_headers_are_not_read_as_one_table(
    spark: Any, job: Any, tmp_path: Path
) -> None:
    for name, header in (("1", "a,b"), ("2", "b,a")):
        file = tmp_path / f"run-000003/{name}.csv"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{header},row_id,split,batch\n1,2,r{name},train,run-000003\n")
    with pytest.raises(Exception, match="CSV header does not conform to the schema"):
        job.load(spark, tmp_path.as_uri(), batches(job), job.Split()).count()


def test_only_rows_of_this_run_s_batches_are_read(spark: Any, job: Any, tmp_path: Path) -> None:
    (tmp_path / "run-000003").mkdir()
    lines = ['"x ""y"",\nz",r1,train,run-000003', "b,r2,train,run-000009"]
    text = "a,row_id,split,batch\n" + "\n".join(lines) + "\n"
    (tmp_path / "run-000003/chunk-0-0.csv").write_text(text)
    read = job.load(spark, tmp_path.as_uri(), batches(job), job.Split())
    assert [row["a"] for row in read.collect()] == ['x "y",\nz']
    by_key = job.Split(reserved=(*job.RESERVED, job.ARRIVAL))
    with pytest.raises(job.PrepareFailed, match="'arrival' is missing from the data at file:"):
        job.load(spark, tmp_path.as_uri(), batches(job), by_key)


@pytest.mark.parametrize(
    ("features", "champion", "sentence"),
    [
        (["a", "b"], ["a"], "new: b"),
        (["a"], ["a", "b"], "gone: b"),
        (["b", "a"], ["a", "b"], "another order: b, a"),
    ],
)
def test_features_that_differ_from_the_champion_s_are_named(
    spark: Any, job: Any, features: list[str], champion: list[str], sentence: str
) -> None:
    columns = ", ".join(f"{name} string" for name in ("y", *features))
    data = table(spark, columns, ("1", *("2" for _ in features)))
    data = placed(job, data)
    assert job.features_of(data, "y", None) == features
    with pytest.raises(job.PrepareFailed, match=sentence):
        job.features_of(data, "y", champion)


def test_a_missing_label_or_reserved_column_is_named(spark: Any, job: Any) -> None:
    data = table(spark, "a string", ("1",))
    with pytest.raises(job.PrepareFailed, match="The label column 'y' is missing"):
        placed(job, data)
    made = placed(job, data.withColumnRenamed("a", "y"))
    with pytest.raises(job.PrepareFailed, match="No feature column is left"):
        job.features_of(made, "y", None)
    with pytest.raises(job.PrepareFailed, match="'split' is missing from the recipe"):
        job._require_reserved(data.drop("split").columns, job.RESERVED, "the recipe")


def test_empty_parts_are_refused_by_name(job: Any) -> None:
    counts = {"train": 5, "validation": 1, "holdout_fresh": 0, "holdout_reference": 2}
    with pytest.raises(
        job.PrepareFailed, match="No rows are left for holdout_fresh; 8 rows in all"
    ):
        job.refuse_empty_parts(counts)
    with pytest.raises(job.PrepareFailed, match="No rows are left of this run's batches"):
        job.refuse_empty_parts(dict.fromkeys(counts, 0))


def test_the_environment_leaves_nothing_outside_the_run_s_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run of a user"
    folder.mkdir()
    environment = spark_environment(folder, {"work.bucket": folder / "buckets/work.bucket"})
    conf = (folder / "conf/spark-defaults.conf").read_text()
    assert "work.bucket.linkFallback file:///" in conf
    assert "run%20of%20a%20user" in conf
    for name in ("SPARK_HOME", "SPARK_CONF_DIR", "SPARK_LOCAL_DIRS", "TMPDIR"):
        assert Path(environment[name]).is_relative_to(folder)
    assert os.access(folder / "spark/bin/spark-submit", os.X_OK)


@pytest.mark.parametrize(
    ("data_bytes", "interpreted"),
    [(0, False), (1, True), (MOST_INTERPRETED, True), (MOST_INTERPRETED + 1, False)],
)
def test_only_small_data_are_worked_on_without_compiled_expressions(
    tmp_path: Path, data_bytes: int, interpreted: bool
) -> None:
    spark_environment(tmp_path, {}, data_bytes=data_bytes)
    conf = (tmp_path / "conf/spark-defaults.conf").read_text()
    assert ("codegen.factoryMode NO_CODEGEN" in conf) is interpreted
    assert ("codegen.wholeStage false" in conf) is interpreted


def test_the_class_archive_is_used_only_where_it_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.prefix", str(tmp_path / "environment"))
    for name, made in (("without", False), ("with", True)):
        if made:
            archive_folder().mkdir(parents=True)
            for archive in ARCHIVE_NAMES:
                (archive_folder() / archive).touch()
        (tmp_path / name).mkdir()
        spark_environment(tmp_path / name, {})
        submit = (tmp_path / name / "spark/bin/spark-submit").read_text()
        assert ("-XX:SharedArchiveFile=" in submit) is made


# --- a transform that fails ----------------------------------------------------------------------


def transform_of(folder: Path, source: str) -> Callable[[Any], Any]:
    """The function of a transform.py with this source."""
    file = folder / "transform.py"
    file.write_text(source)
    names: dict[str, Any] = {}
    exec(compile(source, str(file), "exec"), names)
    function: Callable[[Any], Any] = names["transform"]
    return function


def told(job: Any, folder: Path, source: str, data: Any) -> str:
    with pytest.raises(Exception) as failure:  # noqa: PT011 - whatever a transform raises
        transform_of(folder, source)(data).collect()
    return str(job.located(failure.value))


def test_what_a_transform_raises_is_told_with_its_line(job: Any, tmp_path: Path) -> None:
    source = (
        "def transform(data):\n    return helper(data)\n\n\ndef helper(data):\n    return {}['x']\n"
    )
    assert told(job, tmp_path, source, None) == "transform.py, line 6: KeyError: 'x'"


def test_a_column_that_spark_does_not_find_is_told_with_its_line(
    spark: Any, job: Any, tmp_path: Path
) -> None:
    source = "def transform(data):\n    return data.select('missing')\n"
    found = told(job, tmp_path, source, table(spark, "y int", (1,)))
    assert found.startswith("transform.py, line 2: AnalysisException: ")
    assert "`missing`" in found
    assert "\n" not in found


def test_what_a_function_raises_in_a_worker_is_told_with_its_line(
    spark: Any, job: Any, tmp_path: Path
) -> None:
    source = (
        "from pyspark.sql import functions as f\n\n\n"
        "def transform(data):\n"
        "    return data.select(f.udf(lambda value: value.nothing)('y'))\n"
    )
    found = told(job, tmp_path, source, table(spark, "y int", (1,)))
    assert found == "transform.py, line 5: AttributeError: 'int' object has no attribute 'nothing'"


def test_an_error_that_is_not_the_transform_s_is_left_as_it_is(job: Any) -> None:
    assert job.located(OSError("no room")) is None


# --- features.py --------------------------------------------------------------------------------

CONTRACT: dict[str, Any] = {
    "label": "y",
    "columns": {
        "day": {"type": "date", "nullable": False},
        "town": {"type": "text", "nullable": True},
        "size": {"type": "number", "nullable": True},
    },
    "features": ["weekday", "size", "leeds"],
}
FEATURES = """
import pandas as pd


def features(rows):
    if (rows["town"] == "unheard of").any():
        raise KeyError("unheard of")
    return pd.DataFrame(
        {
            "weekday": rows["day"].dt.dayofweek,
            "size": 1 / rows["size"],
            "leeds": rows["town"] == "Leeds, UK",
        }
    )
"""
LANDED_ROWS = [("0", "2024-03-01", "Leeds, UK", "4"), ("1", "2024-03-02", None, None)]


@pytest.fixture(scope="module")
def contract(spark: Any, job: Any) -> Iterator[Any]:
    """The contract that an archive with this features.py brings; a session takes one such file."""
    archive = packed(
        {
            "contract.py": f"CONTRACT = {CONTRACT!r}\n".encode(),
            "features.py": FEATURES.encode(),
            "inference.py": Path(inference.__file__).read_bytes(),
        }
    )

    class Store:
        def get_object(self, **_: str) -> dict[str, Any]:
            return {"Body": io.BytesIO(archive)}

    uri = "s3://work/pipelines/p/{}.tar.gz"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job.boto3, "client", lambda _: Store())
        patch.setattr(sys, "path", [*sys.path])
        with pytest.raises(job.PrepareFailed, match="is not what its name says"):
            job.fetch_code(spark, uri.format("0" * 64))
        yield job.fetch_code(spark, uri.format(hashlib.sha256(archive).hexdigest()))


def landed(spark: Any, job: Any, *rows: tuple[Any, ...]) -> Any:
    data = table(spark, "y string, day string, town string, size string", *rows)
    sides = f.when(f.col("row_id") == "r1", "holdout").otherwise("train")
    return placed(job, data.withColumn("split", sides))


def test_features_are_fitted_and_landed_rows_scored(
    spark: Any, job: Any, contract: Any, tmp_path: Path
) -> None:
    data = job.with_features(landed(spark, job, *LANDED_ROWS), "y", contract)
    kept = tuple(job.LANDED + name for name in contract["columns"])
    features = job.features_of(data.drop(*kept), "y", None)
    assert features == CONTRACT["features"]
    data = job.numbers_as_text(data, "y", features, kept)
    found = job.surveyed(data, "y", features)
    job.write_parts(
        job.readable(data, found, "y", features),
        request(job, tmp_path), features, found, arrival=False, landed=kept,
    )  # fmt: skip
    written = {
        part: "".join(file.read_text() for file in (tmp_path / part).glob("*.csv"))
        for part in ("train", "holdout")
    }
    assert written["train"] == "1,5.0,nan,0.0\n"
    assert written["holdout"] == 'r1,fresh,-,0,2024-03-01,"Leeds, UK",4\n'


def test_what_features_fail_with_is_said_with_its_line(spark: Any, job: Any, contract: Any) -> None:
    rows = [("0", "2024-03-01", "unheard of", "4")]
    data = job.with_features(landed(spark, job, *rows), "y", contract)
    kept = tuple(job.LANDED + name for name in contract["columns"])
    data = job.numbers_as_text(data, "y", CONTRACT["features"], kept)
    with pytest.raises(job.PrepareFailed, match=r"^features\.py:7: KeyError: 'unheard of'$"):
        job.surveyed(data, "y", CONTRACT["features"])


def test_a_feature_without_end_is_refused_by_row_id(spark: Any, job: Any, contract: Any) -> None:
    rows = [("0", "2024-03-01", "Leeds\r\nUK", "0")]
    data = job.with_features(landed(spark, job, *rows), "y", contract)
    kept = tuple(job.LANDED + name for name in contract["columns"])
    data = job.numbers_as_text(data, "y", CONTRACT["features"], kept)
    found = job.surveyed(data, "y", CONTRACT["features"])
    with pytest.raises(job.PrepareFailed, match=r"'size' holds 'Infinity', .* in row r1"):
        job.refuse_bad_values(data, found, "y", CONTRACT["features"])
    assert data.first()[f"{job.LANDED}town"] == "Leeds UK", "a row that is scored is one line"
    assert inference.LINE_BREAK.pattern == job.LINE_BREAK


def test_batches_of_other_columns_are_read_by_name(spark: Any, job: Any, tmp_path: Path) -> None:
    """What a batch has not is missing or the default; what nobody takes any more is left out."""
    files = {
        "run-000001": "a,old,kept,row_id,split,batch\n1,x,9,r1,train,run-000001\n",
        "run-000003": "b,a,row_id,split,batch\nz,2,r2,train,run-000003\n",
    }
    for name, text in files.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "chunk.csv").write_text(text)
    headers = {
        tuple(text.split("\n")[0].split(",")): [(tmp_path / name).as_uri()]
        for name, text in files.items()
    }
    columns = {"b": {"default": "none"}, "a": {"default": None}, "kept": {}}
    read = job.load_by_header(spark, headers, columns, job.RESERVED).orderBy("row_id")
    assert read.columns == ["b", "a", "kept", "row_id", "split", "batch"]
    assert [tuple(row)[:4] for row in read.collect()] == [
        ("none", "1", "9", "r1"),
        ("z", "2", None, "r2"),
    ]


def test_the_header_of_each_batch_is_looked_at_once(
    job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []

    class Store:
        def list_objects_v2(self, **asked: Any) -> dict[str, Any]:
            looked.append(asked["Prefix"])
            found = {"accepted/p/run-000001/", "accepted/p/run-000003/"} & {asked["Prefix"]}
            return {"Contents": [{"Key": f"{prefix}chunk.csv"} for prefix in found]}

        def get_object(self, **asked: Any) -> dict[str, Any]:
            names = b'"a,b",c' if "000001" in asked["Key"] else b"a"
            return {"Body": StreamingBody(io.BytesIO(names + b"\n1,2\n"), None)}

    monkeypatch.setattr(job.boto3, "client", lambda _: Store())
    job.headers_of.cache_clear()
    for _ in range(2):
        found = job.batches_by_header("s3://work/accepted/p/", batches(job))
        assert list(found.items()) == [
            (("a,b", "c"), ["s3://work/accepted/p/run-000001/"]),
            (("a",), ["s3://work/accepted/p/run-000003/"]),
        ]
    assert sorted(looked) == sorted(set(looked)), "for the champion's rows and slices, too"


class Files:
    """S3 as a folder: a bucket of no name, whose keys are paths."""

    def get_object(self, **asked: str) -> dict[str, Any]:
        return {"Body": StreamingBody(io.BytesIO(Path("/", asked["Key"]).read_bytes()), None)}

    def put_object(self, **asked: Any) -> None:
        Path("/", asked["Key"]).write_bytes(asked["Body"])

    def list_objects_v2(self, **asked: Any) -> dict[str, Any]:
        found = sorted(Path("/", asked["Prefix"]).glob("*.csv"))
        return {"Contents": [{"Key": str(file).lstrip("/")} for file in found[:1]]}


@pytest.mark.usefixtures("contract")
def test_the_whole_job_with_a_champion_of_other_columns_and_features(
    job: Any, contract: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An earlier batch has `age`, which the champion takes, and not `size`, which has a default."""
    monkeypatch.setattr(job.boto3, "client", lambda _: Files())
    monkeypatch.setattr(job, "fetch_code", lambda *_: contract)
    sides = ("train", "validation", "holdout")
    batches = {
        "run-000001": ("day,town,age,y", "2024-02-0{n},York,7{n},1"),
        "run-000002": ("day,town,size,y", "2024-03-0{n},Leeds,{n},0"),
    }
    for batch, (header, row) in batches.items():
        (tmp_path / "accepted" / batch).mkdir(parents=True)
        lines = [
            f"{row.format(n=n)},r{batch[-1]}{n},{side},{batch}" for n, side in enumerate(sides, 1)
        ]
        text = "\n".join([f"{header},row_id,split,batch", *lines, ""])
        (tmp_path / "accepted" / batch / "chunk.csv").write_text(text)
    columns = {
        **CONTRACT["columns"],
        "size": {"type": "number", "default": 4},
        "y": {"type": "integer"},
    }
    manifest = {
        "batch": "run-000002",
        "again": False,
        "history": ["run-000001"],
        "reference": ["run-000001"],
        "reserved": ["row_id", "split", "batch"],
        "gap": 0,
        "objects": [],
        "definition": {
            "data": {"columns": columns, "duplicates": "refuse"},
            "split": {"validation": 0.15, "holdout": 0.15},
            "etl": {"recipe": None, "transform": None, "features": {"sha256": "5" * 64}},
        },
        "champion": {"raw": ["age", "town"], "features": ["x"]},
        "champions_way": {
            "definition": {
                "data": {
                    "label": "y",
                    "columns": {
                        "age": {"type": "integer", "nullable": True},
                        "town": {"type": "text", "nullable": True},
                        "y": {"type": "integer"},
                    },
                },
                "etl": {"recipe": None, "transform": None, "features": {"sha256": "6" * 64}},
            },
        },
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    folder = tmp_path.as_uri()
    given = {
        "source": f"{folder}/accepted/", "manifest": f"{folder}/manifest.json",
        "output": f"{folder}/prepared", "label": "y", "landed": "3", "accepted": "3",
        "transform": "none", "code": "s3://work/code.tar.gz", "parts": "backtest,alone,refit",
        "champions_source": f"{folder}/accepted/", "slices": "none",
    }  # fmt: skip
    (tmp_path / "prepared").mkdir()
    job.main(["job", *(part for name, value in given.items() for part in (f"--{name}", value))])

    def lines_of(part: str) -> list[str]:
        files = (tmp_path / "prepared" / part).glob("*.csv")
        return sorted(line for file in files for line in file.read_text().splitlines())

    summary = json.loads((tmp_path / "prepared/summary.json").read_text())
    assert summary["raw"] == ["day", "town", "size"]
    assert summary["features"] == CONTRACT["features"]
    assert lines_of("train") == ["0,4.0,1.0,0.0", "1,3.0,0.25,0.0"]
    assert lines_of("backtest/train") == ["1,3.0,0.25,0.0"]
    assert lines_of("holdout") == [
        "r13,reference,-,1,2024-02-03,York,4",
        "r23,fresh,-,0,2024-03-03,Leeds,3",
    ]
    assert lines_of("champion/holdout") == ["r13,reference,-,1,73,York", "r23,fresh,-,0,,Leeds"]
    assert [line.split(",")[0] for line in lines_of("champion/arrival")] == [
        line.split(",")[0] for line in lines_of("arrival")
    ]


KEPT = "'row_id', 'split', 'batch', 'y'"
TRANSFORMS = {
    "ours": f"def transform(data): return data.selectExpr({KEPT}, 'a + 1 AS b')",
    "theirs": f"def transform(data): return data.where('a > 1').selectExpr({KEPT}, 'a * 2 AS a')",
}
PLAIN = {"recipe": None, "transform": None, "features": None}
HASHES = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in TRANSFORMS.items()}
WAYS: dict[str, dict[str, Any]] = {
    "recipe": {**PLAIN, "recipe": [{}]},
    "ours": {**PLAIN, "transform": HASHES["ours"]},
    "theirs": {**PLAIN, "transform": HASHES["theirs"]},
    "features": {**PLAIN, "features": {"sha256": "6" * 64}},
    "plain": PLAIN,
}


class Prepared:
    """A job of two rows a side, prepared one way, and whose champion was trained another way."""

    def __init__(self, job: Any, folder: Path, ours: str, theirs: str, **champion: Any) -> None:
        self.job, self.folder = job, folder
        for name, source in TRANSFORMS.items():
            (folder / name).mkdir()
            (folder / name / "transform.py").write_text(source)
        recipes = {"accepted": "{a}", "recipe": "{a}.5", "champion/recipe": "-{a}"}
        for place, value in recipes.items():
            self._put(f"{place}/run-000002", value)
        columns = {"a": {"type": "integer"}, "y": {"type": "integer"}}
        data = {"duplicates": "refuse", "columns": columns, "label": "y"}
        self.manifest: dict[str, Any] = {
            "batch": "run-000002",
            "history": [],
            "again": False,
            "reserved": ["row_id", "split", "batch"],
            "gap": 0,
            "objects": [],
            "definition_ref": {"uri": (folder / ours).as_uri()},
            "definition": {
                "split": {"validation": 0.15, "holdout": 0.15}, "data": data, "etl": WAYS[ours],
            },
            "champion": champion,
            "champions_way": {
                "definition": {"data": data, "etl": WAYS[theirs]},
                "definition_ref": {"uri": (folder / theirs).as_uri()},
            },
        }  # fmt: skip
        own = "recipe" if WAYS[ours]["recipe"] else "accepted"
        champions = "champion/recipe" if WAYS[theirs]["recipe"] else "accepted"
        self.sources = (own, champions)
        (folder / "prepared").mkdir()

    def _put(self, folder: str, value: str) -> None:
        (self.folder / folder).mkdir(parents=True)
        lines = [
            f"{value.format(a=a)},{a % 2},r{a},{side},run-000002"
            for a, side in enumerate((*self.job.SIDES, *self.job.SIDES), 1)
        ]
        text = "\n".join(["a,y,row_id,split,batch", *lines, ""])
        (self.folder / folder / "chunk.csv").write_text(text)

    def run(self) -> dict[str, Any]:
        """The job; its summary."""
        (self.folder / "manifest.json").write_text(json.dumps(self.manifest))
        folder, (own, champions) = self.folder.as_uri(), self.sources
        etl, uri = self.manifest["definition"]["etl"], self.manifest["definition_ref"]["uri"]
        given = {
            "source": f"{folder}/{own}/", "manifest": f"{folder}/manifest.json",
            "output": f"{folder}/prepared", "label": "y", "landed": "6", "accepted": "6",
            "transform": f"{uri}/transform.py" if etl["transform"] else "none",
            "code": "none", "slices": "none", "parts": "none",
            "champions_source": f"{folder}/{champions}/",
        }  # fmt: skip
        self.job.main(["job", *(part for key, v in given.items() for part in (f"--{key}", v))])
        found: dict[str, Any] = json.loads((self.folder / "prepared/summary.json").read_text())
        return found

    def text_of(self, part: str) -> str:
        files = (self.folder / "prepared" / part).glob("*.csv")
        return "".join(file.read_text() for file in files)


@pytest.fixture
def in_files(job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 is a folder, and what the job imports is forgotten with the test."""
    monkeypatch.setattr(job.boto3, "client", lambda _: Files())
    monkeypatch.setattr(sys, "path", [*sys.path])


@pytest.mark.usefixtures("in_files", "spark")
@pytest.mark.parametrize(
    ("ours", "theirs", "raw", "own", "champions"),
    [
        ("ours", "theirs", None, "{}", "{}"),
        ("recipe", "theirs", None, "{}.5", "{}"),
        ("ours", "recipe", None, "{}", "-{}"),
        ("recipe", "recipe", None, "{}.5", "-{}"),
        ("ours", "features", ["a"], "{}", "{}"),
        ("recipe", "features", ["a"], "{}.5", "{}"),
        ("ours", "plain", None, "{}", "{}"),
        ("plain", "theirs", None, "{}", "{}"),
    ],
)
def test_a_champion_scores_the_same_rows_prepared_its_own_way(
    job: Any, tmp_path: Path, ours: str, theirs: str, raw: Any, own: str, champions: str
) -> None:
    work = Prepared(job, tmp_path, ours, theirs, features=["a"], raw=raw)
    summary = work.run()
    more, factor = (1 if ours == "ours" else 0), (2 if theirs == "theirs" else 1)
    assert summary["features"] == (["b"] if more else ["a"])
    for part in ("holdout", "arrival"):
        mine = work.text_of(part).splitlines()
        their = work.text_of(f"champion/{part}").splitlines()
        assert [line.rsplit(",", 1)[0] for line in mine] == [
            line.rsplit(",", 1)[0] for line in their
        ], "the same rows, kinds, clusters and labels"
    assert work.text_of("holdout").splitlines() == [
        f"r3,fresh,-,1,{own.format(3 + more)}", f"r6,fresh,-,0,{own.format(6 + more)}",
    ]  # fmt: skip
    assert work.text_of("champion/holdout").splitlines() == [
        f"r3,fresh,-,1,{champions.format(3 * factor)}",
        f"r6,fresh,-,0,{champions.format(6 * factor)}",
    ]
    removed = 1 if theirs == "theirs" else 0  # by the champion's transform
    assert summary["rows"]["apart"] == removed
    assert len(work.text_of("arrival").splitlines()) == 6 - removed
    assert len(work.text_of("train").splitlines()) == 2, "the challenger is trained on all rows"
    assert summary["account"]["holdout"] == 2


@pytest.mark.usefixtures("in_files", "spark")
def test_a_champion_of_other_features_than_it_takes_is_refused_by_name(
    job: Any, tmp_path: Path
) -> None:
    work = Prepared(job, tmp_path, "recipe", "theirs", features=["gone"])
    with pytest.raises(job.PrepareFailed, match=r"differ from the champion.s.*gone"):
        work.run()
    work.manifest["champions_way"]["definition"]["etl"] = {**PLAIN, "transform": "0" * 64}
    with pytest.raises(job.PrepareFailed, match="is not what was pushed"):
        work.run()


def test_a_champion_needs_its_columns(spark: Any, job: Any) -> None:
    """A label may be missing, as it may be another's now; and what is nullable."""
    rows = [("Leeds", None, None), ("Leeds\nUK", "1", "0"), (None, "1", "0")]
    data = table(spark, "town string, age string, y string", *rows)
    columns = {
        "town": {"type": "text", "nullable": False},
        "age": {"type": "integer", "nullable": True},
        "y": {"type": "integer", "nullable": False},
    }
    there = data.where(job._all_there(columns, "y")).orderBy("row_id")
    assert [row["row_id"] for row in there.collect()] == ["r1", "r2"]


def test_a_champion_is_scored_on_rows_that_are_what_it_takes(spark: Any, job: Any) -> None:
    """Its columns land as other types now; a fraction is a number to it, another text is not."""
    rows = [("1", "2.5", "YES"), ("A1", "3", "no"), ("2", None, "maybe"), (None, "4", None)]
    data = table(spark, "room string, size string, sold string", *rows)
    theirs = {
        "room": {"type": "integer"}, "size": {"type": "integer"}, "sold": {"type": "boolean"},
        "y": {"type": "integer"}, "gone": {"type": "integer"},
    }  # fmt: skip
    landing = {
        "room": {"type": "text"}, "size": {"type": "number"}, "sold": {"type": "category"},
        "y": {"type": "text"},
    }  # fmt: skip
    needed = {name: column for name, column in theirs.items() if name in landing}
    read = data.where(job._all_read(needed, "y", landing)).orderBy("row_id")
    assert [row["row_id"] for row in read.collect()] == ["r1", "r4"]
    definition = job._with_fractions({"data": {"columns": theirs}}, landing)
    kinds = {name: column["type"] for name, column in definition["data"]["columns"].items()}
    assert kinds == {
        "room": "number", "size": "number", "sold": "boolean", "y": "number", "gone": "integer",
    }  # fmt: skip


WITH_FILES = """
import csv, rating
from pathlib import Path
from pyspark.sql import functions as f

TABLE = Path(__file__).with_name("rates.csv")


@f.udf("double")
def worth(a):
    rates = dict(csv.reader(TABLE.open()))  # on a worker
    return rating.rate(a) * float(rates["all"])


def transform(data):
    return data.select("row_id", "split", "batch", "y", worth("a").alias("a"))
"""


@pytest.mark.usefixtures("in_files", "spark")
def test_a_transform_reads_its_files_and_the_champions_reads_its_own_of_the_same_names(
    job: Any, tmp_path: Path
) -> None:
    work = Prepared(job, tmp_path, "ours", "theirs", features=["a"])
    digest = hashlib.sha256(WITH_FILES.encode()).hexdigest()
    way = work.manifest["champions_way"]["definition"]
    for name, definition, factor in (("ours", work.manifest["definition"], 10), ("theirs", way, 7)):
        (tmp_path / name / "transform.py").write_text(WITH_FILES)
        files = {
            "rating.py": f"def rate(a):\n    return float(a) * {factor}\n",
            "rates.csv": f"all,{factor}\n",
        }
        (tmp_path / name / "files").mkdir()
        for file, text in files.items():
            (tmp_path / name / "files" / file).write_text(text)
        hashes = {file: hashlib.sha256(text.encode()).hexdigest() for file, text in files.items()}
        definition["etl"] = {**PLAIN, "transform": digest, "files": hashes}
    work.run()
    ours = [line.rsplit(",", 1)[1] for line in work.text_of("holdout").splitlines()]
    theirs = [line.rsplit(",", 1)[1] for line in work.text_of("champion/holdout").splitlines()]
    assert ours == ["300.0", "600.0"]
    assert theirs == ["147.0", "294.0"]
    (tmp_path / "ours/files/rates.csv").write_text("all,0\n")
    with pytest.raises(job.PrepareFailed, match=r"files/rates\.csv is not what was pushed"):
        work.run()


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("import lib", "from . import lib"),
        ("import lib as l, os", "from . import lib as l; import os"),
        ("from lib import (\n    x,\n)\ny = 1", "from .lib import (\n    x,\n)\ny = 1"),
        ("def f():\n    import lib; return lib", "def f():\n    from . import lib; return lib"),
        ("import os, \\\n    lib\ny = 1", "\\\nimport os; from . import lib\ny = 1"),
        ("import library\nfrom os import path", "import library\nfrom os import path"),
        ("ä = 1; import lib", "ä = 1; from . import lib"),
    ],
)
def test_a_module_of_the_folder_is_imported_from_beside(job: Any, source: str, wanted: str) -> None:
    made = job.importing_beside(source.encode(), {"lib", "transform"}).decode()
    assert made == wanted
    assert made.count("\n") == source.count("\n"), "a line keeps its number"
    compile(made, "transform.py", "exec")


# --- slices ------------------------------------------------------------------------------------


def sliced(job: Any, spark: Any, data: Any, landed: Any, folder: Path, split: Any) -> Any:
    """The lines and the values that are written of rows with what they landed with."""
    names = "ab"[: len(landed.select(job.SLICES).first()[0])]
    data = placed(job, job.with_slices(data, landed, split), split=split)
    data = job.numbers_as_text(data, "y", ["x"])
    found = job.survey(data, "y", ["x"])
    (folder / "slices").mkdir(parents=True)
    told = job.write_slices(data, request(job, folder), found, list(names))
    job._write(data.where(job.TO_SCORE["holdout"]), ["row_id", job.KIND], f"{folder}/holdout", 1)

    def lines_of(part: str) -> list[str]:
        files = sorted((folder / part).glob("*.csv"))
        return [line for file in files for line in file.read_text().splitlines()]

    return lines_of("slices"), told, lines_of("holdout")


def landed_with(job: Any, spark: Any, *rows: tuple[Any, ...], by_key: bool = False) -> Any:
    columns = "row_id string, batch string" + ", arrival string" * by_key
    return spark.createDataFrame(list(rows), f"{columns}, `{job.SLICES}` array<string>")


def test_what_a_judged_row_landed_with_has_a_code_in_the_order_of_the_scored_rows(
    job: Any, spark: Any, tmp_path: Path
) -> None:
    """Whatever the transform made of it: here nothing is left of the column."""
    rows, landed = [], []
    for n in range(40):
        batch = ("run-000001", "run-000002", "run-000003")[n % 3]
        side = job.SIDES[(n // 3) % 3]
        rows.append((f"r{n:02d}", side, batch, "1", str(n)))
        value = "UK" if n % 2 else ("" if n % 4 else "FR")
        landed.append((f"r{n:02d}", batch, [value, None if n % 5 == 0 else "short"]))
    data = spark.createDataFrame(rows[::-1], f"{RESERVED}, y string, x string")
    given = landed_with(job, spark, *landed)
    lines, told, holdout = sliced(job, spark, data, given, tmp_path, job.Split())
    judged = [(i, b) for i, side, b, *_ in rows if side == "holdout" and b != "run-000001"]
    assert [line.split(",")[0] for line in lines] == [row_id for row_id, _ in judged]
    assert [line.split(",")[:2] for line in lines] == [line.split(",") for line in holdout]
    assert sorted(told["a"]) == ["", "FR", "UK"]
    assert told["b"] == ["short"]
    known = {row_id: values for row_id, _, values in landed}
    for line in lines:
        row_id, _, _, label, first, second = line.split(",")
        assert label == "1"
        assert told["a"][int(first)] == known[row_id][0]
        assert [*told["b"], None][int(second)] == known[row_id][1]


def test_of_ten_thousand_values_the_most_frequent_are_told_and_the_rest_is_one(
    job: Any, spark: Any, tmp_path: Path
) -> None:
    ids = [f"r{n:05d}" for n in range(10_100)]
    values = [f"v{n % 25}" if n < 100 else f"only {n}" for n in range(len(ids))]
    rows = [(i, "holdout", "run-000003", "1", "2") for i in ids]
    data = spark.createDataFrame(rows, f"{RESERVED}, y string, x string")
    landed = [(i, "run-000003", [value]) for i, value in zip(ids, values, strict=True)]
    lines, told, _ = sliced(
        job, spark, data, landed_with(job, spark, *landed), tmp_path, job.Split()
    )
    assert len(told["a"]) == job.MOST_VALUES
    assert set(told["a"]) < {f"v{n}" for n in range(25)}
    codes = [int(line.rpartition(",")[2]) for line in lines]
    assert codes.count(job.MOST_VALUES) == len(ids) - 4 * job.MOST_VALUES
    for value, code in zip(values, codes, strict=True):
        assert [*told["a"], value][code] == value


def test_by_key_the_value_is_that_of_the_row_that_stays(
    job: Any, spark: Any, tmp_path: Path
) -> None:
    """Even where the transform has left the latest row of a key out."""
    split = job.Split(reserved=(*job.RESERVED, job.ARRIVAL))
    columns = f"{RESERVED}, {ARRIVAL}, y string, x string"
    three = [("k1", "holdout", "run-000002", arrival(0, 1), "1", "1"),
             ("k1", "holdout", "run-000003", arrival(0, 1), "1", "2"),
             ("k2", "holdout", "run-000003", arrival(0, 2), "0", "3")]  # fmt: skip
    values = [("k1", "run-000002", arrival(0, 1), ["old"]),
              ("k1", "run-000003", arrival(0, 1), ["new"]),
              ("k1", "run-000003", arrival(0, 9), ["left out"]),
              ("k2", "run-000003", arrival(0, 2), ["other"])]  # fmt: skip
    landed = landed_with(job, spark, *values, by_key=True)
    lines, told, _ = sliced(
        job, spark, spark.createDataFrame(three, columns), landed, tmp_path, split
    )
    found = {line.split(",")[0]: told["a"][int(line.rpartition(",")[2])] for line in lines}
    assert found == {"k1": "new", "k2": "other"}


def test_slices_are_read_from_the_accepted_copies_with_defaults_for_what_they_lack(
    job: Any, spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job.boto3, "client", lambda _: Files())
    texts = {"run-000001": "x,y,row_id,split,batch\n1,1,r1,train,run-000001\n",
             "run-000003": "c,d,x,y,row_id,split,batch\n"
                           f"UK,,1,1,r2,train,run-000003\n{'z' * 65},t,1,1,r3,train,run-000003\n"
                           f"UK,,1,1,r2,train,run-000003\n"}  # fmt: skip
    for batch, text in texts.items():
        (tmp_path / batch).mkdir()
        (tmp_path / batch / "chunk.csv").write_text(text)
    columns = {"c": {"default": "XX"}, "d": {"default": None}}
    floor = {"minimum": 0.6, "min_rows": 200}
    definition = {"gate": {"slices": {"c": floor, "d": floor}},
                  "data": {"columns": columns}}  # fmt: skip
    asked = replace(request(job, tmp_path), slices=f"{tmp_path.as_uri()}/")
    found = job.landed_slices(spark, asked, definition, batches(job), job.Split())
    assert sorted((row["row_id"], *row[job.SLICES]) for row in found.collect() if row[2][0]) == [
        ("r1", "XX", ""),
        ("r2", "UK", ""),
    ]
    assert [row[job.SLICES] for row in found.collect() if not row[2][0]] == [[None, "t"]]
    asked = replace(asked, slices=None)
    assert job.landed_slices(spark, asked, definition, batches(job), job.Split()) is None


# --- the cut by time ---------------------------------------------------------------------------

TIMED = f"{RESERVED}, moment string, y string, a string"


def by_time(job: Any, *more: str, **others: Any) -> Any:
    return job.Split(reserved=(*job.RESERVED, job.MOMENT, *more), **others)


def cut(job: Any, at: dict[float, int], **others: Any) -> tuple[list[float], ...]:
    """The moments of train, validation and holdout, and those in the gap."""
    moments = sorted(at)
    made = job.cut_at(moments, [at[moment] for moment in moments], job.Split(**others))
    sides: tuple[list[float], ...] = ([], [], [], [])
    for moment in moments:
        validated = made.validation_from <= moment < made.validation_until
        place = 2 if moment >= made.holdout_from else 1 if validated else 3
        sides[0 if moment < made.train_until else place].append(moment)
    return sides


@pytest.mark.parametrize(
    ("rows", "gap", "sides"),
    [
        (dict.fromkeys(range(20), 5), 0, (list(range(14)), [14, 15, 16], [17, 18, 19], [])),
        ({1: 1, 2: 1, 3: 98}, 0, ([1], [2], [3], [])),
        ({1: 98, 2: 1, 3: 1}, 0, ([1], [2], [3], [])),
        ({1: 70, 2: 15, 3: 14, 4: 1}, 0, ([1], [2], [3, 4], [])),
        (
            dict.fromkeys(range(20), 5), 2,
            (list(range(10)), [12, 13, 14], [17, 18, 19], [10, 11, 15, 16]),
        ),
        ({0: 60, 10: 9, 11: 9, 12: 9, 20: 13}, 8, ([0], [10, 11], [20], [12])),
    ],
)  # fmt: skip
def test_the_newest_rows_are_held_out_and_equal_moments_stay_together(
    job: Any, rows: dict[float, int], gap: float, sides: tuple[list[float], ...]
) -> None:
    assert cut(job, rows, gap=float(gap)) == sides


@pytest.mark.parametrize(
    ("rows", "gap", "said"),
    [
        ({1: 900}, 0, "has 1 different value in this batch"),
        ({1: 450, 2: 450}, 0, "has 2 different values in this batch, too few to cut it"),
        ({1: 300, 2: 300, 3: 300}, 1, "with gaps of 1 between them: drop a longer period"),
    ],
)
def test_a_batch_of_too_few_moments_is_refused(
    job: Any, rows: dict[float, int], gap: float, said: str
) -> None:
    with pytest.raises(job.DataRefused, match=said):
        cut(job, rows, gap=float(gap))


@pytest.mark.parametrize("seed", range(200))
def test_whatever_the_moments_a_cut_leaves_each_side_something_and_the_gap_clear(
    job: Any, seed: int
) -> None:
    chance = random.Random(seed)
    moments = chance.sample(range(60), chance.randint(1, 30))
    gap = float(chance.choice([0, 0, 1, 3, 8]))
    rows = {float(moment): chance.choice([1, 1, 1, 50]) for moment in moments}
    validation, holdout = chance.choice([(0.15, 0.15), (0.3, 0.05), (0.05, 0.6)])
    try:
        train, validated, held_out, left = cut(
            job, rows, gap=gap, validation=validation, holdout=holdout
        )
    except job.DataRefused:
        possible = [
            (a, b, c) for a in rows for b in rows for c in rows if a < b - gap <= b < c - gap
        ]
        assert not [1 for a, b, c in possible if a < b < c]
        return
    assert all((train, validated, held_out))
    assert max(train) < min(validated) - gap or gap == 0
    assert max(train) < min(validated) <= max(validated) < min(held_out)
    assert max(validated) < min(held_out) - gap or gap == 0
    assert sorted([*train, *validated, *held_out, *left]) == sorted(rows)
    assert not left or gap


def test_a_month_that_lands_again_with_its_late_labels_is_cut_as_a_whole(
    spark: Any, job: Any
) -> None:
    """Rows without a label had no place, and the days of two are too few for three sides."""
    last = (8, 9)

    def drop(batch: str, late: str | None, days: range) -> list[tuple[str | None, ...]]:
        return [
            (f"r{day}{n}", "time", batch, f"t{day}", late if day in last and n == 2 else "1", "2")
            for day in days
            for n in range(3)
        ]

    def cut_second(days: range) -> Any:
        rows = drop("run-000001", None, range(10)) + drop("run-000002", "0", days)
        given = job.Batches("run-000002", ("run-000001",), ("run-000001",), ())
        table = spark.createDataFrame(rows, TIMED)
        data = job.each_row(job.with_the_first(table, given, by_time(job), "y"))
        return job.cut_of(data, given, by_time(job))

    whole = job.cut_at(list(range(10)), [3] * 10, by_time(job))
    assert cut_second(range(10)) == whole
    assert whole.holdout_from <= min(last)  # the late ones are judged on
    with pytest.raises(job.DataRefused, match="has 2 different values in this batch"):
        cut_second(range(8, 10))


def test_late_labels_that_land_alone_are_cut_as_their_batch_was(spark: Any, job: Any) -> None:
    """By key such a row has the same id; one that no batch had needs a cut of its own."""
    cut, split = job.cut_at(list(range(10)), [3] * 10, by_time(job)), by_time(job)
    rows = [(f"r{day}", "time", "run-000001", f"t{day}", None, "2") for day in range(10)]
    late = [(f"r{day}", "time", "run-000002", f"t{day}", "1", "2") for day in (0, 9)]
    given = job.Batches("run-000002", ("run-000001",), ("run-000001",), (("run-000001", cut),))
    made = placed(job, spark.createDataFrame(rows + late, TIMED), given, split).collect()
    found = {row["row_id"]: (row[job.SIDE], row[job.KIND]) for row in made if row[job.IS_NEW]}
    assert found == {"r0": ("train", "new"), "r9": ("holdout", "fresh")}
    late[0] = ("new", *late[0][1:])
    with pytest.raises(job.DataRefused, match=r"too few to cut it .* data\.key names them"):
        placed(job, spark.createDataFrame(rows + late, TIMED), given, split)


def test_a_batch_is_cut_once_and_its_rows_stay_where_they_were(spark: Any, job: Any) -> None:
    """Three drops that overlap: what an earlier one held keeps its side, whatever the order."""
    chance, cuts, sides, rows = random.Random(3), [], dict[str, str](), []
    split = by_time(job)
    for token, days in enumerate([range(10), range(6, 18), range(30)], start=1):
        batch = f"run-{token:06d}"
        rows += [
            (f"r{day:02d}{n}", "time", batch, f"t{day * 86400}", "1", "2")
            for day in days
            for n in range(3)
        ]
        chance.shuffle(rows)
        history = tuple(f"run-{n:06d}" for n in range(1, token))
        given = job.Batches(batch, history, history, tuple(cuts))
        data = job.with_the_first(spark.createDataFrame(rows, TIMED), given, split, "y")
        data = job.each_row(data)
        made = job.cut_of(data, given, split)
        found = job.on_sides(data, given, split, made).collect()
        now = {row["row_id"]: row[job.SIDE] for row in found}
        assert len({(row["row_id"], row[job.SIDE]) for row in found}) == len(now)
        assert {row_id: now[row_id] for row_id in sides} == sides
        new = [row for row in now if row not in sides]
        assert {now[row] for row in new} == set(job.SIDES)
        newest = max(days)
        assert now[f"r{newest}0".replace("r9", "r09")] == "holdout"
        cuts.append((batch, made))
        sides = now


def test_a_batch_that_is_judged_again_stays_as_it_was_cut(spark: Any, job: Any) -> None:
    """Whatever the history has become since: rows of it may be in an earlier batch by now."""
    split, known = by_time(job), job.Cut(86400.0, 172800.0, 259200.0, 345600.0)
    rows = [
        (f"r{day}{n}", "time", batch, f"t{day * 86400}", "1", "2")
        for batch, days in (("run-000001", range(4, 8)), ("run-000002", range(8)))
        for day in days
        for n in range(3)
    ]
    given = job.Batches("run-000002", ("run-000001",), (), (("run-000002", known),))
    data = job.with_the_first(spark.createDataFrame(rows, TIMED), given, split, "y")
    assert job.cut_of(data, given, split) == known


def test_a_batch_whose_cut_is_not_known_is_named(spark: Any, job: Any) -> None:
    rows = [(f"r{n}", "time", f"run-00000{n % 2 + 2}", f"t{n}", "1", "2") for n in range(9)]
    given = job.Batches("run-000003", ("run-000002",), ())
    with pytest.raises(job.PrepareFailed, match="Batch run-000002 was not cut by time"):
        placed(job, spark.createDataFrame(rows, TIMED), given, by_time(job))


def test_a_moment_that_the_transform_changed_is_refused(spark: Any, job: Any) -> None:
    rows = [(f"r{n}", "time", "run-000003", "2026-01-01", "1", "2") for n in range(9)]
    given = job.Batches("run-000003", (), ())
    with pytest.raises(job.PrepareFailed, match="'moment' was changed"):
        placed(job, spark.createDataFrame(rows, TIMED), given, by_time(job))


# --- the row account ---------------------------------------------------------------------------


def accounted(spark: Any, job: Any, given: Any, landed: int, accepted: int, split: Any) -> Any:
    data = job.numbers_as_text(given, "y", ["a"])
    found = job.survey(data, "y", ["a"])
    asked = job.Request("", "", "", "y", landed, accepted)
    return job.account_for(found, asked), found


@pytest.mark.parametrize("seed", range(4))
def test_every_row_of_a_batch_is_accounted_for(spark: Any, job: Any, seed: int) -> None:
    """Keys that come again, rows without a label, rows that a transform removed, gaps."""
    chance, split = random.Random(seed), None
    reserved = (*job.RESERVED, job.ARRIVAL, job.MOMENT)
    split = job.Split(reserved=reserved, gap=2.0)
    rows = [
        (f"r{chance.randint(0, 60)}", "time", batch, arrival(0, n), f"t{chance.randint(0, 30)}",
         chance.choice(["1", "0", None, "nan"]), "2")
        for batch in ("run-000001", "run-000003")
        for n in range(90)
    ]  # fmt: skip
    chance.shuffle(rows)
    new = [row for row in rows if row[2] == "run-000003"]
    removed = chance.randint(0, 9)
    made = job.Cut(10.0, 12.0, 18.0, 20.0)
    given = job.Batches("run-000003", ("run-000001",), ("run-000001",), (("run-000001", made),))
    schema = f"{RESERVED}, {ARRIVAL}, moment string, y string, a string"
    data = placed(job, spark.createDataFrame(rows, schema), given, split)
    accepted, quarantined = len(new) + removed, chance.randint(0, 5)
    account, _ = accounted(spark, job, data, accepted + quarantined, accepted, split)
    assert account["landed"] == account["quarantined"] + account["accepted"]
    assert account["accepted"] == sum(
        account[name]
        for name in ("replaced", "removed", "unlabelled", "gap", "train", "validation", "holdout")
    )
    assert (account["removed"], account["quarantined"]) == (removed, quarantined)
    assert account["replaced"] == len(new) - len({row[0] for row in new})
    last = {row[0]: row for row in sorted(new, key=lambda row: row[3])}
    assert account["unlabelled"] == sum(row[5] in (None, "nan") for row in last.values())
    kept = data.collect()
    assert account["holdout"] == sum(row[job.KIND] == "fresh" for row in kept)
    assert account["gap"] == sum(row[job.SIDE] == "gap" and row[job.IS_NEW] for row in kept)


def test_a_transform_that_multiplies_rows_is_refused(spark: Any, job: Any) -> None:
    rows = [("r1", "train", "run-000003", "1", "2")] * 3
    data = placed(job, spark.createDataFrame(rows, f"{RESERVED}, y string, a string"))
    with pytest.raises(job.PrepareFailed, match="made 3 rows of 2: of one row they may make one"):
        accounted(spark, job, data, 2, 2, job.Split())


CONFLICTS = [
    ([("1", 1), ("2", 2)], "row 1 of b/x.csv and row 2 of b/x.csv have the same key and differ"),
    ([("1", 1), ("1", 2)], None),
]


@pytest.mark.parametrize(("given", "said"), CONFLICTS)
def test_two_rows_of_one_drop_with_the_same_key_that_differ_are_an_error(
    spark: Any, job: Any, given: list[tuple[str, int]], said: str | None
) -> None:
    """Equal rows are one row; of other drops the later replaces the earlier, as it must."""
    rows = [("k1", "train", "run-000003", arrival(0, n), "1", a) for a, n in given]
    rows += [("k1", "train", "run-000001", arrival(0, 1), "0", "7")]
    split = job.Split(reserved=(*job.RESERVED, job.ARRIVAL))
    schema = f"{RESERVED}, {ARRIVAL}, y string, a string"
    data = placed(job, spark.createDataFrame(rows, schema), None, split)
    _, found = accounted(spark, job, data, 2, 2, split)
    objects = [{"key": "b/x.csv"}]
    job.refuse_conflicts(found, job.Split(duplicates=True), objects)
    if said is None:
        job.refuse_conflicts(found, split, objects)
    else:
        with pytest.raises(job.DataRefused, match=said):
            job.refuse_conflicts(found, split, objects)


def test_rows_without_a_label_are_left_out_and_nobody_was_trained_on_them(
    spark: Any, job: Any
) -> None:
    """A label that comes later makes the row new to every model."""
    rows = [
        ("k1", "train", "run-000001", arrival(0, 1), None, "1"),
        ("k1", "train", "run-000003", arrival(0, 1), "1", "1"),
        ("k2", "train", "run-000001", arrival(0, 2), "1", "1"),
        ("k2", "train", "run-000003", arrival(0, 2), "0", "1"),
        ("k3", "holdout", "run-000003", arrival(0, 3), None, "not a number"),
    ]
    split = job.Split(reserved=(*job.RESERVED, job.ARRIVAL))
    schema = f"{RESERVED}, {ARRIVAL}, y string, a string"
    data = placed(job, spark.createDataFrame(rows, schema), None, split)
    found = {row["row_id"]: (row[job.SIDE], row[job.KIND]) for row in data.collect()}
    assert found == {"k1": ("train", "new"), "k2": ("train", None), "k3": ("unlabelled", None)}
    account, counted = accounted(spark, job, data, 3, 3, split)
    assert job.count_rows(counted, job.COUNTED)["repeated"] == 1
    assert (account["unlabelled"], account["train"]) == (1, 2)
    job.refuse_bad_values(job.numbers_as_text(data, "y", ["a"]), counted, "y", ["a"])


def test_clusters_go_with_their_rows(spark: Any, job: Any) -> None:
    rows = [("r1", "holdout", "run-000003", "cabc", "1", "2")]
    data = spark.createDataFrame(rows, f"{RESERVED}, cluster string, y string, a string")
    split = job.Split(reserved=(*job.RESERVED, job.CLUSTER_COLUMN))
    made = placed(job, data, None, split)
    assert (made.first()[job.CLUSTER], "cluster" in made.columns) == ("cabc", False)
    made = placed(job, data, None, job.Split())
    assert (made.first()[job.CLUSTER], "cluster" in made.columns) == ("-", True)
