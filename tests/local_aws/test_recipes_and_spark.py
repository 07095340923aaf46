"""Local DataBrew (DuckDB) and local Glue (Spark) make the same rows of the same recipe.

The recipes stand here as DataBrew's steps, and in recipes_in_spark.py as PySpark, written apart.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import random
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from ratchet.local_aws.databrew.compiler.recipe import SUPPORTED
from ratchet.local_aws.databrew.compiler.run_recipe import Job, Source, run
from ratchet.local_aws.running.local import LocalAws

TESTS = Path(__file__).parents[1]
SCRIPT = (Path(__file__).parent / "recipes_in_spark.py").read_text(encoding="utf-8")
CLASSIC = json.loads((TESTS / "fixtures/classic-recipe.json").read_text())
BANK = TESTS.parents[1] / "shared/data/bank-marketing/bank-additional-full.csv.gz"
OTHER = "s3://bucket/other.csv"

Table = list[dict[str, str]]


def step(operation: str, conditions: Any = None, **keys: Any) -> Any:
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in keys.items()}
    made: dict[str, Any] = {"Action": {"Operation": operation, "Parameters": texts}}
    return made | ({"ConditionExpressions": conditions} if conditions else {})


def when(condition: str, value: str, column: str) -> dict[str, str]:
    return {"Condition": condition, "Value": value, "TargetColumn": column}


def on(operation: str, column: str, conditions: Any = None, **keys: Any) -> Any:
    return step(operation, conditions, sourceColumn=column, **keys)


def made(operation: str, column: str, target: str, conditions: Any = None, **keys: Any) -> Any:
    return step(operation, conditions, sourceColumn=column, targetColumn=target, **keys)


def group(function: str, source: str, target: str) -> dict[str, str]:
    return {"sourceColumnName": source, "targetColumnName": target, "functionName": function}


RECIPES: dict[str, list[Any]] = {
    "clean": [
        on("FILL_WITH_MOST_FREQUENT", "kind"),
        on("UPPER_CASE", "job"),
        on("LOWER_CASE", "kind"),
        on(
            "REMOVE_COMBINED",
            "note",
            collapseConsecutiveWhitespace="true",
            removeNumbers="true",
            removeSpecialCharacters="true",
        ),
        on("REPLACE_TEXT", "note", pattern="[aeiou]+", value="*"),
        on("ADD_PREFIX", "job", pattern="job:"),
        on("ADD_SUFFIX", "kind", pattern="!"),
        made("EXTRACT_VALUE", "user", "city", path="`user`.`city`"),
        made("EXTRACT_PATTERN", "note", "word", pattern="[a-z]+"),
        step("CRYPTOGRAPHIC_HASH", sourceColumns=["id"], algorithm="SHA256"),
        step("MERGE", sourceColumns=["job", "kind"], delimiter="-", targetColumn="both"),
        on("SPLIT_COLUMN_SINGLE_DELIMITER", "both", pattern="-", limit="1"),
        made("FLAG_COLUMN_FROM_NULL", "day", "no_day"),
        made(
            "FLAG_COLUMN_FROM_PATTERN",
            "note",
            "has_x",
            pattern="x",
            trueString="1",
            falseString="0",
        ),
        on("FILL_WITH_CUSTOM", "day", value="2020-01-01"),
        made("WEEK_NUMBER", "day", "week"),
        made("DATE_FORMAT", "day", "shown", dateTimeFormat="dd/mm/yyyy"),
        made(
            "CATEGORICAL_MAPPING",
            "kind",
            "code",
            categoryMap={"red!": "1", "blue!": "2"},
            mapType="NUMERIC",
            other="9",
        ),
        made("RENAME", "amount", "paid"),
        made("DUPLICATE", "job", "copy"),
        step("DELETE", sourceColumns=["user"]),
        on("MOVE_TO_START", "paid"),
    ],
    "numbers": [
        on("FILL_WITH_AVERAGE", "amount"),
        on("FILL_WITH_MEDIAN", "age"),
        on("FILL_WITH_LAST_VALID", "day", columnDataType="string"),
        made("NORMALIZATION", "age", "scaled", strategy="MIN_MAX"),
        made("NORMALIZATION", "age", "centred", strategy="MEAN_NORMALIZATION"),
        made("NORMALIZATION", "age", "z", strategy="Z_SCORE"),
        on(
            "REPLACE_OUTLIERS",
            "amount",
            outlierStrategy="IQR",
            threshold="1.5",
            replaceType="REPLACE_WITH_MEDIAN",
        ),
        made(
            "BUCKETIZATION",
            "age",
            "band",
            [when("IS", '["red"]', "kind")],
            bucketNames=["young", "middle", "old"],
            splits=["-Infinity", "30", "60", "Infinity"],
        ),
        made("BINARIZATION", "age", "over", threshold="40"),
        step("ADD", sourceColumn1="amount", sourceColumn2="age", targetColumn="total"),
        step("SUBTRACT", sourceColumn1="amount", value2="1", targetColumn="less"),
        step("MULTIPLY", sourceColumn1="amount", value2="2", targetColumn="twice"),
        step("DIVIDE", sourceColumn1="amount", sourceColumn2="age", targetColumn="ratio"),
        made("ROUND", "amount", "rounded"),
        step(
            "CASE_OPERATION",
            valueExpression="case when `age` < :mean then 'below' when isMissing(`job`) then 'none'"
            " else `job` end",
            withExpressions=[{"name": "mean", "value": "avg(`age`)", "type": "aggregate"}],
            targetColumn="label",
        ),
        on("ONE_HOT_ENCODING", "kind"),
        on("CHANGE_DATA_TYPE", "age", columnDataType="int"),
        step(
            "REMOVE_VALUES",
            [when("GREATER_THAN", "150", "total"), when("IS_NOT", '["blue"]', "kind")],
        ),
    ],
    "unique": [
        on("FILL_WITH_MODE", "age", modeType="MAXIMUM"),
        step("DELETE_DUPLICATE_ROWS"),
        on("REMOVE_MISSING", "job"),
    ],
    "grouped": [
        step(
            "GROUP_BY",
            sourceColumns=["kind"],
            groupByAggFunctionOptions=[
                group("COUNT", "job", "jobs"),
                group("COUNT_DISTINCT", "job", "distinct_jobs"),
                group("SUM", "age", "sum"),
                group("AVERAGE", "amount", "mean"),
                group("MEDIAN", "amount", "median"),
                group("MIN", "age", "min"),
                group("MAX", "age", "max"),
                group("STANDARD_DEVIATION", "age", "deviation"),
            ],
        )
    ],
    "pivoted": [
        step("DELETE", sourceColumns=["id", "note", "user", "day", "amount"]),
        step("REMOVE_VALUES", [when("IS_MISSING", "", "kind")]),
        on("PIVOT", "kind", valueColumn="age", aggregateFunction="SUM"),
    ],
    "long": [
        step("UNPIVOT", sourceColumns=["age", "amount"], unpivotColumn="k", valueColumn="v"),
    ],
    "joined": [
        step(
            "JOIN",
            joinKeys=[{"key": "job", "value": "name"}],
            joinType="OUTER_JOIN",
            leftColumns=["id", "job"],
            rightColumns=["name", "pay"],
            secondInputLocation=OTHER,
        )
    ],
    "united": [
        step(
            "UNION",
            datasetsColumns=[["id", "job"], [None, "name"]],
            secondaryInputs=[{"S3InputDefinition": {"Bucket": "bucket", "Key": "other.csv"}}],
            targetColumnNames=["id", "job"],
        )
    ],
    "classic": CLASSIC,
}


def seeded() -> str:
    """Rows with missing values, outliers, duplicates, quotes, unicode and text among numbers."""
    chance, out = random.Random(7), io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "job", "note", "user", "day", "amount", "age", "kind"])
    notes = ('say "hé", ok', "a  b\tc", "x-1_y", "Zürich 8001", "", "50% off!")
    rows = [
        [
            str(number),
            chance.choice(["nurse", "köchin", "cook", ""]),
            chance.choice(notes),
            chance.choice(['{"city": "Bern"}', '{"city": null}', '{"town": 1}', ""]),
            chance.choice(["2020-12-31", "2021-01-04", "2021-06-15", ""]),
            chance.choice([f"{chance.uniform(0, 90):.2f}", str(chance.randint(0, 90)), "", "999.5"])
            if number % 50
            else "x",
            chance.choice([str(chance.randint(18, 80)), str(chance.randint(18, 80)), ""]),
            chance.choice(["red", "blue", "green", ""]),
        ]
        for number in range(2000)
    ]
    writer.writerows(rows + chance.sample(rows, 50))
    return out.getvalue()


def bank() -> str | None:
    return gzip.decompress(BANK.read_bytes()).decode() if BANK.exists() else None


INPUTS = {"source": seeded(), "other": "name;pay\nköchin;20\nnurse;30\nbaker;10\n", "bank": bank()}


@pytest.fixture(scope="module")
def by_spark(local_aws: LocalAws) -> dict[str, Table]:
    """The tables that one run of the script makes on local Glue."""
    s3, glue = local_aws.client("s3"), local_aws.client("glue")
    bucket = f"recipes-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    arguments = {"--output": f"s3://{bucket}/out/", "--bank": "none"}
    for name, text in {"code": SCRIPT, **INPUTS}.items():
        if text is not None:
            s3.put_object(Bucket=bucket, Key=f"in/{name}", Body=text.encode())
            arguments[f"--{name}"] = f"s3://{bucket}/in/{name}"
    glue.create_job(
        Name=bucket,
        Role="arn:aws:iam::123456789012:role/glue",
        Command={"Name": "glueetl", "ScriptLocation": arguments.pop("--code")},
        GlueVersion="5.1",
    )
    run_id = glue.start_job_run(JobName=bucket, Arguments=arguments)["JobRunId"]
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        found = glue.get_job_run(JobName=bucket, RunId=run_id)["JobRun"]
        if found["JobRunState"] not in ("STARTING", "RUNNING"):
            break
        time.sleep(0.1)
    assert found["JobRunState"] == "SUCCEEDED", found
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="out/")["Contents"]
    return {
        item["Key"].split("/")[1]: read(
            s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
        )
        for item in listed
        if item["Key"].endswith(".csv")
    }


def read(body: bytes) -> Table:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def by_duckdb(folder: Path, name: str) -> Table:
    source = folder / "source.csv"
    source.write_text(INPUTS["bank" if name == "classic" else "source"] or "", newline="")
    (folder / "other.csv").write_text(INPUTS["other"] or "")
    job = Job(
        RECIPES[name],
        Source([str(source)], ";" if name == "classic" else ","),
        str(folder / "out.csv"),
        ",",
        "2026-03-01T00:00:00+00:00",
        {OTHER: Source([str(folder / "other.csv")], ";")},
    )
    run(job, lambda _line: None)
    return read((folder / "out.csv").read_bytes())


def value(cell: str) -> Any:
    """Numbers by their value to nine digits, as engines write and add them differently."""
    try:
        number = float(cell)
    except ValueError:
        return (1, cell, 0.0)
    return (0, "", float(f"{number:.9g}")) if math.isfinite(number) else (1, cell, 0.0)


def rows(table: Table) -> list[Any]:
    return sorted(tuple(map(value, row.values())) for row in table)


@pytest.mark.parametrize("name", RECIPES)
def test_both_engines_make_the_same_rows(
    name: str, by_spark: dict[str, Table], tmp_path: Path
) -> None:
    if name == "classic" and not BANK.exists():
        pytest.skip(f"the real bank file is not at {BANK}")
    here, there = by_duckdb(tmp_path, name), by_spark[name]
    assert list(here[0]) == list(there[0])
    assert len(here) == len(there) > 1
    assert rows(here) == rows(there)


def test_the_recipes_use_most_operations() -> None:
    used = {one["Action"]["Operation"] for recipe in RECIPES.values() for one in recipe}
    assert used <= SUPPORTED.keys()
    assert len(used) >= 45
