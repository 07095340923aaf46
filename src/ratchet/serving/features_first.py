"""Serves a pipeline's script with rows as they land: features.py makes the script's rows of them.

It lies below `code` of the model's artifact, with the script and with what inference.py describes.
RATCHET_SCRIPT names the script, RATCHET_FRAMEWORK the container's framework. The script's own
functions are the container's, but for one: its input_fn gets the features as text/csv, one line a
row, `nan` for missing values, as it finds them in training. A script without one gets what the
container's own input_fn makes of such lines. Python 3.10, as inference.py.
"""

from __future__ import annotations

import importlib
import io
import os
from typing import Any

import features  # type: ignore[import-not-found]  # noqa: F401 - beside this file, as:
import inference  # type: ignore[import-not-found]

CSV = inference.CSV
SCRIPT: Any = importlib.import_module(os.environ["RATCHET_SCRIPT"][: -len(".py")])


def prepared(body: str | bytes, content_type: str) -> Any:
    """The features of landed rows, as a table of float64."""
    rows = inference.input_fn(body, content_type)
    return inference.asked(rows)


def lines(table: Any) -> str:
    """The same as the files that the script was trained on have them."""
    text = io.StringIO()
    table.to_csv(text, header=False, index=False, na_rep="nan", lineterminator="\n")
    return text.getvalue()


def decoded(table: Any) -> Any:
    """What the framework's own input_fn makes of such lines; of one row it is a table as well."""
    framework = os.environ["RATCHET_FRAMEWORK"]
    numbers = table.to_numpy(dtype="float32")
    if framework == "pytorch":
        import torch

        return torch.FloatTensor(numbers)
    if framework == "xgboost":
        import xgboost

        return xgboost.DMatrix(numbers)
    return numbers


def model_fn(model_dir: str) -> Any:
    """The script's model."""
    return SCRIPT.model_fn(model_dir)


def _input_fn(body: str | bytes, content_type: str) -> Any:
    table = prepared(body, content_type)
    own = getattr(SCRIPT, "input_fn", None)
    return own(lines(table), CSV) if own else decoded(table)


def _transform_fn(model: Any, body: str | bytes, content_type: str, accept: str) -> Any:
    return SCRIPT.transform_fn(model, lines(prepared(body, content_type)), CSV, accept)


if hasattr(SCRIPT, "transform_fn"):
    transform_fn = _transform_fn
else:
    input_fn = _input_fn
    for _name in ("predict_fn", "output_fn"):
        if hasattr(SCRIPT, _name):
            globals()[_name] = getattr(SCRIPT, _name)
