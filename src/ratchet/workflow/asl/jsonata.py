"""JSONata as Step Functions has it: no input document, AWS's own functions, bounded in time.

The language itself is jsonata-python's. What differs on AWS: `$` and `$$` stand for nothing at
the top, `$eval` does not exist, `$partition`, `$range`, `$hash`, `$random`, `$uuid` and `$parse`
do, and an expression that gives nothing is an error.
"""

from __future__ import annotations

import hashlib
import json
import math
import random as randomness
import re
import time
import uuid
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from ratchet.workflow.asl.patterns import BoundedPattern, PatternError, PatternTimeout

MAX_MILLISECONDS = 2_000
MAX_DEPTH = 250
MAX_RANGE = 1_000_000
MAX_TEXT = 1_000_000
MAX_ITEMS = 262_144  # more can be in no input or output

UNDEFINED = object()


class JsonataError(Exception):
    """An expression that does not parse or fails; `code` is JSONata's (T2001, D3030, ...)."""

    def __init__(self, message: str, code: str | None = None, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.position = position


class NotJson(JsonataError):
    """The result is no JSON value: a function, or a number that JSON cannot hold."""


@lru_cache(maxsize=4096)
def compiled(text: str) -> Any:
    """The parsed expression. Raises JsonataError with the position if it is no JSONata."""
    import jsonata

    try:
        expression = jsonata.Jsonata(text, regex_engine=_pattern)
    except jsonata.JException as error:
        raise _translated(error) from error
    except PatternError as error:
        raise JsonataError(f"Not a regular expression: {error}", "S0302") from error
    except RecursionError as error:
        raise JsonataError("The expression is nested too deeply") from error
    except (IndexError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise JsonataError(f"The expression cannot be parsed: {error}") from error
    expression.set_output_convert_nulls(False)
    expression.set_validate_input(False)
    bounds = _Bounds()
    expression.environment.set_evaluate_entry_callback(bounds.enter)
    expression.environment.set_evaluate_exit_callback(bounds.leave)
    expression.ratchet_bounds = bounds
    for name, function in _functions().items():
        expression.register_lambda(name, function)
    return expression


def evaluate(text: str, bindings: Mapping[str, Any], now: Callable[[], float]) -> Any:
    """The value of an expression, as plain JSON, or UNDEFINED.

    `bindings` are values as `Payload.bound` gives them; `now` (epoch seconds) is what `$now()`
    and `$millis()` read. Raises JsonataError.
    """
    import jsonata

    expression = compiled(text)
    frame = dict(bindings)
    if "now" in text or "millis" in text:
        frame.update(_clock_functions(now))
    expression.ratchet_bounds.start()
    try:
        return to_json(expression.evaluate(None, frame))
    except jsonata.JException as error:
        raise _translated(error) from error
    except RecursionError as error:
        raise JsonataError("The expression calls itself too deeply", "D1011") from error
    except JsonataError:
        raise
    except (PatternTimeout, PatternError) as error:
        raise JsonataError(str(error), "D1012") from error
    except MemoryError as error:
        raise JsonataError("The expression needs too much memory", "D1011") from error
    except Exception as error:  # the library answers odd input with any
        raise JsonataError(f"{type(error).__name__}: {error}") from error


def _pattern(pattern: str, flags: Any) -> BoundedPattern:
    """The library's regular expressions: every search of ours ends in time."""
    wanted = re.IGNORECASE if flags.case_insensitive else 0
    return BoundedPattern(pattern, wanted | (re.MULTILINE if flags.multiline else 0))


class _Bounds:
    """Ends an expression that runs too long, calls too deeply or makes too large a text.

    Called by the library before and after each step; counts from `start`.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._end = 0.0

    def start(self) -> None:
        self._depth = 0
        self._end = time.monotonic() + MAX_MILLISECONDS / 1000

    def enter(self, _expression: Any, _input: Any, _frame: Any) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise JsonataError("Stack overflow. Check for non-terminating recursion", "D1011")
        if time.monotonic() > self._end:
            raise JsonataError(
                f"Evaluation timeout after {MAX_MILLISECONDS} milliseconds. "
                "Check for an infinite loop",
                "D1012",
            )

    def leave(self, _expression: Any, _input: Any, _frame: Any, result: Any) -> None:
        self._depth -= 1
        if isinstance(result, str) and len(result) > MAX_TEXT:
            raise JsonataError(f"A text of more than {MAX_TEXT:,} characters", "D2014")


def _translated(error: Any) -> JsonataError:
    return JsonataError(str(error), error.error, getattr(error, "location", None))


def uses_function(text: str, name: str) -> bool:
    """Whether the expression calls `$name(...)`; the text must parse."""
    waiting, seen = [compiled(text).ast], set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
            continue
        if not hasattr(node, "__dict__") or id(node) in seen:
            continue
        seen.add(id(node))
        procedure = getattr(node, "procedure", None)
        if procedure is not None and (procedure.type, procedure.value) == ("variable", name):
            return True
        waiting += [part for part in vars(node).values() if part is not None]
    return False


# values


def with_nulls(value: Any) -> Any:
    """A copy in which null is the library's null, so that it is not taken for undefined."""
    from jsonata import Utils

    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, dict):
        return {key: with_nulls(part) for key, part in value.items()}
    if isinstance(value, list):
        return [with_nulls(part) for part in value]
    return value


def to_json(value: Any) -> Any:
    """A copy of a result as plain JSON; UNDEFINED for nothing. Raises NotJson for a function."""
    return UNDEFINED if value is None else _plain(value)


def _plain(value: Any) -> Any:
    from jsonata import Utils

    if value is None or value is Utils.NULL_VALUE:
        return None
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return _plain_number(value)
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list) and len(value) > MAX_ITEMS:
        raise JsonataError(f"The result has more than {MAX_ITEMS:,} items", "D2014")
    if isinstance(value, Utils.RangeList):
        return [value[index] for index in range(len(value))]
    if isinstance(value, list):
        return [_plain(part) for part in value]
    raise NotJson("The result is a function")


def _plain_number(value: float) -> float | int:
    if not math.isfinite(value):
        raise NotJson(f"The result {value} is no JSON number", "D1001")
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


# functions of AWS


def _functions() -> dict[str, Callable[..., Any]]:
    return {
        "partition": _partition,
        "range": _range,
        "hash": _hash,
        "random": _random,
        "uuid": lambda: str(uuid.uuid4()),
        "parse": _parse,
        "eval": _eval,
        "pad": _pad,
        "toMillis": _to_millis,
    }


def _partition(values: Any = None, size: Any = None) -> Any:
    if values is None:
        return None
    values = values if isinstance(values, list) else [values]
    if not _is_integer(size) or size <= 0:
        raise JsonataError("Argument 2 of $partition must be a positive integer", "T0410")
    size = int(size)
    return [list(values[start : start + size]) for start in range(0, len(values), size)]


def _range(first: Any = None, last: Any = None, step: Any = 1) -> Any:
    if not all(_is_integer(number) for number in (first, last, step)):
        raise JsonataError("The arguments of $range must be integers", "T0410")
    if step == 0:
        raise JsonataError("Argument 3 of $range must not be 0", "T0410")
    first, last, step = int(first), int(last), int(step)
    numbers = range(first, last + (1 if step > 0 else -1), step)
    if len(numbers) > MAX_RANGE:
        raise JsonataError(f"$range gives more than {MAX_RANGE:,} numbers", "D2014")
    return list(numbers)


_ALGORITHMS = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}


def _hash(text: Any = None, algorithm: Any = "SHA-256") -> Any:
    if text is None:
        return None
    if not isinstance(text, str):
        raise JsonataError("Argument 1 of $hash must be a string", "T0410")
    if algorithm not in _ALGORITHMS:
        raise JsonataError(f"$hash knows {', '.join(_ALGORITHMS)}, not {algorithm}", "T0410")
    return hashlib.new(_ALGORITHMS[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def _random(seed: Any = None) -> float:
    if seed is None:
        return randomness.random()  # noqa: S311 - JSONata's $random, not a secret
    return randomness.Random(seed).random()  # noqa: S311 - as above


def _parse(text: Any = None) -> Any:
    if text is None:
        return None
    if not isinstance(text, str):
        raise JsonataError("Argument 1 of $parse must be a string", "T0410")
    try:
        return with_nulls(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise JsonataError(f"$parse was given no JSON: {error}", "D3120") from error


def _pad(text: Any = None, width: Any = None, filling: Any = " ") -> Any:
    """JSONata's $pad, with a bound: a width may come from an input."""
    if text is None:
        return None
    if not isinstance(text, str) or not _is_integer(width):
        raise JsonataError("$pad takes a string and a whole number", "T0410")
    missing = abs(int(width)) - len(text)
    if missing <= 0:
        return text
    if missing > MAX_TEXT:
        raise JsonataError(f"$pad gives more than {MAX_TEXT:,} characters", "D3010")
    marks = filling if isinstance(filling, str) and filling else " "
    padding = (marks * (missing // len(marks) + 1))[:missing]
    return text + padding if width > 0 else padding + text


_LOOSE = re.compile(r"(?:\[[A-Za-z][^\]0]*\]){4}")
_MAX_MOMENT = 128


def _to_millis(text: Any = None, picture: Any = None) -> Any:
    """JSONata's $toMillis. The library makes a regular expression of the picture: both are bounded.

    Parts of open width that follow each other make it try every way to divide the digits.
    """
    from jsonata import Jsonata

    if text is None:
        return None
    if not isinstance(text, str) or len(text) > _MAX_MOMENT:
        raise JsonataError(f"$toMillis takes a text of at most {_MAX_MOMENT} characters", "D3110")
    if isinstance(picture, str) and (len(picture) > _MAX_MOMENT or _LOOSE.search(picture)):
        reason = "The picture has too many parts of open width that follow each other"
        raise JsonataError(reason, "D3133")
    call = "$toMillis($text)" if picture is None else "$toMillis($text, $picture)"
    return Jsonata(call).evaluate(None, {"text": text, "picture": picture})


def _eval(*_: Any) -> Any:
    raise JsonataError("$eval does not exist in Step Functions; use $parse", "T1006")


def _is_integer(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and int(value) == value


def _clock_functions(now: Callable[[], float]) -> dict[str, Any]:
    from jsonata import Jsonata

    def formatted(picture: Any = None, timezone: Any = None) -> Any:
        expression = Jsonata("$fromMillis($moment, $picture, $timezone)")
        return expression.evaluate(
            None, {"moment": int(now() * 1000), "picture": picture, "timezone": timezone}
        )

    return {
        "millis": Jsonata.JLambda(lambda: int(now() * 1000)),
        "now": Jsonata.JLambda(formatted),
    }
