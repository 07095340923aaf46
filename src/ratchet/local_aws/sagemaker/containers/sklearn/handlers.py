"""What a scikit-learn container does where a program leaves a function out.

Source: sagemaker-scikit-learn-container (`serving.py`, `handler_service.py`).
"""

from __future__ import annotations

from typing import Any

from ratchet.local_aws.sagemaker.containers import encoding


def model_fn(model_dir: str) -> Any:
    raise NotImplementedError("Please provide a model_fn implementation.")


def input_fn(body: Any, content_type: str) -> Any:
    import numpy as np

    array = encoding.decode(body, content_type)
    return array.astype(np.float32) if content_type in encoding.UTF8_TYPES else array


def predict_fn(data: Any, model: Any) -> Any:
    return model.predict(data)


def output_fn(prediction: Any, accept: str) -> Any:
    return encoding.encode(prediction, accept)
