"""The functions that Step Functions adds to JSONata, as AWS evaluates them."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from ratchet.workflow.asl.hashes import HASHES, digest
from ratchet.workflow.asl.jsonata.errors import Fault, JsonataError, memory_exceeded
from ratchet.workflow.asl.jsonata.values import with_nulls

MAX_RANGE = (
    360_145  # as measured on AWS by others: where $range exceeds the memory of an evaluation
)


def _partition(values: Any, size: Any) -> Any:
    """Numbers are truncated towards zero, as in all of AWS's functions."""
    if values is None or size is None:
        return None
    length = int(size)
    if length <= 0:
        raise Fault("T0410", index=2)
    return [list(values[start : start + length]) for start in range(0, len(values), length)]


def _range(first: Any, last: Any, step: Any) -> Any:
    if first is None or last is None or step is None or int(step) == 0:
        return None
    low, high, by = int(first), int(last), int(step)
    found = range(low, high + (1 if by > 0 else -1), by)
    if len(found) > MAX_RANGE:
        raise memory_exceeded()
    return list(found)


def _hash(text: Any, algorithm: Any) -> Any:
    if text is None or algorithm is None:
        return None
    if algorithm not in HASHES:
        known = ", ".join(HASHES)
        raise JsonataError(f"$hash has no algorithm {algorithm!r}; it has {known}")
    return digest(text.encode(), algorithm)


_MULTIPLIER, _MASK = 0x5DEECE66D, (1 << 48) - 1


def _random(seed: Any) -> float:
    """With a seed, the first number of Java's generator, as on AWS."""
    if seed is None:
        return random.random()  # noqa: S311 - JSONata's $random, not a secret
    state = (int(seed) ^ _MULTIPLIER) & _MASK
    state, high = _next(state, 26)
    _, low = _next(state, 27)
    return ((high << 27) + low) / (1 << 53)


def _next(state: int, bits: int) -> tuple[int, int]:
    state = (state * _MULTIPLIER + 0xB) & _MASK
    return state, state >> (48 - bits)


def _parse(text: Any) -> Any:
    if text is None:
        return None
    try:
        return with_nulls(json.loads(text, parse_constant=_no_json))
    except (ValueError, RecursionError) as error:
        raise JsonataError(f"$parse was not given JSON: {error}") from error


def _no_json(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


TABLE: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "hash": ("<s-s:s>", _hash),
    "parse": ("<s-:x>", _parse),
    "partition": ("<an:a>", _partition),
    "random": ("<n?:n>", _random),
    "range": ("<nnn:a>", _range),
    "uuid": ("<:s>", lambda: str(uuid.uuid4())),
}
