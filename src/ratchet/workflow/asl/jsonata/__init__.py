"""JSONata as in Step Functions: no input document, AWS's additional functions, a time limit.

The parser and most of the evaluation are jsonata-python's; numbers, functions, failures and
limits are those of the reference implementation and of AWS. `$` and `$$` are undefined at
the top level, `$eval` does not exist, and an expression without a value is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from ratchet.workflow.asl.jsonata.errors import (
    InternalError,
    JsonataError,
    NotJson,
    memory_exceeded,
    translated,
    unparsed,
)
from ratchet.workflow.asl.jsonata.limits import Limits, too_deep
from ratchet.workflow.asl.jsonata.patterns import TimedPattern
from ratchet.workflow.asl.jsonata.values import UNDEFINED, to_json, with_nulls
from ratchet.workflow.asl.patterns import PatternError, PatternTimeout

__all__ = [
    "UNDEFINED",
    "JsonataError",
    "NotJson",
    "compiled",
    "evaluate",
    "to_json",
    "uses_function",
    "with_nulls",
]


@lru_cache(maxsize=4096)
def compiled(text: str) -> Any:
    """The parsed expression. Raises JsonataError with the position if it does not parse."""
    import jsonata

    from ratchet.workflow.asl.jsonata.engine import Engine

    try:
        return Engine(text, _pattern)
    except jsonata.JException as error:
        raise translated(error) from error
    except PatternError as error:
        raise JsonataError(f"Not a regular expression: {error}", "S0302") from error
    except RecursionError as error:
        raise JsonataError("The expression is nested too deeply") from error
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise unparsed(text, error) from error


def evaluate(text: str, bindings: Mapping[str, Any], now: Callable[[], float]) -> Any:
    """The value of an expression, as plain JSON, or UNDEFINED.

    `bindings` are values as `Payload.bound` gives them; `now` (epoch seconds) is what `$now()`
    and `$millis()` read. Raises JsonataError, after `limits.MAX_SECONDS` at the latest.
    """
    import jsonata

    expression = compiled(text)
    limits = Limits()
    frame = {**bindings, "__evaluate_entry": limits.enter, "__evaluate_exit": limits.leave}
    if "now" in text or "millis" in text:
        frame.update(_clock_functions(now))
    try:
        with limits:
            return to_json(expression.evaluate(None, frame))
    except jsonata.JException as error:
        raise translated(error) from error
    except RecursionError as error:
        raise too_deep() from error
    except JsonataError:
        raise
    except (PatternTimeout, PatternError) as error:
        raise JsonataError(str(error)) from error
    except MemoryError as error:
        raise memory_exceeded() from error
    except Exception as error:  # the library raises any of them for unusual input
        raise InternalError(f"{type(error).__name__}: {error}") from error


def _pattern(pattern: str, flags: Any) -> TimedPattern:
    """The library's regular expressions, with a time limit for each search."""
    wanted = re.IGNORECASE if flags.case_insensitive else 0
    return TimedPattern(pattern, wanted | (re.MULTILINE if flags.multiline else 0))


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


def _clock_functions(now: Callable[[], float]) -> dict[str, Any]:
    from ratchet.workflow.asl.jsonata.engine import Function
    from ratchet.workflow.asl.jsonata.moments import from_millis

    def formatted(picture: Any, timezone: Any) -> Any:
        return from_millis(int(now() * 1000), picture, timezone)

    return {
        "millis": Function("millis", "<:n>", lambda: int(now() * 1000)),
        "now": Function("now", "<s?s?:s>", formatted),
    }
