"""Training data of built-in XGBoost: headerless CSV, the label first, read with pyarrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ratchet.local_aws.sagemaker.containers.errors import UserError

MISSING = ["", "nan", "NaN", "NA"]


def data_files(folder: Path) -> list[Path]:
    """The channel's files as the container takes them: none that begins with `.` or `_`."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    return sorted(path for path in found if not path.name.startswith((".", "_")))


def read_channel(folder: Path) -> Any:
    """All rows of the channel as one float32 array; raises UserError naming file and fault."""
    import numpy as np

    tables = [_read(path) for path in data_files(folder)]
    if not tables:
        raise UserError(f"No data in {folder.name} channel path {folder}")
    widths = {table.shape[1] for table in tables}
    if len(widths) > 1:
        raise UserError(f"Files of channel {folder.name} have {sorted(widths)} columns")
    return np.concatenate(tables)


def _read(path: Path) -> Any:
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv

    # Every column's type is stated: inference looks at the first block of a file only.
    names = [str(place) for place in range(_width(path))]
    read = csv.ReadOptions(column_names=names, use_threads=False)
    types = dict.fromkeys(names, pa.float64())
    convert = csv.ConvertOptions(column_types=types, null_values=MISSING)
    try:
        table = csv.read_csv(path, read_options=read, convert_options=convert)
    except pa.ArrowInvalid as error:
        raise UserError(f"Failed to load csv data of {path.name}: {error}") from error
    columns = [column.to_numpy().astype(np.float32) for column in table.columns]
    if np.isnan(columns[0]).any():
        raise UserError(f"Failed to load csv data of {path.name}: a row has no label")
    return np.column_stack(columns)


def _width(path: Path) -> int:
    with path.open(encoding="utf-8", errors="replace") as lines:
        return len(lines.readline().split(","))
