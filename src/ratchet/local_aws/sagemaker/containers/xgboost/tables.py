"""Training data of built-in XGBoost: headerless CSV, the label first, as its container reads it.

The container gives the files to xgboost's own text parser (`get_csv_dmatrix` in its
`data_utils.py`). So do we, on the same version: the numbers that are trained on are that parser's.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ratchet.local_aws.sagemaker.containers.errors import UserError
from ratchet.local_aws.sagemaker.containers.xgboost.lean import import_xgboost
from ratchet.local_aws.sagemaker.containers.xgboost.misreadings import (
    MISSING,
    agree,
    first_misreading,
)

FOLDERS = 3
"""The container looks this many folders deep, the channel's own included (MAX_FOLDER_DEPTH)."""


@dataclass(frozen=True)
class Parsed:
    """A file as xgboost's text parser reads it: all columns as float32, and how many it saw.

    `refusal` is its error, and the table None, where it refuses the file.
    """

    table: Any
    columns: int = 0
    refusal: str = ""


def data_files(folder: Path) -> list[Path]:
    """The channel's files; raises UserError for one that the container stumbles over."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        name = path.relative_to(folder)
        if path.name.startswith("."):
            raise UserError(f"Hidden file found in the data path! Remove {name} before training.")
        if path.name.startswith("_"):
            raise UserError(
                f"{name} in the data path: the container takes it for data like any other file; "
                "write no such file, or name the data files' own folder"
            )
        if not path.stat().st_size:
            raise UserError(f"Could not determine delimiter on line :\n{name} is empty; remove it")
        if len(name.parts) > FOLDERS:
            raise UserError(
                f"{name} lies more than {FOLDERS} folders deep, where the container does not look"
            )
    return files


def read_channel(folder: Path) -> Any:
    """All rows of the channel as one float32 array, with the values that the container reads.

    Raises UserError, naming file, line and text, for what the container would misread in silence.
    """
    import numpy as np

    files = data_files(folder)
    if not files:
        raise UserError(f"No data in {folder.name} channel path {folder}")
    read = [_read(path) for path in files]
    widths = {parsed.table.shape[1] for parsed in read}
    if len(widths) > 1:
        raise UserError(f"Files of channel {folder.name} have {sorted(widths)} columns")
    width, seen = widths.pop(), max(parsed.columns for parsed in read)
    if seen < width:
        raise UserError(
            f"Column {seen + 1} of channel {folder.name} and those after it have no value in any "
            f"row: the container would train on {seen - 1} features instead of {width - 1}; "
            "write nan for a missing value"
        )
    return np.concatenate([parsed.table for parsed in read])


def _read(path: Path) -> Parsed:
    width = _width(path)
    if width == 1:
        raise UserError(
            f"Failed to load csv data of {path.name}: it has 1 column, so no feature is left; "
            "separate the columns with commas"
        )
    parsed = parse(path, width)
    if not _plainly_alike(path, width, parsed):
        misreading = first_misreading(path, width, parsed.table)
        if misreading is not None:
            raise UserError(f"Failed to load csv data of {path.name}: {misreading}")
    if parsed.table is None:
        raise UserError(f"Failed to load csv data with exception:\n{parsed.refusal}")
    return parsed


def parse(path: Path, width: int) -> Parsed:
    """What xgboost's text parser makes of a file.

    It reads a link in a separate folder: `?`, `#` and `;` in a path mean something to it.
    """
    xgboost = import_xgboost()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        link(path.absolute(), Path("channel"))
        try:
            with xgboost.config_context(verbosity=0):
                matrix = xgboost.DMatrix("channel?format=csv&label_column=0&delimiter=,")
        except xgboost.core.XGBoostError as error:
            return Parsed(None, refusal=str(error).partition("\n")[0])
    return Parsed(_dense(matrix, width), matrix.num_col() + 1)


def link(path: Path, link: Path) -> None:
    """A hard link, for the parser reports each symbolic one as an error; a copy across devices."""
    try:
        link.hardlink_to(path)
    except OSError:
        shutil.copyfile(path, link)


def _dense(matrix: Any, width: int) -> Any:
    import numpy as np

    values = matrix.get_data()
    columns = max(width, matrix.num_col() + 1)
    table = np.full((matrix.num_row(), columns), np.nan, dtype=np.float32)
    table[:, 0] = matrix.get_label()
    rows: Any = np.repeat(np.arange(matrix.num_row()), np.diff(values.indptr))
    table[rows, values.indices + 1] = values.data
    return table


def _plainly_alike(path: Path, width: int, parsed: Parsed) -> bool:
    """Whether pyarrow, which refuses what is not a number, reads the same table.

    False says nothing yet: `first_misreading` decides, a hundred times slower.
    """
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv

    if parsed.table is None:
        return False
    # Every column's type is stated: inference looks at the first block of a file only.
    names = [str(place) for place in range(width)]
    read = csv.ReadOptions(column_names=names, use_threads=False)
    types = dict.fromkeys(names, pa.float64())
    convert = csv.ConvertOptions(column_types=types, null_values=list(MISSING))
    try:
        table = csv.read_csv(path, read, csv.ParseOptions(quote_char=False), convert)
    except pa.ArrowInvalid:
        return False
    if (table.num_rows, width) != parsed.table.shape:
        return False
    text = np.column_stack([column.to_numpy() for column in table.columns])
    return not np.isnan(text[:, 0]).any() and bool(agree(text, parsed.table).all())


def _width(path: Path) -> int:
    with path.open(encoding="utf-8", errors="replace") as lines:
        first = next((line for line in lines if line.strip("\r\n")), "")
    return first.count(",") + 1
