"""The 18 intrinsic functions of Step Functions, as plain functions of JSON values.

Behaviour and limits: developer guide, "Intrinsic functions for JSONPath states".
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import random as randomness
import re
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from ratchet.workflow.asl.hashes import HASHES, digest
from ratchet.workflow.asl.payload import dumps, loads

MAX_TEXT = 10_000
MAX_RANGE = 1_000


class FunctionError(ValueError):
    """Arguments that a function does not accept."""


class Template(str):
    """The first argument of States.Format as written, including its escapes."""

    __slots__ = ()


def check_count(name: str, given: int, error: type[Exception]) -> None:
    """Raise `error` if a function does not take that many arguments."""
    fewest, most = COUNTS[name]
    if not fewest <= given <= most:
        expected = f"{fewest}" if fewest == most else f"{fewest} or more"
        raise error(f"States.{name} takes {expected} arguments, not {given}")


# arrays


def _array(*values: Any) -> list[Any]:
    return list(values)


def _partition(values: Any, size: Any) -> list[list[Any]]:
    items, length = _list(values), _whole(size)
    if length <= 0:
        raise FunctionError("The chunk size must be a positive integer")
    return [items[start : start + length] for start in range(0, len(items), length)]


def _contains(values: Any, wanted: Any) -> bool:
    return any(same(value, wanted) for value in _list(values))


def _range(first: Any, last: Any, step: Any) -> list[int]:
    low, high, by = _whole(first), _whole(last), _whole(step)
    if by == 0:
        raise FunctionError("The step must not be zero")
    count = max((high - low) // by + 1, 0)
    if count > MAX_RANGE:
        raise FunctionError(f"The array can contain at most {MAX_RANGE} items, not {count}")
    return [low + by * place for place in range(count)]


def _get_item(values: Any, index: Any) -> Any:
    items = _list(values)
    place = _integer(index)
    if not 0 <= place < len(items):
        raise FunctionError(f"The index {place} is out of bounds for an array of {len(items)}")
    return items[place]


def _array_length(values: Any) -> int:
    return len(_list(values))


def _unique(values: Any) -> list[Any]:
    seen: dict[str, Any] = {}
    for value in _list(values):
        seen.setdefault(json.dumps(value, sort_keys=True), value)
    return list(seen.values())


# strings and encodings


def _format(template: Any, *values: Any) -> str:
    if not isinstance(template, str):
        raise FunctionError("The first argument must be a string")
    parts = around_holes(template)
    if len(parts) - 1 != len(values):
        raise FunctionError(
            f"The string has {len(parts) - 1} occurrences of {{}}, but {len(values)} values follow"
        )
    texts = [_shown(value) for value in values]
    return parts[0] + "".join(text + part for text, part in zip(texts, parts[1:], strict=True))


_HOLE = re.compile(r"\\(.)|(\{\})", re.DOTALL)


def around_holes(template: str) -> list[str]:
    """The parts between the `{}` of a template; in a literal, escapes are resolved."""
    if not isinstance(template, Template):
        return template.split("{}")
    parts, start = [""], 0
    for match in _HOLE.finditer(template):
        parts[-1] += template[start : match.start()]
        if match[2]:
            parts.append("")
        else:
            parts[-1] += match[1] if match[1] in "'{}\\" else match[0]
        start = match.end()
    parts[-1] += template[start:]
    return parts


def _shown(value: Any) -> str:
    """A value inside a formatted string, as Java writes it: `{a=1, b=[x, y]}`."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{', '.join(_shown(part) for part in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={_shown(part)}' for key, part in value.items())}}}"
    return _json(value)


def _split(text: Any, separators: Any) -> list[str]:
    whole, marks = _text(text), _text(separators)
    if not marks:
        return [whole]
    return [part for part in re.split(f"[{re.escape(marks)}]", whole) if part]


def _encode(text: Any) -> str:
    return base64.b64encode(_bytes(text)).decode()


def _decode(text: Any) -> str:
    """As Java decodes: padding may be missing, and bytes that are not UTF-8 are replaced."""
    padded = _limited(text) + "=" * (-len(text) % 4)
    try:
        return base64.b64decode(padded, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError) as error:
        raise FunctionError(f"The string is not Base64: {error}") from error


def _hash(data: Any, algorithm: Any) -> str:
    if not isinstance(algorithm, str) or algorithm not in HASHES:
        raise FunctionError(f"The algorithm must be one of {', '.join(HASHES)}")
    text = data if isinstance(data, str) else _json(data)
    return digest(_bytes(text), algorithm)


# JSON, numbers, identities


def _to_json(text: Any) -> Any:
    source = _text(text)
    if not source.strip():
        return None
    try:
        return loads(source)
    except (ValueError, RecursionError) as error:
        raise FunctionError(f"The string is not JSON: {error}") from error


def _json(value: Any) -> str:
    """JSON text as Java writes it; ours differs in numbers only, which are visible in strings."""
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, list):
        return f"[{','.join(map(_json, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{dumps(key)}:{_json(part)}' for key, part in value.items())}}}"
    return dumps(value)


def _double(number: float) -> str:
    """A number as Java's Double.toString writes it: `1.0E10`, `0.001`."""
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return f"{Decimal(repr(number)):f}" if number else repr(number)
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    first, *rest = map(str, digits)
    power = int(exponent) + len(digits) - 1
    return f"{'-' * sign}{first}.{''.join(rest) or '0'}E{power}"


def _merge(first: Any, second: Any, deep: Any) -> dict[str, Any]:
    if not isinstance(first, dict) or not isinstance(second, dict):
        raise FunctionError("The first two arguments must be JSON objects")
    if deep is not False:
        raise FunctionError("Only the shallow mode is supported: the third argument must be false")
    return {**first, **second}


def _random(first: Any, last: Any, seed: Any = None) -> int:
    low, high = _whole(first), _whole(last)
    if low >= high:
        raise FunctionError("The start must be less than the end")
    generator = randomness.Random(None if seed is None else _whole(seed))  # noqa: S311 - no secret
    return generator.randrange(low, high)


def _add(first: Any, second: Any) -> int:
    return _whole(first) + _whole(second)


def _uuid() -> str:
    return str(uuid.uuid4())


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "Array": _array,
    "ArrayContains": _contains,
    "ArrayGetItem": _get_item,
    "ArrayLength": _array_length,
    "ArrayPartition": _partition,
    "ArrayRange": _range,
    "ArrayUnique": _unique,
    "Base64Decode": _decode,
    "Base64Encode": _encode,
    "Format": _format,
    "Hash": _hash,
    "JsonMerge": _merge,
    "JsonToString": _json,
    "MathAdd": _add,
    "MathRandom": _random,
    "StringSplit": _split,
    "StringToJson": _to_json,
    "UUID": _uuid,
}
_ANY_NUMBER = 10_000
COUNTS: Mapping[str, tuple[int, int]] = {
    "Array": (0, _ANY_NUMBER),
    "ArrayContains": (2, 2),
    "ArrayGetItem": (2, 2),
    "ArrayLength": (1, 1),
    "ArrayPartition": (2, 2),
    "ArrayRange": (3, 3),
    "ArrayUnique": (1, 1),
    "Base64Decode": (1, 1),
    "Base64Encode": (1, 1),
    "Format": (1, _ANY_NUMBER),
    "Hash": (2, 2),
    "JsonMerge": (3, 3),
    "JsonToString": (1, 1),
    "MathAdd": (2, 2),
    "MathRandom": (2, 3),
    "StringSplit": (2, 2),
    "StringToJson": (1, 1),
    "UUID": (0, 0),
}


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise FunctionError("The first argument must be an array")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise FunctionError("The argument must be a string")
    return value


def _limited(value: Any) -> str:
    text = _text(value)
    if len(text) > MAX_TEXT:
        raise FunctionError(f"The string has {len(text)} characters; the maximum is {MAX_TEXT}")
    return text


def _bytes(value: Any) -> bytes:
    """UTF-8 as Java writes it: a question mark for a lone surrogate."""
    return _limited(value).encode(errors="replace")


def _integer(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise FunctionError("The argument must be an integer")
    return value


def _whole(value: Any) -> int:
    """A number rounded as by Java's Math.round: halves go up."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise FunctionError("The argument must be a number")
    return value if isinstance(value, int) else math.floor(value + 0.5)
