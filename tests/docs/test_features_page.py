"""The transforms of docs/features.md do what the page says, on small tables in a local Spark."""

from __future__ import annotations

import re
import runpy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ratchet.local_aws.glue.script_runs import LIBRARY
from ratchet.local_aws.glue.spark import spark_environment
from retraining.rules.names import RESERVED_COLUMNS

pytestmark = pytest.mark.process

PAGE = (Path(__file__).parents[2] / "docs/features.md").read_text(encoding="utf-8")
PLAIN, PLACES, LOOKUP, TABLE, LABEL = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
BESIDE = {
    "carriers.csv": "carrier,late\nAA,0.314\nDL,0.221\n",
    "rounding.py": "def share(text):\n    return round(float(text), 2)\n",
}
RESERVED = "row_id string, split string, batch string"


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in spark_environment(folder, {}).items():
            patch.setenv(name, value)
        patch.setattr(sys, "path", [str(LIBRARY), *sys.path])
        session = SparkSession.builder.getOrCreate()
        yield session
        session.stop()


@pytest.fixture(scope="module", autouse=True)
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the files that the page's examples read, in which they lie themselves."""
    folder = tmp_path_factory.mktemp("pipeline")
    for name, text in BESIDE.items():
        (folder / name).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(folder), *sys.path])
        yield folder


def transform(code: str, folder: Path) -> Callable[[Any], Any]:
    path = folder / "transform.py"
    path.write_text(code)
    made: Callable[[Any], Any] = runpy.run_path(str(path))["transform"]
    return made


@pytest.mark.parametrize(
    ("code", "columns", "row", "wanted"),
    [
        (PLAIN, "customer_name string, age int", ("Ann", 40), {"age": 40}),
        (PLACES, "contact string", ("telephone",), {"contact": 2}),
        (PLACES, "contact string", ("pigeon",), {"contact": 0}),
        (LOOKUP, "carrier string", ("DL",), {"founded": 1925, "late": 0.22}),
        (LOOKUP, "carrier string", ("ZZ",), {"founded": None, "late": None}),
        (TABLE, "carrier string", ("DL",), {"late": 0.22}),
        (TABLE, "carrier string", ("ZZ",), {"late": None}),
        (LABEL, "arrival_delay int", (16,), {"late": 1}),
        (LABEL, "arrival_delay int", (15,), {"late": 0}),
        (LABEL, "arrival_delay int", (None,), {"late": None}),
    ],
)
def test_each_example_gives_numbers_and_keeps_the_reserved_columns(
    spark: Any, beside: Path, code: str, columns: str, row: tuple[Any, ...], wanted: dict[str, Any]
) -> None:
    data = spark.createDataFrame([("r1", "train", "run-000001", *row)], f"{RESERVED}, {columns}")
    (made,) = transform(code, beside)(data).collect()
    assert made.asDict() == {"row_id": "r1", "split": "train", "batch": "run-000001", **wanted}


def test_the_page_names_the_files_that_its_example_reads() -> None:
    (named,) = re.findall(r"^  files: \[(.*)\]$", PAGE, re.MULTILINE)
    assert named.split(", ") == list(BESIDE)


def test_the_page_knows_every_reserved_column() -> None:
    named = re.findall(r"^\| `(\w+)` \|", PAGE.partition("## Reserved columns")[2], re.MULTILINE)
    assert tuple(named) == RESERVED_COLUMNS
