"""Rows as recipe or transform prepare them, from a file, for an endpoint that takes those."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ratchet.cli import landed_file
from ratchet.cli.errors import CliError


def read(name: str, content: bytes, features: Sequence[str], data: Mapping[str, Any]) -> list[str]:
    """One line of numbers a row, the features in order; `data` is the section of the definition."""
    in_order = f"The features in order, nan for a missing value: {', '.join(features)}"
    if landed_file.begins_with_columns(name, content, data):
        raise CliError(
            f"{name} holds rows as they land, and this model takes prepared rows",
            "With etl.features the endpoint takes rows as they land; see what becomes of them"
            f" now with: ratchet try PIPELINE {name}   {in_order}",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CliError(f"{name} is not UTF-8 text: byte {error.start}", in_order) from error
    rows = [line.strip() for line in landed_file.lines(text) if line.strip()]
    if not rows:
        raise CliError(f"{name} holds no rows")
    _check_width(rows, features)
    return rows


def _check_width(rows: list[str], features: Sequence[str]) -> None:
    """A container answers a row of too few values without a word, the last ones as missing."""
    for number, row in enumerate(rows, start=1):
        values = row.split(",")
        if len(values) != len(features):
            missing = ", ".join(features[len(values) :])
            raise CliError(
                f"row {number} has {len(values)} values, and the champion takes {len(features)}"
                + (f"; none is left for {missing}" if missing else ""),
                f"The features in order, nan for a missing value: {', '.join(features)}",
            )
        for name, value in zip(features, values, strict=True):
            _check_number(number, name, value)


def _check_number(row: int, feature: str, value: str) -> None:
    try:
        number = float(value or "nan")
    except ValueError:
        number = math.inf
    if math.isinf(number):
        raise CliError(
            f"row {row}: {value.strip()} is not a number for {feature}",
            "The endpoint takes prepared rows: what recipe or transform make, without header.",
        )
