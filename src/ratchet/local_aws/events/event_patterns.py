"""EventBridge's event patterns: compiled once, matched against many events.

See "Comparison operators for use in event patterns" in EventBridge's user guide: exact values,
prefix, suffix, equals-ignore-case, wildcard, anything-but, numeric, exists, cidr and $or. Anything
else is refused by name when the rule is created.
"""

from __future__ import annotations

import ipaddress
import json
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from ratchet.local_aws.door.errors import ServiceError

Matches = Callable[[Any], bool]
"""Whether an event, or a part of one, matches."""
_Test = Callable[[Any], bool]
"""Whether a single value matches."""

_MISSING = object()
"""Stands for a field that an event does not have."""
_COMPARE = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compile_pattern(text: str) -> Matches:
    """The pattern as a function of an event; ServiceError InvalidEventPatternException."""
    try:
        pattern = json.loads(text)
    except ValueError as error:
        raise _invalid(f"Filter is not valid JSON: {error}") from error
    if not isinstance(pattern, dict):
        raise _invalid("Filter is not an object")
    return _object(pattern, "")


def _invalid(reason: str) -> ServiceError:
    message = f"Event pattern is not valid. Reason: {reason}"
    return ServiceError("InvalidEventPatternException", message)


def _object(pattern: Mapping[str, Any], path: str) -> Matches:
    """All fields must match."""
    if not pattern:
        raise _invalid(f"Empty objects are not allowed{_at(path)}")
    fields = [_field(name, wanted, _join(path, name)) for name, wanted in pattern.items()]
    return lambda event: all(field(event) for field in fields)


def _field(name: str, wanted: Any, path: str) -> Matches:
    if name == "$or" and isinstance(wanted, list):
        return _any_of(wanted, path)
    if isinstance(wanted, dict):
        return _nested(name, _object(wanted, path))
    if not isinstance(wanted, list):
        raise _invalid(f'"{path}" must be an object or an array')
    if not wanted:
        raise _invalid(f"Empty arrays are not allowed{_at(path)}")
    tests = [_test(item, path) for item in wanted]
    return lambda event: any(_leaf(test, event, name) for test in tests)


def _any_of(choices: list[Any], path: str) -> Matches:
    if len(choices) < 2 or not all(isinstance(choice, dict) for choice in choices):
        raise _invalid(f'"{path}" must be an array of at least two objects')
    patterns = [_object(choice, path) for choice in choices]
    return lambda event: any(pattern(event) for pattern in patterns)


def _nested(name: str, inner: Matches) -> Matches:
    """A pattern for an object; in an array of objects, one of them must match the whole of it."""

    def matches(event: Any) -> bool:
        value = event.get(name) if isinstance(event, dict) else None
        if isinstance(value, list):
            return any(inner(item) for item in value if isinstance(item, dict))
        return inner(value if isinstance(value, dict) else {})

    return matches


def _leaf(test: _Test, event: Any, name: str) -> bool:
    """A field's value, or any element of it if it is an array; objects are not values."""
    value = event.get(name, _MISSING) if isinstance(event, dict) else _MISSING
    values = value if isinstance(value, list) else [value]
    return any(test(_MISSING if isinstance(item, dict) else item) for item in values)


# Tests of a single value


def _test(wanted: Any, path: str) -> _Test:
    if isinstance(wanted, dict):
        return _matcher(wanted, path)
    if isinstance(wanted, list):
        raise _invalid(f"Match value must be String, number, true, false, or null{_at(path)}")
    return lambda value: _equal(value, wanted)


def _equal(value: Any, wanted: Any) -> bool:
    """JSON's equality: 1 is 1.0, but not true."""
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def _matcher(wanted: Mapping[str, Any], path: str) -> _Test:
    if len(wanted) != 1:
        raise _invalid(f"Only one key allowed in match expression{_at(path)}")
    ((name, argument),) = wanted.items()
    if name not in _MATCHERS:
        raise _invalid(f"Unrecognized match type {name}{_at(path)}")
    return _MATCHERS[name](argument, path)


def _prefix(argument: Any, path: str) -> _Test:
    return _affix(argument, path, "prefix", str.startswith)


def _suffix(argument: Any, path: str) -> _Test:
    return _affix(argument, path, "suffix", str.endswith)


def _affix(argument: Any, path: str, name: str, has: Callable[[str, str], bool]) -> _Test:
    if isinstance(argument, dict) and list(argument) == ["equals-ignore-case"]:
        folded = _string(argument["equals-ignore-case"], name, path).lower()
        return lambda value: isinstance(value, str) and has(value.lower(), folded)
    text = _string(argument, name, path)
    return lambda value: isinstance(value, str) and has(value, text)


def _equals_ignore_case(argument: Any, path: str) -> _Test:
    folded = _string(argument, "equals-ignore-case", path).lower()
    return lambda value: isinstance(value, str) and value.lower() == folded


def _wildcard(argument: Any, path: str) -> _Test:
    text = _string(argument, "wildcard", path)
    parts = re.findall(r"\\.|\*+|[^\\*]+|\\$", text, re.DOTALL)
    if any(part.startswith("**") for part in parts):
        raise _invalid(f"Consecutive wildcard characters{_at(path)}")
    if any(part[0] == "\\" and part[1:] not in {"*", "\\"} for part in parts):
        raise _invalid(f"Invalid escape character in wildcard{_at(path)}")
    regex = re.compile("".join(map(_wildcard_part, parts)), re.DOTALL)
    return lambda value: isinstance(value, str) and regex.fullmatch(value) is not None


def _wildcard_part(part: str) -> str:
    if part == "*":
        return ".*"
    return re.escape(part[1:] if part[0] == "\\" else part)


def _exists(argument: Any, path: str) -> _Test:
    if not isinstance(argument, bool):
        raise _invalid(f"exists match pattern must be either true or false{_at(path)}")
    return lambda value: (value is not _MISSING) == argument


def _numeric(argument: Any, path: str) -> _Test:
    """[">", 0] or a range such as [">", 0, "<=", 5]."""
    if not isinstance(argument, list) or len(argument) not in (2, 4):
        raise _invalid(f"Value of numeric must be an array of one or two comparisons{_at(path)}")
    checks = []
    for sign, number in zip(argument[::2], argument[1::2], strict=True):
        if sign not in _COMPARE:
            raise _invalid(f"Unrecognized numeric range operator: {sign}{_at(path)}")
        checks.append((_COMPARE[sign], _number(number, path)))
    return lambda value: _is_number(value) and all(check(value, bound) for check, bound in checks)


def _cidr(argument: Any, path: str) -> _Test:
    try:
        network = ipaddress.ip_network(_string(argument, "cidr", path), strict=False)
    except ValueError as error:
        raise _invalid(f"Malformed CIDR: {error}{_at(path)}") from error
    return lambda value: _is_address_in(value, network)


def _is_address_in(value: Any, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return isinstance(value, str) and ipaddress.ip_address(value) in network
    except ValueError:
        return False


def _anything_but(argument: Any, path: str) -> _Test:
    """Present, and none of the given values or shapes of value."""
    if isinstance(argument, dict):
        excluded = _excluded_shapes(argument, path)
    else:
        values = argument if isinstance(argument, list) else [argument]
        if not values or not all(isinstance(value, str) or _is_number(value) for value in values):
            raise _invalid(f"anything-but takes strings or numbers{_at(path)}")
        excluded = [_test(value, path) for value in values]
    return lambda value: value is not _MISSING and not any(test(value) for test in excluded)


def _excluded_shapes(argument: Mapping[str, Any], path: str) -> list[_Test]:
    if len(argument) != 1 or not argument.keys() <= _NEGATABLE:
        name = ", ".join(argument) or "nothing"
        raise _invalid(f"Unsupported anything-but pattern: {name}{_at(path)}")
    ((name, wanted),) = argument.items()
    return [
        _MATCHERS[name](item, path) for item in (wanted if isinstance(wanted, list) else [wanted])
    ]


_MATCHERS: dict[str, Callable[[Any, str], _Test]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
    "exists": _exists,
    "numeric": _numeric,
    "cidr": _cidr,
    "anything-but": _anything_but,
}
_NEGATABLE = {"prefix", "suffix", "equals-ignore-case", "wildcard"}


# Helpers


def _string(value: Any, name: str, path: str) -> str:
    if not isinstance(value, str):
        raise _invalid(f"{name} match pattern must be a string{_at(path)}")
    return value


def _number(value: Any, path: str) -> float:
    if not _is_number(value):
        raise _invalid(f"Bad value {value!r} in numeric comparison{_at(path)}")
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _at(path: str) -> str:
    return f' at "{path}"' if path else ""
