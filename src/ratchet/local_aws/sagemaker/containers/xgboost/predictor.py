"""One loaded model and the text it reads and writes, the same for batch transform and endpoint."""

from __future__ import annotations

import csv
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ratchet.local_aws.sagemaker.containers.errors import BadArtifact, BadPayload
from ratchet.local_aws.sagemaker.containers.xgboost.lean import import_xgboost

CSV = "text/csv"
LIBSVM = ("text/libsvm", "text/x-libsvm")
SNIFFED = 512
Row = Sequence[str]


class Decoder:
    """Makes a DMatrix of rows of text, with the module that the process has imported."""

    def __init__(self, xgboost: Any) -> None:
        self._xgboost = xgboost

    def matrix(self, rows: Sequence[Row]) -> Any:
        """The rows as numbers; raises BadPayload 415 for what is not a table of them."""
        import numpy as np

        try:
            return self._xgboost.DMatrix(np.asarray(_numbers(_delimited(rows))), nthread=1)
        except self._xgboost.core.XGBoostError as error:
            raise BadPayload(415, _not_csv(_first(error))) from error

    def of_body(self, body: bytes, content_type: str) -> Any:
        """A request's body; raises BadPayload 415 for a media type that the container refuses."""
        if content_type == CSV:
            return self.matrix(_rows(body))
        if content_type not in LIBSVM:
            known = ", ".join((CSV, *LIBSVM))
            raise BadPayload(
                415, f"Content-type {content_type or '(none)'} is not supported; send {known}"
            )
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "request"
            file.write_bytes(body)
            try:
                with self._xgboost.config_context(verbosity=0):
                    return self._xgboost.DMatrix(f"{file}?format=libsvm")
            except self._xgboost.core.XGBoostError as error:
                raise BadPayload(
                    415, f"Loading libsvm data failed with Exception: {_first(error)}"
                ) from error

    def sparse(self, body: bytes) -> Any:
        """A request in libsvm as the built-in algorithm reads it: with labels, or without.

        Of a line it takes what has a colon (`_get_sparse_matrix_from_libsvm` in the container's
        `serve_utils.py`), where xgboost's own parser takes the first pair for label and weight.
        """
        import numpy as np
        from scipy.sparse import csr_matrix

        try:
            places, values = _pairs(body.decode("utf-8").strip())
            table = csr_matrix((np.asarray(values), np.asarray(places, dtype=int).T))
            return self._xgboost.DMatrix(table, nthread=1)
        except (ValueError, self._xgboost.core.XGBoostError) as error:
            raise BadPayload(415, _not_libsvm(_first(error))) from error


class XGBoostPredictor:
    """An XGBoost model that answers rows of text as the container does.

    The container decodes with numpy (`csv_to_dmatrix` in its `encoder.py`) and predicts with
    `validate_features=False` (`serve_utils.py`). It therefore answers a row of too few features,
    taking the last ones for missing. Of a model in xgboost's own format it asks nothing else; the
    size check in that file is for pickled models.
    """

    def __init__(self, model: bytes) -> None:
        self._xgboost = import_xgboost()
        self._booster = _load(self._xgboost, model)
        self._decoder = Decoder(self._xgboost)

    def predict(self, rows: Sequence[Row]) -> list[str]:
        """One answer per row, as the container prints it: str() of a float, or of a list of them.

        Empty fields are missing values. Raises BadPayload 415 for text that is not a table of
        finite numbers, 400 for more columns than the model has features.
        """
        return self._answers(self._decoder.matrix(rows))

    def predict_body(self, body: bytes, content_type: str) -> list[str]:
        """The same for a request's body; raises BadPayload 415 for another media type."""
        if content_type in LIBSVM:
            return self._answers(self._decoder.sparse(body))
        return self._answers(self._decoder.of_body(body, content_type))

    def _answers(self, matrix: Any) -> list[str]:
        try:
            answers: list[Any] = self._booster.predict(matrix, validate_features=False).tolist()
        except self._xgboost.core.XGBoostError as error:
            raise BadPayload(
                400, f"Unable to evaluate payload provided: {_first(error)}"
            ) from error
        return [str(answer) for answer in answers]


def _rows(body: bytes) -> list[list[str]]:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadPayload(415, f"the body is not UTF-8 text: {error}") from error
    return [line.split(",") for line in text.strip().split("\n")]


def _pairs(text: str) -> tuple[list[tuple[int, int]], list[float]]:
    """Row and column of each value in lines of libsvm, and the values."""
    places, values = [], []
    for row, line in enumerate(text.split("\n")):
        for pair in (item.split(":") for item in line.split(" ") if ":" in item):
            places.append((row, int(pair[0])))
            values.append(float(pair[1]))
    if not places:
        raise ValueError("no line has a feature")
    return places, values


def _first(error: Exception) -> str:
    """The sentence of an error of xgboost, without the stack trace below it."""
    return str(error).partition("\n")[0]


def _load(xgboost: Any, model: bytes) -> Any:
    booster = xgboost.Booster({"nthread": 1})
    try:
        booster.load_model(bytearray(model))
    except (xgboost.core.XGBoostError, ValueError, UnicodeDecodeError) as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else "no reason given"
        raise BadArtifact(f"xgboost-model cannot be loaded as a model: {reason}") from error
    return booster


def _delimited(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows by the delimiter that the container guesses from the start of the first one.

    Rows of two and more numbers with commas are never taken for others. A single `-1E-7` is
    split at its minus signs, and a single empty field has no delimiter.
    """
    try:
        guess = csv.Sniffer().sniff(",".join(rows[0])[:SNIFFED]).delimiter
    except csv.Error as error:
        raise BadPayload(415, _not_csv(error)) from error
    if guess == "," or guess.isalnum():
        return rows
    return [",".join(row).split(guess) for row in rows]


def _numbers(rows: Sequence[Row]) -> list[list[float]]:
    try:
        table = [[float(text) if text else math.nan for text in row] for row in rows]
    except ValueError as error:
        raise BadPayload(415, _not_csv(error)) from error
    widths = {len(row) for row in table}
    if len(widths) != 1:
        raise BadPayload(415, _not_csv(f"rows have {sorted(widths)} columns"))
    return table


def _not_libsvm(reason: object) -> str:
    return (
        "Loading libsvm data failed with Exception, please ensure data is in libsvm format:\n "
        f"{reason}"
    )


def _not_csv(reason: object) -> str:
    return (
        f"Loading csv data failed with Exception, please ensure data is in csv format:\n {reason}"
    )
