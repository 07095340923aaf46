"""inference.py reads raw rows in every form alike, and says what is wrong with a row."""

from __future__ import annotations

import ast
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ratchet.local_aws.sagemaker.containers.container import LIBRARY
from ratchet.serving import inference

CONTRACT: dict[str, Any] = {
    "label": "late",
    "columns": {
        "day": {"type": "date", "nullable": False},
        "carrier": {"type": "category", "nullable": False},
        "distance": {"type": "number", "nullable": True},
        "seats": {"type": "integer", "nullable": False},
    },
    "features": ["weekday", "carrier", "distance", "crowded"],
}
FEATURES = """
import pandas as pd

CARRIERS = {"AA": 0, "B,6": 1}


def features(rows):
    return pd.DataFrame(
        {
            "weekday": rows["day"].dt.dayofweek,
            "carrier": rows["carrier"].map(CARRIERS),
            "distance": rows["distance"],
            "crowded": rows["seats"] > 200,
        }
    )
"""
ROW = '2024-03-01,"B,6",,300'


def install(features: str, folder: Path) -> None:
    (folder / "features.py").write_text(features)
    (folder / "contract.py").write_text(f"CONTRACT = {CONTRACT!r}\n")
    for name in ("features", "contract"):
        sys.modules.pop(name, None)


@pytest.fixture(autouse=True)
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of features.py and contract.py; the toolkit of the container in reach."""
    for name in ("features", "contract"):  # other tests have modules of these names too
        sys.modules.pop(name, None)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path, str(LIBRARY)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    install(FEATURES, tmp_path)
    yield tmp_path
    for name in ("features", "contract"):
        sys.modules.pop(name, None)


def made(body: str | bytes, content_type: str = "text/csv") -> list[list[float]]:
    rows = inference.input_fn(body, content_type)
    found: list[list[float]] = inference.features_of(rows, CONTRACT).to_numpy().tolist()
    return found


def same(found: list[list[float]], expected: list[float]) -> bool:
    def alike(one: float, other: float) -> bool:
        return one == other or (math.isnan(one) and math.isnan(other))

    (row,) = found
    return len(row) == len(expected) and all(map(alike, row, expected))


OBJECT = {"day": "2024-03-01", "carrier": "B,6", "seats": 300}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (ROW, "text/csv"),
        (ROW + "\n", "text/csv; charset=utf-8"),
        (ROW.encode(), "text/csv"),
        (f"\ufeffday,carrier,distance,seats\r\n{ROW}\r\n", "text/csv"),
        ('seats,late,carrier,day\n300,1,"B,6",2024-03-01\n', "text/csv"),
        (json.dumps(OBJECT), "application/json"),
        (json.dumps([{**OBJECT, "distance": None, "late": 1}]), "application/json"),
    ],
)  # fmt: skip
def test_a_row_is_the_same_in_every_form(body: str | bytes, content_type: str) -> None:
    assert same(made(body, content_type), [4.0, 1.0, math.nan, 1.0])


@pytest.mark.parametrize("broken", ["\n", "\r", "\r\n"])
def test_a_line_break_in_a_text_is_a_space_as_in_the_lines_that_are_scored(broken: str) -> None:
    rows = inference.input_fn(f'2024-03-01,"B{broken}6",1,300', "text/csv")
    assert rows["carrier"].to_list() == ["B 6"]


def test_types_do_not_hang_on_the_rows() -> None:
    """What is missing in one row must not change the type, and so the features, of the others."""
    alone = inference.input_fn("2024-03-01,AA,1,300", "text/csv")
    beside = inference.input_fn("2024-03-01,AA,,300\n2024-03-02,AA,1,300", "text/csv")
    assert list(alone.dtypes) == list(beside.dtypes)
    assert made("2024-03-01,AA,1,300\n" + ROW)[:1] == made("2024-03-01,AA,1,300")


def test_a_moment_with_an_offset_becomes_utc() -> None:
    columns = {"at": {"type": "timestamp", "nullable": True}}
    texts = {"at": ["2024-03-01T01:30:00+02:00", "2024-02-29 23:30:00", "2024-02-29T23:30Z", None]}
    found = inference.typed(texts, {"label": "y", "columns": columns})["at"]
    assert found.dtype == "datetime64[ns]"
    assert found[0] == found[1] == found[2]
    assert pd.isna(found[3])


@pytest.mark.parametrize(
    ("body", "content_type", "status", "words"),
    [
        ("2024-03-01,AA,1", "text/csv", 400, "row 1 has 3 fields, not 4; the columns are day, car"),
        ("2024-03-01,AA,x,1", "text/csv", 400, "row 1, column 'distance': 'x' is not a number"),
        (f"{ROW}\n2024-03-01,AA,1_0,1", "text/csv", 400, "row 2, column 'distance': '1_0'"),
        ("1.3.2024,AA,1,1", "text/csv", 400, "'1.3.2024' is not a date such as 2024-12-31"),
        ("2024-02-30,AA,1,1", "text/csv", 400, "'2024-02-30' is not a date such as 2024-12-31"),
        ("day,carrier,distance\n2024-03-01,AA,1", "text/csv", 400, "column 'seats' is missing"),
        ("", "text/csv", 400, "there are no rows"),
        ('"2024', "text/csv", 400, "the rows are not CSV"),
        (b"\xff\xfe", "text/csv", 400, "'utf-8' codec"),
        ("[1]", "application/json", 400, "row 1 is not an object of columns: '1'"),
        ("{", "application/json", 400, "the rows are not JSON"),
        ('[{"day": "2024-03-01", "carrier": "AA", "seats": 1, "gate": 3}]', "application/json",
         400, "row 1: 'gate' is not a column; they are day, carrier, distance, seats"),
        ("1:2", "text/libsvm", 415, "text/libsvm is not supported: send text/csv or application"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_row_is_said(
    body: str | bytes, content_type: str, status: int, words: str
) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the toolkit's
        inference.input_fn(body, content_type)
    assert getattr(caught.value, "status_code", None) == status
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('rows["seats"] > 200', 'rows["chairs"] > 200'), "features.py:13: KeyError: 'chairs'"),
        (('"weekday": rows["day"].dt.dayofweek,', ""), "features() made carrier, distance, crowd"),
        (('rows["carrier"].map(CARRIERS)', 'rows["carrier"]'), "feature 'carrier' is not a number"),
        (("    )\n", "    ).dropna()\n"), "it must keep every row and the index"),
        (("    return pd.DataFrame(", "    return list("), "features() returned list"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_features_is_said_with_its_line(
    beside: Path, change: tuple[str, str], words: str
) -> None:
    install(FEATURES.replace(*change), beside)
    with pytest.raises(inference.FeaturesFailed) as caught:
        made(ROW)
    assert words in str(caught.value)


def test_a_feature_too_large_for_the_model_names_its_row(beside: Path) -> None:
    install(FEATURES.replace('rows["distance"],', '1 / (rows["distance"] - 1),'), beside)
    with pytest.raises(inference.RowsRefused, match="row 2: feature 'distance' is inf"):
        made("2024-03-01,AA,3,1\n2024-03-01,AA,1,1")


def test_answers_are_lines_in_a_batch_transform_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert inference.output_fn([0.5, 0.25], "text/csv") == ("0.5,0.25", "text/csv")
    monkeypatch.setenv("SAGEMAKER_BATCH", "true")
    assert inference.output_fn([0.5, 0.25], "text/csv") == ("0.5\n0.25\n", "text/csv")
    answer, kind = inference.output_fn([0.5], "application/json")
    assert (json.loads(answer), kind) == ({"predictions": [{"score": 0.5}]}, "application/json")


@pytest.mark.process
def test_the_model_is_loaded_without_scikit_learn_which_features_may_use_all_the_same() -> None:
    """Each endpoint and each batch transform would wait for it."""
    code = """if True:
        import sys
        from ratchet.serving import inference

        inference._xgboost().Booster()
        print("sklearn" in sys.modules)
        from sklearn.preprocessing import StandardScaler
        print(inference._xgboost() is sys.modules["xgboost"])
    """
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "True"]


def test_the_container_s_python_can_read_it() -> None:
    """Python 3.10, and of Ratchet nothing but the file itself."""
    tree = ast.parse(Path(inference.__file__).read_text(), feature_version=(3, 10))
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names]
    ours = {name.partition(".")[0] for name in named} - set(sys.stdlib_module_names)
    assert ours == {"pandas", "xgboost", "features", "contract", "sagemaker_inference"}
