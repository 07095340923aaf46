"""Serves a model that takes raw rows: SageMaker's XGBoost container in script mode runs this file.

It lies in one tar.gz with `features.py`, which the pipeline's author wrote, and `contract.py`,
which `ratchet push` wrote: CONTRACT = {"label": its name, "columns": {name: {"type", "nullable"}},
the raw columns in order, without the label, "features": the names of what features.py makes, in the
order of the training data}.

PrepareDataset makes training rows with the same `typed` and `features_of`, so that what is trained
on and what is served cannot differ. Nothing here may need more than pandas before a model is
loaded, nor a newer Python than 3.10, which the container has (docker/3.0-5/base/Dockerfile.cpu of
sagemaker-xgboost-container).
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pandas as pd

CSV, JSON = "text/csv", "application/json"
MODEL_FILE = "xgboost-model"
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?"
)
LINE_BREAK = re.compile("\r\n|[\r\n]")
NUMERIC = ("integer", "number")
MOMENTS = ("date", "timestamp")
BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), 1.0),
    **dict.fromkeys(("false", "f", "no", "n", "0"), 0.0),
}  # as the data check reads them
LARGEST = 3.4e38  # of the 32-bit floats that XGBoost computes with
SHOWN = 40

Contract = Mapping[str, Any]
Texts = Mapping[str, Sequence["str | None"]]


class RowsRefused(Exception):
    """The rows are not what the model takes; says which row, which column and which value."""


class FeaturesFailed(Exception):
    """features.py raised an error, or did not answer with the features; names its line."""


# --- what the container calls -------------------------------------------------------------------


def model_fn(model_dir: str) -> Any:
    """The booster that training wrote; code that cannot be imported fails here, at the start."""
    import features  # type: ignore[import-not-found]  # noqa: F401 - beside this file

    booster = _xgboost().Booster()
    booster.load_model(bytearray((Path(model_dir) / MODEL_FILE).read_bytes()))
    return booster


def _xgboost() -> Any:
    """The package. Where nothing has loaded it yet, without scikit-learn: that takes as long as all
    else here together, for classes that nobody uses."""
    alone = not {"xgboost", "sklearn"} & sys.modules.keys()
    if alone:
        sys.modules["sklearn"] = None  # type: ignore[assignment]  # as if it were not installed
    try:
        import xgboost
    finally:
        if alone:
            del sys.modules["sklearn"]
    return xgboost


def input_fn(body: str | bytes, content_type: str) -> pd.DataFrame:
    """Raw rows of CSV, with or without a header, or of JSON, typed as columns.yaml says."""
    kind = (content_type or CSV).partition(";")[0].strip().lower()
    try:
        text = body if isinstance(body, str) else bytes(body).decode("utf-8-sig")
        readers = {CSV: texts_of_csv, JSON: texts_of_json}
        if kind not in readers:
            raise _status(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"{kind} is not supported: send {CSV} or {JSON}"
            )
        return typed(readers[kind](text, _contract()), _contract())
    except (RowsRefused, UnicodeDecodeError) as error:
        raise _status(HTTPStatus.BAD_REQUEST, str(error)) from error


def predict_fn(rows: pd.DataFrame, model: Any) -> list[Any]:
    """One prediction a row."""
    made = asked(rows)
    matrix = _xgboost().DMatrix(made.to_numpy(dtype="float64"))
    found: list[Any] = model.predict(matrix, validate_features=False).tolist()
    return found


def asked(rows: pd.DataFrame) -> pd.DataFrame:
    """The features of rows that somebody asks about."""
    try:
        return features_of(rows, _contract())
    except RowsRefused as error:
        raise _status(HTTPStatus.BAD_REQUEST, str(error)) from error


def output_fn(predictions: list[Any], accept: str) -> tuple[str, str]:
    """As the container answers without a program: by commas, by lines in a batch transform."""
    if (accept or "").partition(";")[0].strip().lower() == JSON:
        return json.dumps({"predictions": [{"score": score} for score in predictions]}), JSON
    batch = os.environ.get("SAGEMAKER_BATCH", "").lower() == "true"
    texts = [str(score) for score in predictions]
    return ("".join(f"{text}\n" for text in texts) if batch else ",".join(texts)), CSV


# --- raw rows -----------------------------------------------------------------------------------


def texts_of_csv(text: str, contract: Contract) -> Texts:
    """Fields by column; empty ones are missing. A first line of column names is a header."""
    try:
        lines = list(csv.reader(io.StringIO(text.lstrip("\ufeff")), strict=True))
    except csv.Error as error:
        raise RowsRefused(f"the rows are not CSV: {error}") from error
    if not any(lines):
        raise RowsRefused("there are no rows")
    columns, label = list(contract["columns"]), contract["label"]
    alone = [[""]] if len(columns) == 1 else []  # what an empty line is
    lines = [found for line in lines for found in ([line] if line else alone)]
    named = set(lines[0]) <= {*columns, label} and len(lines[0]) == len(set(lines[0]))
    header = lines.pop(0) if named else columns
    _refuse_columns(header, contract)
    for number, line in enumerate(lines, start=1):
        if len(line) != len(header):
            raise RowsRefused(
                f"row {number} has {len(line)} fields, not {len(header)}; the columns are"
                f" {', '.join(header)}"
            )
    fields = dict(zip(header, zip(*lines, strict=True), strict=True)) if lines else {}
    empty = (None,) * len(lines)
    return {name: [text or None for text in fields.get(name, empty)] for name in columns}


def texts_of_json(text: str, contract: Contract) -> Texts:
    """An object by column, or a list of them; null and what is left out are missing."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise RowsRefused(f"the rows are not JSON: {error}") from error
    rows = found if isinstance(found, list) else [found]
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise RowsRefused(f"row {number} is not an object of columns: {_short(row)}")
        _refuse_columns(row, contract, f"row {number}: ")
    return {name: [_text(row.get(name)) for row in rows] for name in contract["columns"]}


def _refuse_columns(given: Iterable[str], contract: Contract, where: str = "") -> None:
    names, columns = set(given), contract["columns"]
    unknown = sorted(names - {*columns, contract["label"]})
    if unknown:
        raise RowsRefused(f"{where}{unknown[0]!r} is not a column; they are {', '.join(columns)}")
    for name, column in columns.items():
        if name not in names and not column["nullable"]:
            raise RowsRefused(f"{where}column {name!r} is missing, and it is not nullable")


def _text(value: Any) -> str | None:
    """A JSON value as the text that columns.yaml speaks of."""
    if value is None or isinstance(value, str):
        return value or None
    return json.dumps(value)


def typed(texts: Texts, contract: Contract) -> pd.DataFrame:
    """The columns in types that no row changes: numbers as float64, dates as datetime64, text.

    A line break in a text is a space, as in the lines that a batch transform scores.
    """
    columns = contract["columns"]
    made = {name: _typed(name, columns[name]["type"], texts[name]) for name in columns}
    return pd.DataFrame(made, columns=list(columns))


def _typed(name: str, kind: str, texts: Sequence[str | None]) -> Any:
    if kind in NUMERIC:
        return pd.Series(
            [_number(name, row, text) for row, text in enumerate(texts, 1)], dtype=float
        )
    if kind == "boolean":
        found = [_boolean(name, row, text) for row, text in enumerate(texts, 1)]
        return pd.Series(found, dtype=float)
    if kind in MOMENTS:
        return _moments(name, kind, texts)
    lines = [text if text is None else LINE_BREAK.sub(" ", text) for text in texts]
    return pd.Series(lines, dtype=object)


def _number(name: str, row: int, text: str | None) -> float:
    if text is None:
        return float("nan")
    if not NUMBER.fullmatch(text):
        raise RowsRefused(f"row {row}, column {name!r}: {_short(text)} is not a number")
    return float(text)


def _boolean(name: str, row: int, text: str | None) -> float:
    if text is None:
        return float("nan")
    if text.lower() not in BOOLEANS:
        raise RowsRefused(f"row {row}, column {name!r}: {_short(text)} is neither true nor false")
    return BOOLEANS[text.lower()]


def _moments(name: str, kind: str, texts: Sequence[str | None]) -> Any:
    """Moments without an offset; one that has one becomes UTC.

    Text by text: to_datetime gives a moment without an offset that of its neighbour.
    """
    known: dict[str | None, Any] = {None: pd.NaT}
    for row, text in enumerate(texts, 1):
        if text not in known:
            known[text] = _moment(f"row {row}, column {name!r}", kind, str(text))
    return pd.Series([known[text] for text in texts], dtype="datetime64[ns]")


def _moment(where: str, kind: str, text: str) -> Any:
    beyond = f"{where}: {_short(text)} is beyond the dates of pandas, 1677-09-22 to 2262-04-11"
    try:
        found = pd.Timestamp(text) if MOMENT.fullmatch(text) else None
    except pd.errors.OutOfBoundsDatetime as error:
        raise RowsRefused(beyond) from error
    except ValueError:
        found = None
    if found is None:
        example = "2024-12-31" if kind == "date" else "2024-12-31T23:59:59"
        raise RowsRefused(f"{where}: {_short(text)} is not a {kind} such as {example}")
    moment = found if found.tz is None else found.tz_convert("UTC").tz_localize(None)
    if not pd.Timestamp.min <= moment <= pd.Timestamp.max:  # from pandas 2 on it has a wider unit
        raise RowsRefused(beyond)
    return moment


# --- features -----------------------------------------------------------------------------------


def features_of(rows: pd.DataFrame, contract: Contract, *, finite: bool = True) -> pd.DataFrame:
    """What features.py makes of typed rows, as float64, checked against the contract's features.

    PrepareDataset finds what is not finite by itself, and names the row by its id.
    """
    from features import features

    try:
        made = features(rows.copy())
    except Exception as error:
        raise FeaturesFailed(f"{_place(error)}{type(error).__name__}: {error}") from error
    table = numbers(made, rows, contract.get("features"))
    if finite:
        _refuse_endless(table)
    return table


def numbers(made: Any, rows: pd.DataFrame, expected: Sequence[str] | None) -> pd.DataFrame:
    """The answer of features.py as a table of float64; refuses what is none, by name."""
    if not isinstance(made, pd.DataFrame):
        raise FeaturesFailed(f"features() returned {type(made).__name__}, not a DataFrame")
    if not made.index.equals(rows.index):
        raise FeaturesFailed(
            f"features() returned {len(made)} rows for {len(rows)}, or the same ones in another"
            " order: it must keep every row and the index"
        )
    names = [str(name) for name in made.columns]
    if expected is not None and names != list(expected):
        raise FeaturesFailed(
            f"features() made {', '.join(names)}; the model takes {', '.join(expected)}"
        )
    table = {name: _floats(name, made.iloc[:, place]) for place, name in enumerate(names)}
    return pd.DataFrame(table, index=made.index)


def _floats(name: str, column: Any) -> Any:
    try:
        return column.astype("float64")
    except (TypeError, ValueError) as error:
        raise FeaturesFailed(f"feature {name!r} is not a number: {error}") from error


def _refuse_endless(table: pd.DataFrame) -> None:
    for name in table.columns:
        values = table[name]
        endless = values.abs() > LARGEST
        if endless.any():
            row = int(endless.to_numpy().argmax())
            raise RowsRefused(
                f"row {row + 1}: feature {name!r} is {values.iloc[row]}, too large a number"
            )


def _place(error: BaseException) -> str:
    """'features.py:12: ', the last line of the author's file that the error came through."""
    frames = list(traceback.extract_tb(error.__traceback__))
    lines = [frame.lineno for frame in frames if Path(frame.filename).name == "features.py"]
    return f"features.py:{lines[-1]}: " if lines else "features.py: "


# --- helpers ------------------------------------------------------------------------------------


def _contract() -> Contract:
    from contract import CONTRACT  # type: ignore[import-not-found]  # beside this file

    return CONTRACT  # type: ignore[no-any-return]


def _short(value: Any) -> str:
    text = str(value)
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 3] + "...")


def _status(status: HTTPStatus, message: str) -> Exception:
    """An error that the container's server answers with this status instead of 500."""
    try:
        from sagemaker_inference.errors import (  # type: ignore[import-not-found]  # the container's
            GenericInferenceToolkitError,
        )
    except ImportError:  # a framework's container without it answers 500, with the message
        return ValueError(message)
    return GenericInferenceToolkitError(int(status), message)  # type: ignore[no-any-return]
