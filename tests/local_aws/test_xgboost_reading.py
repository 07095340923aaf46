"""Local XGBoost reads what its container reads, or refuses by name what the container misreads."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.local_aws.sagemaker.containers.errors import BadPayload, UserError
from ratchet.local_aws.sagemaker.containers.xgboost import lean, misreadings, predictor, tables
from ratchet.local_aws.sagemaker.containers.xgboost import train as training

NAN = math.nan


@pytest.fixture(autouse=True, scope="module")
def companions() -> Any:
    """xgboost's optional companions stay importable for other tests of this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lean, "OPTIONAL", ())
        yield


def write(folder: Path, text: str | bytes, name: str = "part-0.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


READ_ALIKE: dict[str, tuple[str, list[list[float]]]] = {
    "plain": ("1,2,3\n0,4,5\n", [[1, 2, 3], [0, 4, 5]]),
    "missing in the middle": ("1,2,,3\n0,4,5,6\n", [[1, 2, NAN, 3], [0, 4, 5, 6]]),
    "missing at the end": ("1,2,\n0,4,5\n", [[1, 2, NAN], [0, 4, 5]]),
    "missing first feature": ("1,,3\n0,4,5\n", [[1, NAN, 3], [0, 4, 5]]),
    "a row without any feature": ("1,,\n0,4,5\n", [[1, NAN, NAN], [0, 4, 5]]),
    "exponents": ("1,1E-10,2.5e3\n0,1e+5,3\n", [[1, 1e-10, 2500], [0, 1e5, 3]]),
    "nan": ("1,nan,3\n0,4,NaN\n", [[1, NAN, 3], [0, 4, NAN]]),
    "nan in a whole last column": ("1,2,nan\n0,4,nan\n", [[1, 2, NAN], [0, 4, NAN]]),
    "NA": ("1,NA,3\n0,4,5\n", [[1, NAN, 3], [0, 4, 5]]),
    "CRLF": ("1,2,3\r\n0,4,5\r\n", [[1, 2, 3], [0, 4, 5]]),
    "blanks around": ("1, 2,3\t\n0, 4,5\n", [[1, 2, 3], [0, 4, 5]]),
    "large": ("1,9007199254740993\n0,123456789.123\n", [[1, 2.0**53], [0, 123456789.123]]),
    "decimals": ("1,0.1,1530.37\n0,3.14159265358979,1e-7\n",
                 [[1, 0.1, 1530.37], [0, 3.14159265, 1e-7]]),
    "half numbers and signs": ("1,.5,+5\n-0,5.,-.5\n", [[1, 0.5, 5], [0, 5, -0.5]]),
    "empty lines": ("\n1,2\n\n0,3\n\n", [[1, 2], [0, 3]]),
    "a byte order mark": ("\ufeff1,2\n0,3\n", [[1, 2], [0, 3]]),
    "no newline at the end": ("1,2\n0,3", [[1, 2], [0, 3]]),
}  # fmt: skip

MISREAD = {
    "quotes": ('1,"2",3\n0,4,5\n', "line 1, column 2: '\"2\"' is not a number"),
    "a quoted label": ('"1",2\n0,3\n', "line 1, column 1: '\"1\"' is not a number"),
    "true and false": ("1,0,3\n0,false,5\n", "line 2, column 2: 'false' is not a number"),
    "a header": ("y,a,b\n1,2,3\n", "'y' is not a number, and the container would read 0; write"),
    "infinity": ("1,inf\n0,4\n", "line 1, column 2: 'inf' is not a number"),
    "too large": ("1,2\n0,3.5e38\n", "line 2, column 2: '3.5e38' is larger than"),
    "too large an exponent": ("1,2\n0,1e39\n", "'1e39' is larger than"),
    "no label": (",2,3\n0,4,5\n", "line 1, column 1: the label has no value, and the container"),
    "a label that is nan": ("nan,2\n0,4\n", "line 1, column 1: the label has no value"),
    "a short row": ("1,2,3\n0,4\n", "line 2, column 3: the line has 2 fields, the first one 3"),
    "a long row": ("1,2\n0,4,5\n", "line 2, column 3: the line has 3 fields, the first one 2"),
    "a comma at a line's end": ("1,2\n0,4,\n", "line 2, column 3: the line has 3 fields"),
    "hexadecimal": ("1,0x1A\n0,4\n", "'0x1A' is not a number, and the container would read 0"),
    "a suffix": ("1,2d\n0,4\n", "'2d' is not a number, and the container would read 2"),
    "a date": ("1,2020-01-31\n0,4\n", "the container would read 2020"),
    "two points": ("1,1.2.3\n0,4\n", "'1.2.3' is not a number"),
    "digits in groups": ("1,1_000\n0,4\n", "'1_000' is not a number"),
    "two numbers": ("1,2 3\n0,4\n", "'2 3' is not a number"),
    "a remark": ("1,2 # two\n0,4\n", "'2 # two' is not a number"),
    "a remark for a number": ("1,#5\n0,4\n", "'#5' is not a number"),
    "a question mark": ("1,?\n0,4\n", "'?' is not a number, and the container would read nan"),
    "a dash": ("1,-\n0,4\n", "'-' is not a number"),
    "a blank field": ("1, ,3\n0,4,5\n", "' ' is not a number, and the container would read 0"),
    "a blank line": ("1,2\n  \n0,3\n", "line 2, column 2: the line has 1 fields"),
    "a zero byte": ("1,2\x000\n0,3\n", "'2\\x000' is not a number"),
    "more digits than 64 bits": ("1,18446744073709551616\n0,1\n",
                                 "would read '18446744073709551616' as 0"),
    "more zeros than it counts": ("1,0." + "0" * 25 + "1234\n0,1\n", "write fewer digits"),
    "an exponent beyond 38": ("1,0.000001e40\n0,1\n", "the container would read '0.000001e40' as"),
    "a last column without a value": ("1,2,\n0,4,\n", "Column 3 of channel"),
    "last columns without a value": ("1,,\n0,,\n", "train on 0 features instead of 2"),
    "one column": ("1\n0\n", "it has 1 column, so no feature is left"),
    "semicolons": ("1;2\n0;3\n", "separate the columns with commas"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ_ALIKE.values(), ids=READ_ALIKE)
def test_what_the_container_reads_is_read(
    tmp_path: Path, text: str, expected: list[list[float]]
) -> None:
    path = write(tmp_path, text)
    table = tables.read_channel(tmp_path)
    np.testing.assert_allclose(table, expected, rtol=1e-7)
    np.testing.assert_array_equal(table, tables.parse(path, table.shape[1]).table)


@pytest.mark.parametrize(("text", "sentence"), MISREAD.values(), ids=MISREAD)
def test_what_the_container_misreads_is_refused_by_name(
    tmp_path: Path, text: str, sentence: str
) -> None:
    write(tmp_path, text)
    with pytest.raises(UserError) as refusal:
        tables.read_channel(tmp_path)
    assert sentence in str(refusal.value)


FIELDS = st.text(alphabet='0123456789.+-eEnaNfi x"#\t', max_size=6)


@settings(max_examples=300)
@given(rows=st.lists(st.tuples(st.integers(0, 1), FIELDS, FIELDS), min_size=1, max_size=4))
def test_nothing_is_read_otherwise_than_it_is_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str, str]]
) -> None:
    """Random fields: all are refused, or each is the number that Python reads in it."""
    folder = tmp_path_factory.mktemp("fields")
    path = write(folder, "".join(f"{label},{one},{two}\n" for label, one, two in rows))
    try:
        table = tables.read_channel(folder)
    except UserError:
        return
    wanted = [[float(NAN if text in ("", "NA") else text) for text in map(str, r)] for r in rows]
    assert misreadings.agree(np.array(wanted), table).all()
    assert misreadings.first_misreading(path, 3, table) is None


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path / "b", "1,2\n", "part #1?.csv")
    write(tmp_path / "a", "0,3", "part;1.csv")
    assert tables.read_channel(tmp_path).tolist() == [[0, 3], [1, 2]]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (".part-0.csv.crc", "x", "Hidden file found in the data path! Remove .part-0.csv.crc"),
        ("_SUCCESS", "", "_SUCCESS in the data path: the container takes it for data"),
        ("part-1.csv", "", "part-1.csv is empty"),
        ("a/b/c/part-1.csv", "1,2\n", "a/b/c/part-1.csv lies more than 3 folders deep"),
        ("part-1.csv", "1,2,3\n", "have [2, 3] columns"),
    ],
)
def test_files_that_the_container_stumbles_over_are_named(
    tmp_path: Path, name: str, text: str, sentence: str
) -> None:
    write(tmp_path, "1,2\n0,3\n")
    path = tmp_path / name
    write(path.parent, text, path.name)
    with pytest.raises(UserError) as refusal:
        tables.read_channel(tmp_path)
    assert sentence in str(refusal.value)


def trained(folder: Path, rows: str, patch: pytest.MonkeyPatch) -> predictor.XGBoostPredictor:
    """The model of a training program that ran on these rows."""
    write(folder / "train", rows)
    for name, content in (
        ("hyperparameters", {"objective": "binary:logistic", "num_round": "5", "max_depth": "2"}),
        ("inputdataconfig", {"train": {"ContentType": "text/csv"}}),
    ):
        write(folder, json.dumps(content), f"{name}.json")
    patch.setenv("SM_CHANNEL_TRAIN", str(folder / "train"))
    for name in ("INPUT_CONFIG", "MODEL", "OUTPUT"):
        patch.setenv(f"SM_{name}_DIR", str(folder))
    training.train()
    return predictor.XGBoostPredictor((folder / "xgboost-model").read_bytes())


def customers(missing: str) -> str:
    """Label, age, income, visits, and a coupon that nobody has ever used."""
    chance = random.Random(36)
    people = [(chance.randint(18, 80), chance.uniform(900, 5000)) for _ in range(200)]
    return "".join(
        f"{int(income > 2500)},{age},{income:.2f},{chance.randint(0, 30)},{missing}\n"
        for age, income in people
    )


def test_a_column_without_any_value_is_a_feature_of_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = trained(tmp_path, customers("nan"), monkeypatch)
    assert model.predict([["40", "4000", "3", "nan"]]) == model.predict([["40", "4000", "3", "7"]])
    with pytest.raises(BadPayload, match=r"\(4 vs. 5\)"):
        model.predict([["40", "4000", "3", "", "5"]])


def test_a_column_that_would_vanish_fails_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="on 3 features instead of 4; write nan for a missing"):
        trained(tmp_path, customers(""), monkeypatch)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> predictor.XGBoostPredictor:
    with pytest.MonkeyPatch.context() as patch:
        return trained(tmp_path_factory.mktemp("model"), customers("nan"), patch)


def test_a_row_of_too_few_features_is_answered_as_by_the_container(
    model: predictor.XGBoostPredictor,
) -> None:
    assert model.predict([["40", "4000"]]) == model.predict([["40", "4000", "", "nan"]])


@pytest.mark.parametrize("delimiter", [";", "\t", " ", ":"])
def test_the_delimiter_of_a_request_is_guessed_as_by_the_container(
    model: predictor.XGBoostPredictor, delimiter: str
) -> None:
    row = ["40", "4000.5", "3", "1"]
    assert model.predict([[delimiter.join(row)]] * 2) == model.predict([row] * 2)


NUMBERS = st.one_of(
    st.floats(allow_infinity=False, width=32).map(repr), st.integers().map(str), st.just("")
)


@given(row=st.lists(NUMBERS, min_size=2, max_size=80))
def test_the_comma_is_never_taken_for_anything_else(row: list[str]) -> None:
    assert predictor._delimited([row]) == [row]


@pytest.mark.parametrize(
    ("rows", "status", "sentence"),
    [
        ([["40", "4000", "3", "1", "2"]], 400, "Number of columns does not match number of feat"),
        ([["40", "4000"], ["40", "4000", "3"]], 415, "rows have [2, 3] columns"),
        ([["40", "many"]], 415, "could not convert string to float: 'many'"),
        ([["40", '"4000"']], 415, "could not convert string to float"),
        ([["40", "true"]], 415, "could not convert string to float"),
        ([["40", " "]], 415, "could not convert string to float"),
        ([[""]], 415, "Could not determine delimiter"),
        ([["-1E-7"]], 415, "could not convert string to float: '1E'"),
        ([["40", "inf"]], 415, "Input data contains `inf` or a value too large"),
        ([["40", "1e39"]], 415, "Input data contains `inf` or a value too large"),
    ],
)
def test_what_the_container_cannot_answer_has_its_status(
    model: predictor.XGBoostPredictor, rows: list[list[str]], status: int, sentence: str
) -> None:
    with pytest.raises(BadPayload) as refusal:
        model.predict(rows)
    assert refusal.value.status == status
    assert sentence in str(refusal.value)
    assert "Stack trace" not in str(refusal.value)


@settings(max_examples=300)
@given(field=st.text(alphabet="0123456789.+-_eEnaNfity x\t\r", max_size=7))
def test_a_field_of_a_request_is_the_number_that_numpy_reads(field: str) -> None:
    """The container decodes by `np.array(texts).astype(float)`, with nan for an empty text."""
    try:
        expected = np.array([[field or "nan"]]).astype(float).tolist()
    except ValueError:
        with pytest.raises(BadPayload):
            predictor._numbers([[field]])
    else:
        np.testing.assert_array_equal(predictor._numbers([[field]]), expected)
