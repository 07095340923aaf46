"""The built-in functions: the reference's signatures, and implementations where the library errs.

What the library implements correctly is taken from it; the rest follows the reference.
"""

from __future__ import annotations

import base64
import binascii
import inspect
import math
import urllib.parse
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from jsonata import Functions, Jsonata, Utils

from ratchet.workflow.asl.jsonata import dialect, moments, numbers, pictures, texts
from ratchet.workflow.asl.jsonata.errors import Fault, InternalError
from ratchet.workflow.asl.jsonata.numbers import is_number

# numbers


def _sum(values: Any) -> Any:
    if values is None:
        return None
    total: float = 0
    for value in values:
        total += value
    return numbers.tidy(total)


def _count(values: Any) -> int:
    return 0 if values is None else len(values)


def _most(choose: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def chosen(values: Any) -> Any:
        return choose(values) if values else None

    return chosen


def _average(values: Any) -> Any:
    return numbers.tidy(float(_sum(values)) / len(values)) if values else None


def _number(value: Any) -> Any:
    if value is None or is_number(value):
        return value
    if isinstance(value, bool):
        return int(value)
    number = numbers.parsed(value)
    if number is None:
        raise Fault("D3030", value=value)
    return number


def _of_one(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def applied(value: Any) -> Any:
        return None if value is None else numbers.tidy(function(value))

    return applied


def _square_root(value: float) -> float:
    if value < 0:
        raise Fault("D3060", value=value)
    return math.sqrt(value)


def _power(base: Any, exponent: Any) -> Any:
    if base is None:
        return None
    try:
        result = float(base) ** float(exponent)
    except (OverflowError, ZeroDivisionError):
        result = math.inf
    if isinstance(result, complex) or not math.isfinite(result):
        raise Fault("D3061", value=base, exp=exponent)
    return numbers.tidy(result)


def _round(value: Any, precision: Any) -> Any:
    """Halves go to the even neighbour; digits are counted in the number as written."""
    if value is None:
        return None
    places = 0 if precision is None else int(precision)
    shifted = _shifted(value, places)
    if not math.isfinite(shifted):
        return math.nan
    return numbers.tidy(_shifted(float(round(shifted)), -places) + 0.0)


def _shifted(number: float, places: int) -> float:
    mantissa, _, exponent = repr(float(number)).partition("e")
    return float(f"{mantissa}e{int(exponent or 0) + places}")


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _format_base(value: Any, radix: Any) -> Any:
    if value is None:
        return None
    number, base = _round(value, None), 10 if radix is None else _round(radix, None)
    if not 2 <= base <= 36:
        raise Fault("D3100", value=base)
    left, digits = abs(int(number)), ""
    while left or not digits:
        left, digit = divmod(left, int(base))
        digits = _DIGITS[digit] + digits
    return f"-{digits}" if number < 0 else digits


# strings


class _String:
    """$string. Passed to $map and similar functions, it takes only the value."""

    __signature__ = inspect.Signature(
        [inspect.Parameter("value", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
    )

    def __call__(self, value: Any, prettify: Any = None) -> Any:
        if value is None or isinstance(value, str):
            return value
        if Functions.is_lambda(value) or Utils.is_function(value) or Functions.is_regex(value):
            return ""
        if is_number(value) and not math.isfinite(value):
            raise Fault("D3001", value=value)
        try:
            return numbers.dumps(value, fifteen=True, indent=2 if prettify else 0)
        except numbers.NotFinite as error:
            raise Fault("D1001", value=error.args[0]) from error


def _encoded(value: Any) -> Any:
    return None if value is None else base64.b64encode(value.encode()).decode()


def _decoded(value: Any) -> Any:
    if value is None:
        return None
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise InternalError(f"The text is not Base64: {error}") from error


_COMPONENT = "-_.!~*'()"
_WHOLE = _COMPONENT + ";/?:@&=+$,#"


def _quoted(name: str, safe: str) -> Callable[[Any], Any]:
    def quoted(value: Any) -> Any:
        try:
            return None if value is None else urllib.parse.quote(value, safe=safe)
        except UnicodeEncodeError as error:
            raise Fault("D3140", function_name=name, value=value) from error

    return quoted


def _unquoted(name: str, kept: str) -> Callable[[Any], Any]:
    def unquoted(value: Any) -> Any:
        if value is None:
            return None
        for mark in kept:
            value = value.replace(f"%{ord(mark):02X}", f"%25{ord(mark):02X}")
        try:
            return urllib.parse.unquote(value, errors="strict")
        except UnicodeDecodeError as error:
            raise Fault("D3140", function_name=name, value=value) from error

    return unquoted


# arrays and objects


def _spread(value: Any) -> Any:
    """One object for each member, in linear time: the library copies all of them for each."""
    if isinstance(value, dict):
        return Utils.create_sequence_from_iter({key: part} for key, part in value.items())
    if not isinstance(value, list):
        return value
    parts = [part for part in map(_spread, value) if part is not None]
    if not parts:
        return Utils.create_sequence()
    return Utils.JList(chain.from_iterable(p if isinstance(p, list) else [p] for p in parts))


def _sort(values: Any, comparator: Any) -> Any:
    if values is None or len(values) <= 1:
        return values
    if comparator is not None:
        return sorted(values, key=_swapped_by(comparator))
    if not (all(map(is_number, values)) or all(isinstance(value, str) for value in values)):
        raise Fault("D3070", value=values, index=1)
    return sorted(values)


def _swapped_by(comparator: Any) -> Callable[[Any], Any]:
    """A sort key: the later of two items goes first if the comparator swaps them."""

    class Key:
        def __init__(self, value: Any) -> None:
            self.value = value

        def __lt__(self, other: Key) -> bool:
            swap = Functions.func_apply(comparator, [other.value, self.value])
            return bool(Jsonata.boolize(swap))

    return Key


def _distinct(values: Any) -> Any:
    if not isinstance(values, list) or len(values) <= 1:
        return values
    found: list[Any] = Utils.create_sequence() if Utils.is_sequence(values) else []
    seen: set[Any] = set()
    for value in values:
        key = _frozen(value)
        if key not in seen:
            seen.add(key)
            found.append(value)
    return found


def _frozen(value: Any) -> Any:
    """A key that is equal for equal values only: comparing all with all would take too long."""
    if isinstance(value, dict):
        return frozenset((key, _frozen(part)) for key, part in value.items())
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return (bool, value) if isinstance(value, bool) else value


def _zip(*arrays: Any) -> Any:
    if any(array is None for array in arrays):
        return []
    return [list(items) for items in zip(*arrays, strict=False)]


def _reduce(values: Any, function: Any, start: Any) -> Any:
    if values is not None and Functions.get_function_arity(function) < 2:
        raise Fault("D3050", index=1)
    return Functions.fold_left(values, function, start)


def _type(value: Any) -> Any:
    return "function" if Functions.is_regex(value) else Functions.type(value)


def _error(message: Any) -> Any:
    raise Fault("D3137", message="$error() function evaluated" if message is None else message)


def _assert(condition: Any, message: Any) -> None:
    if not condition:
        said = "$assert() statement failed" if message is None else message
        raise Fault("D3141", message=said)


TABLE: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "abs": ("<n-:n>", _of_one(abs)),
    "append": ("<xx:a>", Functions.append),
    "assert": ("<bs?:x>", _assert),
    "average": ("<a<n>:n>", _average),
    "base64decode": ("<s-:s>", _decoded),
    "base64encode": ("<s-:s>", _encoded),
    "boolean": ("<x-:b>", Functions.to_boolean),
    "ceil": ("<n-:n>", _of_one(math.ceil)),
    "clone": ("<(oa)-:o>", Functions.function_clone),
    "contains": ("<s-(sf):b>", texts.contains),
    "count": ("<a:n>", _count),
    "decodeUrl": ("<s-:s>", _unquoted("decodeUrl", ";/?:@&=+$,#")),
    "decodeUrlComponent": ("<s-:s>", _unquoted("decodeUrlComponent", "")),
    "distinct": ("<x:x>", _distinct),
    "each": ("<o-f:a>", Functions.each),
    "encodeUrl": ("<s-:s>", _quoted("encodeUrl", _WHOLE)),
    "encodeUrlComponent": ("<s-:s>", _quoted("encodeUrlComponent", _COMPONENT)),
    "error": ("<s?:x>", _error),
    "exists": ("<x:b>", Functions.exists),
    "filter": ("<af>", Functions.filter),
    "floor": ("<n-:n>", _of_one(math.floor)),
    "formatBase": ("<n-n?:s>", _format_base),
    "formatInteger": ("<n-s:s>", moments.format_integer),
    "formatNumber": ("<n-so?:s>", pictures.format_number),
    "fromMillis": ("<n-s?s?:s>", moments.from_millis),
    "join": ("<a<s>s?:s>", texts.join),
    "keys": ("<x-:a<s>>", Functions.keys),
    "length": ("<s-:n>", texts.length),
    "lookup": ("<x-s:x>", Functions.lookup),
    "lowercase": ("<s-:s>", texts.lowercase),
    "map": ("<af>", Functions.map),
    "match": ("<s-f<s:o>n?:a<o>>", texts.match),
    "max": ("<a<n>:n>", _most(max)),
    "merge": ("<a<o>:o>", Functions.merge),
    "min": ("<a<n>:n>", _most(min)),
    "not": ("<x-:b>", Functions.not_),
    "number": ("<(nsb)-:n>", _number),
    "pad": ("<s-ns?:s>", texts.pad),
    "parseInteger": ("<s-s:n>", moments.parse_integer),
    "power": ("<n-n:n>", _power),
    "reduce": ("<afj?:j>", _reduce),
    "replace": ("<s-(sf)(sf)n?:s>", texts.replace),
    "reverse": ("<a:a>", Functions.reverse),
    "round": ("<n-n?:n>", _round),
    "shuffle": ("<a:a>", Functions.shuffle),
    "sift": ("<o-f?:o>", Functions.sift),
    "single": ("<af?>", Functions.single),
    "sort": ("<af?:a>", _sort),
    "split": ("<s-(sf)n?:a<s>>", texts.split),
    "spread": ("<x-:a<o>>", _spread),
    "sqrt": ("<n-:n>", _of_one(_square_root)),
    "string": ("<x-b?:s>", _String()),
    "substring": ("<s-nn?:s>", texts.substring),
    "substringAfter": ("<s-s:s>", texts.substring_after),
    "substringBefore": ("<s-s:s>", texts.substring_before),
    "sum": ("<a<n>:n>", _sum),
    "toMillis": ("<s-s?:n>", moments.to_millis),
    "trim": ("<s-:s>", texts.trim),
    "type": ("<x:s>", _type),
    "uppercase": ("<s-:s>", texts.uppercase),
    "zip": ("<a+>", _zip),
    **dialect.TABLE,
}
