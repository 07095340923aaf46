"""A JSONPath cut into tokens as Jayway's library for Java cuts it, which Step Functions uses."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ratchet.workflow.asl.path_filters import FilterSyntaxError, Find, Test, read_filter


class PathSyntaxError(ValueError):
    """A string that is not a JSONPath."""


@dataclass(frozen=True, slots=True)
class Names:
    """Members by name: `.a`, `['a']`, `['a','b']`."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Indexes:
    """Items by index, negative ones from the end: `[0]`, `[0,2]`."""

    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """Items from one index to before another: `[1:]`, `[:2]`, `[1:2]`."""

    start: int | None
    stop: int | None


@dataclass(frozen=True, slots=True)
class Wildcard:
    """All members or items: `.*`, `[*]`."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What follows, here and at any depth: `..`."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Items that pass a test: `[?(@.a > 1)]`."""

    test: Test


@dataclass(frozen=True, slots=True)
class Function:
    """A function at the end of a path: `.length()`."""

    name: str


Token = Names | Indexes | Slice | Wildcard | Scan | Filter | Function
FUNCTIONS = frozenset({"avg", "keys", "length", "max", "min", "stddev", "sum"})

_NAME = re.compile(r"[^.\[( ]+")
_PLACES = re.compile(r"[\d,:\s-]+\Z")
_QUOTED = re.compile(r"\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")\s*(,|\Z)", re.DOTALL)


def read_path(text: str, compile_path: Callable[[str], Find]) -> tuple[Token, ...]:
    """The tokens after the root of a path. `compile_path` compiles the paths inside filters."""
    return tuple(_Reader(text, compile_path).tokens())


class _Reader:
    """Reads one path from left to right."""

    def __init__(self, text: str, compile_path: Callable[[str], Find]) -> None:
        self._text = text
        self._place = 1
        self._compile = compile_path

    def tokens(self) -> list[Token]:
        found: list[Token] = []
        while self._place < len(self._text):
            if found and isinstance(found[-1], Function):
                raise PathSyntaxError("nothing may follow a function")
            found += self._next()
        return found

    def _next(self) -> list[Token]:
        if self._text[self._place] == "[":
            return [self._bracket()]
        if self._text[self._place] != ".":
            raise self._unexpected()
        if self._text.startswith("..", self._place):
            self._place += 2
            step = self._step()
            if isinstance(step, Function):
                raise PathSyntaxError("a function must follow a name, not ..")
            return [Scan(), step]
        self._place += 1
        return [self._step()]

    def _step(self) -> Token:
        """What follows a dot."""
        if self._text.startswith("[", self._place):
            return self._bracket()
        match = _NAME.match(self._text, self._place)
        if match is None:
            raise PathSyntaxError("a path must not end with a dot or have an empty name")
        self._place = match.end()
        if self._text.startswith("(", self._place):
            return self._function(match[0])
        return Wildcard() if match[0] == "*" else Names((match[0],))

    def _function(self, name: str) -> Function:
        if name not in FUNCTIONS or not self._text.startswith("()", self._place):
            known = ", ".join(f"{known}()" for known in sorted(FUNCTIONS))
            raise PathSyntaxError(f"{name}(...) is not one of the functions {known}")
        self._place += 2
        return Function(name)

    def _bracket(self) -> Token:
        end = closing(self._text, self._place)
        if end is None:
            raise PathSyntaxError("a bracket is not closed")
        inner = self._text[self._place + 1 : end].strip()
        token = self._inside(inner)
        self._place = end + 1
        return token

    def _inside(self, inner: str) -> Token:
        if inner == "*":
            return Wildcard()
        if inner.startswith(("'", '"')):
            return Names(_quoted_names(inner))
        if inner.startswith("?"):
            return self._filter(inner[1:].strip())
        if _PLACES.match(inner):
            return _slice(inner) if ":" in inner else Indexes(_places(inner))
        raise PathSyntaxError(
            f"[{inner}] at character {self._place + 1} is not a quoted name, a number, a slice, "
            "* or ?()"
        )

    def _filter(self, text: str) -> Filter:
        if not (text.startswith("(") and text.endswith(")")):
            raise PathSyntaxError("a filter is written [?(...)]")
        try:
            return Filter(read_filter(text[1:-1], self._compile))
        except FilterSyntaxError as error:
            raise PathSyntaxError(f"the filter {text}: {error}") from error

    def _unexpected(self) -> PathSyntaxError:
        letter = self._text[self._place]
        return PathSyntaxError(f"unexpected {letter!r} at character {self._place + 1}")


def closing(text: str, place: int) -> int | None:
    """Where the bracket at `place` closes, outside of quotes and regular expressions."""
    depth, quote = 0, ""
    position = place
    while position < len(text):
        letter = text[position]
        if quote:
            position += letter == "\\"
            quote = "" if letter == quote else quote
        elif letter in "'\"/":
            quote = letter
        elif letter in "[(":
            depth += 1
        elif letter in "])":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    return None


def _quoted_names(inner: str) -> tuple[str, ...]:
    names: list[str] = []
    place, separator = 0, ","
    while separator:
        match = _QUOTED.match(inner, place)
        if match is None:
            raise PathSyntaxError(f"[{inner}] is not a list of quoted names")
        # AWS takes a quoted name literally; only its own quote can be escaped.
        names.append(match[2] if match[1] is None else match[1].replace("\\'", "'"))
        place, separator = match.end(), match[3]
    return tuple(names)


def _places(inner: str) -> tuple[int, ...]:
    return tuple(_whole(part, inner) for part in inner.split(","))


def _slice(inner: str) -> Slice:
    start, stop = (_end(part, inner) for part in inner.split(":")[:2])
    if start is None and stop is None:
        raise PathSyntaxError(f"[{inner}] does not name a place")
    return Slice(start, stop)


def _end(part: str, inner: str) -> int | None:
    return _whole(part, inner) if part.strip() else None


def _whole(part: str, inner: str) -> int:
    try:
        return int(part)
    except ValueError as error:
        raise PathSyntaxError(f"[{inner}] is not an index of an array") from error
