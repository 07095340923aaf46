"""The formats of training data, as built-in XGBoost's container reads them in File mode.

Source: `data_utils.py` of the container. CSV is in `tables.py`, for its parser misreads most.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ratchet.local_aws.sagemaker.containers.errors import Unsupported, UserError
from ratchet.local_aws.sagemaker.containers.xgboost.lean import import_xgboost
from ratchet.local_aws.sagemaker.containers.xgboost.tables import data_files, link, read_channel

CSV, LIBSVM, PARQUET, RECORDIO = "csv", "libsvm", "parquet", "recordio-protobuf"
NAMES = {
    "csv": CSV,
    "libsvm": LIBSVM,
    "parquet": PARQUET,
    "recordio-protobuf": RECORDIO,
    "text/csv": CSV,
    "text/libsvm": LIBSVM,
    "text/x-libsvm": LIBSVM,
    "application/x-parquet": PARQUET,
    "application/x-recordio-protobuf": RECORDIO,
}
"""ContentType -> format; the order is that of the container's error message."""
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
LINE = re.compile(
    rf"{NUMBER}(?P<weight>:{NUMBER})?(?: +qid:\d+)?(?:[ \t]+\d+:(?:{NUMBER}|nan))*[ \t]*(?:#.*)?",
    re.IGNORECASE,
)
SNIPPET = 50


def format_of(content_type: str | None) -> str:
    """The format of a channel: libsvm where it says none. Raises UserError or Unsupported."""
    if content_type is None:
        return LIBSVM
    kind, _, parameters = content_type.lower().partition(";")
    found = NAMES.get(kind.strip())
    if found is None:
        known = ", ".join(NAMES)
        raise UserError(f"{content_type} is not an accepted ContentType: {known}.")
    if found == RECORDIO:
        raise Unsupported(f"ContentType={content_type}; use text/csv, text/libsvm or parquet")
    plain = parameters.strip() in ("", "label_size=1", "charset=utf-8", "charset=utf8")
    if found == CSV and not plain:
        raise UserError(
            f"{content_type} is not an accepted csv ContentType. "
            "Optional parameter label_size must be equal to 1"
        )
    return found


def read(folder: Path, kind: str, *, weighted: bool, threads: int) -> Any:
    """The channel as a DMatrix; `weighted`: the second column of CSV holds weights."""
    if kind == CSV:
        return _csv(folder, weighted, threads)
    return READERS[kind](folder, threads)


def _csv(folder: Path, weighted: bool, threads: int) -> Any:
    table = read_channel(folder)
    first = 2 if weighted else 1
    if table.shape[1] <= first:
        raise UserError(f"Channel {folder.name} has {table.shape[1]} columns: no feature is left")
    weight = table[:, 1] if weighted else None
    xgboost = import_xgboost()
    return xgboost.DMatrix(table[:, first:], label=table[:, 0], weight=weight, nthread=threads)


def _libsvm(folder: Path, threads: int) -> Any:  # noqa: ARG001 - xgboost's parser takes none
    """By xgboost's own parser. Positions count from 0; a file that counts from 1 has a first
    feature without values, as in the container."""
    xgboost, files = import_xgboost(), _some(folder)
    if len({_is_weighted(path) for path in files}) > 1:
        raise UserError(f"Some files of channel {folder.name} have weights and others have none")
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        Path("channel").mkdir()
        for number, path in enumerate(files):
            link(path.absolute(), Path("channel") / f"{number:06}")
        try:
            with xgboost.config_context(verbosity=0):
                return xgboost.DMatrix("channel?format=libsvm")
        except xgboost.core.XGBoostError as error:
            raise UserError(f"Failed to load libsvm data with exception:\n{error}") from error


def _is_weighted(path: Path) -> bool:
    """Whether the lines have weights; raises UserError for one that is not libsvm."""
    kinds = set()
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            text = line.strip()
            found = LINE.fullmatch(text)
            if text and found is None:
                raise UserError(
                    f"First line '{text[:SNIPPET]}...' of file '{path.name}' is not 'LIBSVM' "
                    "format. Please ensure the file is in 'LIBSVM' format. "
                    f"(It is line {number}; a line is label index:value index:value ...)"
                )
            kinds |= {bool(found["weight"])} if found else set()
    if len(kinds) > 1:
        raise UserError(f"{path.name}: some lines have a weight and others have none")
    return True in kinds


def _parquet(folder: Path, threads: int) -> Any:
    """The first column is the label."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    columns = []
    try:
        table = pa.concat_tables([parquet.read_table(path) for path in _some(folder)])
        for name, column in zip(table.column_names, table.columns, strict=True):
            if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
                raise UserError(
                    f"Failed to load parquet data with exception:\ncolumn {name} is "
                    f"{column.type}, not a number"
                )
            columns.append(column.cast(pa.float64()).to_numpy())
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"Failed to load parquet data with exception:\n{error}") from error
    label, *features = columns
    if not features:
        raise UserError(f"Channel {folder.name} has 1 column: no feature is left")
    matrix = np.column_stack(features)
    return import_xgboost().DMatrix(matrix, label=label, nthread=threads)


READERS: Mapping[str, Callable[[Path, int], Any]] = {LIBSVM: _libsvm, PARQUET: _parquet}


def _some(folder: Path) -> list[Path]:
    files = data_files(folder)
    if not files:
        raise UserError(f"No data in {folder.name} channel path {folder}")
    return files
