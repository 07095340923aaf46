"""Bodies to arrays and back, as the toolkits of SageMaker's framework images do it.

Source: sagemaker-containers 2.8.6 (`_encoders.py`). sagemaker-inference (`decoder.py`,
`encoder.py`) reads and writes CSV by numpy instead: `numbers` and `lines`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"
UTF8_TYPES = (JSON, CSV)
"""The media types whose bodies come as text."""


class UnsupportedFormatError(Exception):
    """A media type that only the program's own input_fn or output_fn could take."""

    status_code = 415

    def __init__(self, content_type: str) -> None:
        super().__init__(
            f"Content type {content_type} is not supported by this framework. Please implement "
            "input_fn to deserialize the request data or an output_fn to serialize the response."
        )


class ClientError(Exception):
    """A body that is not what its media type says."""

    status_code = 400


def fields(text: str) -> Any:
    """CSV as an array of text. One row, or one column, has one dimension only."""
    import numpy as np

    try:
        return np.array(list(csv.reader(io.StringIO(text), strict=True))).squeeze()
    except (csv.Error, ValueError) as error:
        raise ClientError(f"Error while decoding csv: {error}") from error


def rows(value: Any) -> str:
    """An array as CSV; what has one dimension is a column."""
    import numpy as np

    array = np.array(value)
    text = io.StringIO()
    lines = array.reshape(-1, 1) if array.ndim <= 1 else array
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def numbers(text: str) -> Any:
    """CSV as numpy reads it."""
    import numpy as np

    return np.genfromtxt(io.StringIO(text), dtype=None, delimiter=",", encoding=None)


def lines(value: Any) -> str:
    """An array as numpy writes CSV."""
    import numpy as np

    text = io.StringIO()
    np.savetxt(text, value, delimiter=",", fmt="%s")
    return text.getvalue()


def decode(body: Any, content_type: str, read_csv: Callable[[str], Any] = fields) -> Any:
    """The array of a request's body."""
    import numpy as np

    if content_type == CSV:
        return read_csv(body)
    if content_type == JSON:
        return np.array(json.loads(body))
    if content_type == NPY:
        return np.load(io.BytesIO(body), allow_pickle=False)
    raise UnsupportedFormatError(content_type)


def encode(value: Any, accept: str, write_csv: Callable[[Any], str] = rows) -> Any:
    """The body of an answer."""
    import numpy as np

    if accept == CSV:
        return write_csv(value)
    if accept == JSON:
        return json.dumps(value, default=_plain)
    if accept == NPY:
        buffer = io.BytesIO()
        np.save(buffer, value)
        return buffer.getvalue()
    raise UnsupportedFormatError(accept)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON serializable")
