"""The media types that the toolkit knows."""

from __future__ import annotations

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"
OCTET_STREAM, ANY = "application/octet-stream", "*/*"
UTF8_TYPES = [JSON, CSV]
