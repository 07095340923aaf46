"""What an XGBoost container in script mode does where a program leaves a function out.

Source: sagemaker-xgboost-container (`handler_service.py`, `encoder.py`).
"""

from __future__ import annotations

from typing import Any

from ratchet.local_aws.sagemaker.containers import encoding
from ratchet.local_aws.sagemaker.containers.xgboost.predictor import Decoder


def model_fn(model_dir: str) -> Any:
    raise NotImplementedError("Please provide a model_fn implementation.")


def input_fn(body: Any, content_type: str) -> Any:
    import xgboost

    given = body.encode() if isinstance(body, str) else body
    return Decoder(xgboost).of_body(given, content_type)


def predict_fn(data: Any, model: Any) -> Any:
    return model.predict(data, validate_features=False)


def output_fn(prediction: Any, accept: str) -> Any:
    return encoding.encode(prediction, accept)
