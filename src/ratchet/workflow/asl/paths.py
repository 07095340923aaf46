"""JSONPath as Step Functions has it: the library's language with Jayway's spelling and errors.

python-jsonpath parses and finds. What differs on AWS (which uses Jayway's library for Java): a
definite path gives its value and fails when there is none, any other gives a list; names may
begin with a digit; quoted names are taken literally; `.length()` and a few sums may end a path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

MAX_LENGTH = 4_096
MAX_DESCENTS = 3

Step = str | int


class PathSyntaxError(ValueError):
    """A text that is no JSONPath."""


class PathNotFound(LookupError):
    """A definite path that finds nothing; the message is Jayway's."""


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A compiled path. `steps` is set when it is definite: names and indices from the root."""

    text: str
    steps: tuple[Step, ...] | None
    query: Any = None
    merged: tuple[str, ...] = ()
    function: str | None = None
    needs_list: bool = False

    @property
    def is_definite(self) -> bool:
        return self.steps is not None

    def find(self, root: Any) -> Any:
        """The value, or the list of values if the path is not definite. Raises PathNotFound."""
        if self.needs_list and not isinstance(root, list):
            # AWS: elsewhere a slice of something else is just empty.
            raise PathNotFound("A slice of the root can only be applied to arrays")
        if self.steps is None:
            found: Any = _found(self.query, root)
        else:
            found = _walk(self.steps, root)
        if self.merged:
            found = _merged(found, self.merged)
        return found if self.function is None else _FUNCTIONS[self.function](found)


def find(text: str, root: Any) -> Any:
    """The value of a path. Raises PathSyntaxError and PathNotFound."""
    return root if text == "$" else compiled(text).find(root)


@lru_cache(maxsize=8192)
def compiled(text: str) -> JsonPath:
    """The compiled path of a text that begins with `$`. Raises PathSyntaxError."""
    if len(text) > MAX_LENGTH:
        raise PathSyntaxError(f"a path of {len(text)} characters; {MAX_LENGTH} are the most")
    if not text.startswith("$"):
        raise PathSyntaxError("a path begins with $")
    body, function = _without_function(text)
    _refuse_explosion(body)
    query = _parsed(_normalised(body))
    if query.singular_query():
        return JsonPath(text, _steps(query.segments), function=function)
    merged = _merge_case(query)
    if merged is not None:
        return JsonPath(text, _steps(query.segments[:-1]), merged=merged, function=function)
    sliced = re.match(r"\$\[\s*-?\d*\s*[:,]", text) is not None
    return JsonPath(text, None, query, function=function, needs_list=sliced)


def reference_steps(text: str) -> tuple[Step, ...]:
    """The steps of a reference path, which names one place. Raises PathSyntaxError."""
    path = compiled(text)
    if path.steps is None or path.merged or path.function:
        raise PathSyntaxError("a reference path names one place: no filters, slices or wildcards")
    return path.steps


def shown(steps: Sequence[Step]) -> str:
    """A definite path as Jayway writes it: `$['a'][0]`."""
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in steps)


def _found(query: Any, root: Any) -> list[Any]:
    import jsonpath

    try:
        return list(query.findall(root))
    except (jsonpath.JSONPathError, RecursionError) as error:
        raise PathNotFound(str(error).split("\n", 1)[0]) from error


# walking


def _walk(steps: tuple[Step, ...], root: Any) -> Any:
    here = root
    for depth, step in enumerate(steps):
        if isinstance(step, str):
            if isinstance(here, dict) and step in here:
                here = here[step]
                continue
            raise _no_property(steps, depth, here)
        if not isinstance(here, list):
            raise _no_array(steps, depth, here)
        if not -len(here) <= step < len(here):
            raise PathNotFound(f"No results for path: {shown(steps)}")
        here = here[step]
    return here


def _no_property(steps: tuple[Step, ...], depth: int, here: Any) -> PathNotFound:
    if isinstance(here, dict):
        if depth == len(steps) - 1:
            return PathNotFound(f"No results for path: {shown(steps)}")
        return PathNotFound(f"Missing property in path {shown(steps[: depth + 1])}")
    return PathNotFound(
        f"Expected to find an object with property ['{steps[depth]}'] in path "
        f"{shown(steps[:depth])} but found '{_java_class(here)}'. This is not a json object "
        "according to the JsonProvider: "
        "'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'."
    )


def _no_array(steps: tuple[Step, ...], depth: int, here: Any) -> PathNotFound:
    if here is None:
        return PathNotFound(f"The path {shown(steps[:depth])} is null")
    text = json.dumps(here, separators=(",", ":"), ensure_ascii=False)
    return PathNotFound(
        f"Filter: [{steps[depth]}] can only be applied to arrays. Current context is: {text}"
    )


def _java_class(value: Any) -> str:
    kinds = (
        (type(None), "null"),
        (bool, "com.fasterxml.jackson.databind.node.BooleanNode"),
        (int, "com.fasterxml.jackson.databind.node.IntNode"),
        (float, "com.fasterxml.jackson.databind.node.DoubleNode"),
        (str, "com.fasterxml.jackson.databind.node.TextNode"),
        (list, "com.fasterxml.jackson.databind.node.ArrayNode"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), type(value).__name__)


def _merged(value: Any, names: tuple[str, ...]) -> Any:
    """`$['a','b']` at the end of a definite path gives an object of these members."""
    if not isinstance(value, dict):
        raise PathNotFound(f"Expected to find an object with properties {list(names)}")
    return {name: value[name] for name in names if name in value}


# parsing


def _steps(segments: Sequence[Any]) -> tuple[Step, ...]:
    selectors = (segment.selectors[0] for segment in segments)
    return tuple(
        selector.name if hasattr(selector, "name") else selector.index for selector in selectors
    )


_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_FILTER = re.compile(r"\[\s*\?")


def _refuse_explosion(text: str) -> None:
    """Each `..`, and a filter in a filter, multiplies what a path visits."""
    bare = _QUOTED.sub("''", text)
    if bare.count("..") > MAX_DESCENTS:
        raise PathSyntaxError(f"more than {MAX_DESCENTS} times .. in a path")
    depth, inside = 0, 0
    for place, letter in enumerate(bare):
        if _FILTER.match(bare, place):
            if inside:
                raise PathSyntaxError("a filter within a filter")
            inside = depth + 1
        elif inside and bare.startswith("..", place):
            raise PathSyntaxError(".. within a filter")
        depth += (letter == "[") - (letter == "]")
        inside = inside if depth >= inside else 0


def _merge_case(query: Any) -> tuple[str, ...] | None:
    from jsonpath.segments import JSONPathChildSegment
    from jsonpath.selectors import IndexSelector, NameSelector

    if not query.segments or not all(
        isinstance(part, JSONPathChildSegment) for part in query.segments
    ):
        return None
    *before, last = query.segments
    single = all(
        len(part.selectors) == 1 and isinstance(part.selectors[0], NameSelector | IndexSelector)
        for part in before
    )
    if single and all(isinstance(selector, NameSelector) for selector in last.selectors):
        return tuple(selector.name for selector in last.selectors)
    return None


def _parsed(text: str) -> Any:
    import jsonpath

    try:
        return _environment().compile(text)
    except (jsonpath.JSONPathError, RecursionError, ValueError) as error:
        reason = str(error).split("\n", 1)[0] or type(error).__name__
        raise PathSyntaxError(reason) from error


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jsonpath import JSONPathEnvironment

    from ratchet.workflow.asl.patterns import BoundedPattern

    class Environment(JSONPathEnvironment):  # type: ignore[misc]
        """The library's language, with regular expressions that end in time."""

        def compare(self, left: object, operator: str, right: object) -> bool:
            if operator == "=~" and isinstance(getattr(right, "pattern", None), str):
                right = BoundedPattern(right.pattern, right.flags)  # type: ignore[attr-defined]
            return bool(super().compare(left, operator, right))

    environment = Environment()
    for name in ("match", "search"):
        environment.function_extensions.pop(name, None)
    return environment


_FUNCTION = re.compile(r"\.(length|min|max|sum|avg|keys)\(\)$")


def _without_function(text: str) -> tuple[str, str | None]:
    match = _FUNCTION.search(text)
    return (text[: match.start()], match[1]) if match is not None else (text, None)


def _numbers(values: Any) -> list[float]:
    numbers = [
        value
        for value in (values if isinstance(values, list) else [])
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    if not numbers:
        raise PathNotFound("Aggregation function attempted to calculate value using empty array")
    return numbers


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, list | dict | str) else None


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "length": _length,
    "min": lambda values: min(_numbers(values)),
    "max": lambda values: max(_numbers(values)),
    "sum": lambda values: sum(_numbers(values)),
    "avg": lambda values: sum(_numbers(values)) / len(_numbers(values)),
    "keys": lambda value: list(value) if isinstance(value, dict) else None,
}

_NAME = re.compile(r"[^.\[\]()\s'\"]+")
_SHORT = re.compile(r"[^\W\d][\w-]*\Z")


def _normalised(text: str) -> str:
    """Jayway's spelling in the library's: odd names quoted, quoted names taken literally."""
    parts: list[str] = ["$"]
    place = 1
    while place < len(text):
        part, place = _segment(text, place)
        parts.append(part)
    return "".join(parts)


def _segment(text: str, place: int) -> tuple[str, int]:
    if text[place] == "[":
        return _bracket(text, place)
    dots = 2 if text.startswith("..", place) else 1
    if text[place] != ".":
        raise PathSyntaxError(f"unexpected {text[place]!r} at character {place + 1}")
    place += dots
    if place < len(text) and text[place] == "[":
        inner, place = _bracket(text, place)
        return (f"..{inner}" if dots == 2 else inner), place
    match = _NAME.match(text, place)
    if match is None:
        raise PathSyntaxError("a path must not end with a dot or have an empty name")
    name = match[0]
    if name == "*":
        return "." * dots + "*", match.end()
    written = "." + name if _SHORT.match(name) else f"[{_quoted(name)}]"
    return ("." + ("." + name if _SHORT.match(name) else written) if dots == 2 else written), (
        match.end()
    )


def _bracket(text: str, place: int) -> tuple[str, int]:
    end, quoted = _closing(text, place)
    inner = text[place + 1 : end]
    if quoted and not inner.lstrip().startswith("?"):
        inner = re.sub(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", _literal, inner)
    return f"[{inner}]", end + 1


def _closing(text: str, place: int) -> tuple[int, bool]:
    """Where the bracket at `place` closes, and whether there are quotes inside."""
    depth, quote, quoted = 0, "", False
    position = place
    while position < len(text):
        letter = text[position]
        if quote:
            position += letter == "\\"
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote, quoted = letter, True
        elif letter in "[(":
            depth += 1
        elif letter in "])":
            depth -= 1
            if depth == 0:
                return position, quoted
        position += 1
    raise PathSyntaxError("a bracket is not closed")


def _literal(match: re.Match[str]) -> str:
    # AWS takes a quoted name as it stands; only its own quote can be escaped.
    if match[1] is not None:
        return _quoted(match[1].replace("\\'", "'"))
    return _quoted(match[2])


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
