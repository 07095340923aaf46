"""Bodies of requests as DMatrix."""

from __future__ import annotations

from typing import Any

from ratchet.local_aws.sagemaker.containers.xgboost import handlers


def decode(obj: Any, content_type: str) -> Any:
    """The DMatrix of a body of CSV or libsvm."""
    return handlers.input_fn(obj, content_type)


def csv_to_dmatrix(string_like: Any, dtype: Any = None) -> Any:  # noqa: ARG001 - as there
    """The DMatrix of CSV."""
    return handlers.input_fn(string_like, "text/csv")


def libsvm_to_dmatrix(string_like: Any) -> Any:
    """The DMatrix of libsvm."""
    return handlers.input_fn(string_like, "text/libsvm")
