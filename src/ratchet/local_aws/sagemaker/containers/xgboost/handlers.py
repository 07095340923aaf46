"""What an XGBoost container in script mode does where a program leaves a function out.

Source: sagemaker-xgboost-container (`handler_service.py`, `encoder.py`).
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ratchet.local_aws.sagemaker.containers import encoding
from ratchet.local_aws.sagemaker.containers.xgboost.predictor import Decoder

LIBSVM = ("text/libsvm", "text/x-libsvm")


def model_fn(model_dir: str) -> Any:
    raise NotImplementedError("Please provide a model_fn implementation.")


def input_fn(body: Any, content_type: str) -> Any:
    import xgboost

    if content_type == encoding.CSV:
        rows = [line.split(",") for line in body.strip().split("\n")]
        return Decoder(xgboost).matrix(rows)
    if content_type not in LIBSVM:
        raise encoding.UnsupportedFormatError(content_type)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "request"
        file.write_bytes(body)
        return xgboost.DMatrix(f"{file}?format=libsvm")


def predict_fn(data: Any, model: Any) -> Any:
    return model.predict(data, validate_features=False)


def output_fn(prediction: Any, accept: str) -> Any:
    return encoding.encode(prediction, accept)
