"""Tries a features.py before it is pushed, in a process of its own.

Usage: python -I trial.py FOLDER, which holds rows.json, the fields by column, and in code/
inference.py, features.py, contract.py (without the features, which are to be found out) and what
features.py reads. Writes answer.json: {"features": names} or {"problem": sentence}.
"""

from __future__ import annotations

import importlib
import json
import math
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

FEATURES = "features.py"


class Problem(Exception):
    """What is wrong with features.py, or with a row of the sample."""


def features_made(folder: Path) -> list[str]:
    """The names of the features; raises Problem."""
    sys.path[:0] = [str(folder / "code")]
    inference = importlib.import_module("inference")
    contract = importlib.import_module("contract").CONTRACT
    _import_features()
    try:
        rows = inference.typed(json.loads((folder / "rows.json").read_text("utf-8")), contract)
        whole = inference.features_of(rows, contract)
        for row in range(len(rows)):
            alone = inference.features_of(rows.iloc[[row]].reset_index(drop=True), contract)
            _compare(whole.iloc[[row]], alone, row + 1)
    except (inference.FeaturesFailed, inference.RowsRefused) as error:
        raise Problem(str(error)) from error
    return [str(name) for name in whole.columns]


def _import_features() -> ModuleType:
    try:
        module = importlib.import_module("features")
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if Path(frame.filename).name == FEATURES]
        place = f"{FEATURES}:{lines[-1]}" if lines else FEATURES
        raise Problem(f"{place}: {type(error).__name__}: {error}") from error
    if not callable(getattr(module, "features", None)):
        raise Problem(f"{FEATURES}: it has no function features(rows)")
    return module


def _compare(among: Any, alone: Any, row: int) -> None:
    """A row's features must not hang on the rows beside it: the endpoint gets one at a time."""
    where = f"{FEATURES} is not row by row: row {row} of the sample"
    if list(among.columns) != list(alone.columns):
        raise Problem(
            f"{where} gives {', '.join(map(str, alone.columns))} alone, and"
            f" {', '.join(map(str, among.columns))} among the others"
        )
    for place, name in enumerate(among.columns):
        one, other = float(alone.iloc[0, place]), float(among.iloc[0, place])
        same = math.isclose(one, other, rel_tol=1e-9) or (math.isnan(one) and math.isnan(other))
        if not same:
            raise Problem(
                f"{where} has {name} {one:g} alone, and {other:g} among the others: compute it"
                " from the row itself, with constants instead of means, ranks or codes of the data"
            )


def main(folder: Path) -> None:
    """Write the answer."""
    try:
        answer: dict[str, Any] = {"features": features_made(folder)}
    except Problem as error:
        answer = {"problem": str(error)}
    (folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
