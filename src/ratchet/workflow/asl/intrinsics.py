"""Calls of intrinsic functions in JSONPath states: `States.Format('{}!', $.name)`, parsed.

A call becomes a small tree of literals, paths and calls; `functions` implements them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ratchet.workflow.asl import functions, paths
from ratchet.workflow.asl.functions import FunctionError
from ratchet.workflow.asl.payload import loads

MAX_NESTING = 10  # AWS: up to 10 intrinsics nested within a field


class IntrinsicSyntaxError(ValueError):
    """A string that is not a call of an intrinsic function."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A quoted string, a number, true, false or null. `raw` keeps a string's escapes."""

    value: Any
    raw: str


@dataclass(frozen=True, slots=True)
class PathArgument:
    """A path into input, context or a variable."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `text` is its source, for error messages."""

    name: str
    arguments: tuple[Argument, ...]
    text: str


Argument = Literal | PathArgument | Call
ReadPath = Callable[[str], Any]


class CallFailed(Exception):
    """A function refused its arguments; `call` is the text of the call."""

    def __init__(self, call: str, reason: str) -> None:
        super().__init__(reason)
        self.call = call
        self.reason = reason


def is_call(text: str) -> bool:
    """Whether a string is meant as an intrinsic rather than as a path."""
    return not text.startswith("$")


@lru_cache(maxsize=4096)
def parsed(text: str) -> Call:
    """The call in a string. Raises IntrinsicSyntaxError."""
    parser = _Parser(text)
    call = parser.call(1)
    parser.end()
    return call


def evaluate(call: Call, read: ReadPath) -> Any:
    """The value of a call. `read` gives the value of a path. Raises CallFailed."""
    values = [_value(argument, read) for argument in call.arguments]
    if call.name == "Format" and isinstance(values[0], str):
        values[0] = _template(call.arguments[0], values[0])
    try:
        return functions.FUNCTIONS[call.name](*values)
    except FunctionError as error:
        raise CallFailed(call.text, str(error)) from error
    except RecursionError as error:
        raise CallFailed(call.text, "The value is nested too deeply") from error


def _template(argument: Argument, value: str) -> str:
    return functions.Template(argument.raw) if isinstance(argument, Literal) else value


def _value(argument: Argument, read: ReadPath) -> Any:
    if isinstance(argument, Literal):
        return argument.value
    if isinstance(argument, PathArgument):
        return read(argument.text)
    return evaluate(argument, read)


def path_arguments(call: Call) -> list[str]:
    """All paths in a call and the calls inside it."""
    found: list[str] = []
    for argument in call.arguments:
        if isinstance(argument, PathArgument):
            found.append(argument.text)
        elif isinstance(argument, Call):
            found += path_arguments(argument)
    return found


_NAME = re.compile(r"\s*States\.(\w+)\s*\(")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_WORD = re.compile(r"(true|false|null)\b")
_WORDS = {"true": True, "false": False, "null": None}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class _Parser:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    def call(self, depth: int) -> Call:
        if depth > MAX_NESTING:
            raise IntrinsicSyntaxError(f"more than {MAX_NESTING} intrinsics are nested")
        match = _NAME.match(self._text, self._place)
        if match is None:
            raise IntrinsicSyntaxError("expected a function such as States.Format(...)")
        self._known(match[1])
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        self._place = match.end()
        arguments = self._arguments(depth)
        functions.check_count(match[1], len(arguments), IntrinsicSyntaxError)
        return Call(match[1], tuple(arguments), self._text[start : self._place])

    def end(self) -> None:
        if self._text[self._place :].strip():
            raise IntrinsicSyntaxError(f"unexpected text at character {self._place + 1}")

    def _known(self, name: str) -> None:
        if name not in functions.FUNCTIONS:
            raise IntrinsicSyntaxError(f"there is no intrinsic function States.{name}")

    def _arguments(self, depth: int) -> list[Argument]:
        arguments: list[Argument] = []
        self._space()
        if self._take(")"):
            return arguments
        while True:
            arguments.append(self._argument(depth))
            self._space()
            if self._take(")"):
                return arguments
            if not self._take(","):
                raise IntrinsicSyntaxError(f"expected , or ) at character {self._place + 1}")

    def _argument(self, depth: int) -> Argument:
        self._space()
        letter = self._text[self._place : self._place + 1]
        if letter == "'":
            return self._quoted()
        if letter == "$":
            return self._path()
        for pattern in (_NUMBER, _WORD):
            match = pattern.match(self._text, self._place)
            if match is not None:
                self._place = match.end()
                return Literal(_plain(match[0]), match[0])
        return self.call(depth + 1)

    def _quoted(self) -> Literal:
        start = self._place + 1
        place = start
        while place < len(self._text) and self._text[place] != "'":
            place += 2 if self._text[place] == "\\" else 1
        if place >= len(self._text):
            raise IntrinsicSyntaxError(f"the text at character {start} is not closed")
        raw = self._text[start:place]
        self._place = place + 1
        return Literal(_unescaped(raw), raw)

    def _path(self) -> PathArgument:
        start = self._place
        depth, quote = 0, ""
        while self._place < len(self._text):
            letter = self._text[self._place]
            if quote:
                self._place += letter == "\\"
                quote = "" if letter == quote else quote
            elif depth and letter in "'\"":
                quote = letter
            elif depth == 0 and letter in ",)" and not self._text.startswith("()", self._place - 1):
                break
            depth += (letter == "[") - (letter == "]") if not quote else 0
            self._place += 1
        text = self._text[start : self._place].rstrip()
        _check_path(text)
        return PathArgument(text)

    def _space(self) -> None:
        while self._text[self._place : self._place + 1].isspace():
            self._place += 1

    def _take(self, letter: str) -> bool:
        found = self._text.startswith(letter, self._place)
        self._place += found
        return found


def _check_path(text: str) -> None:
    try:
        paths.compiled(path_of(text))
    except paths.PathSyntaxError as error:
        raise IntrinsicSyntaxError(f"'{text}' is not a path: {error}") from error


_VARIABLE = re.compile(r"\$([^\W\d]\w*)")


def path_of(text: str) -> str:
    """The actual path of `$.a`, `$$.a` (in the context) or `$v.a` (in a variable)."""
    if text.startswith("$$"):
        return text[1:]
    match = _VARIABLE.match(text)
    return "$" + text[match.end() :] if match is not None else text


def variable_of(text: str) -> str | None:
    """The variable's name in `$v.a`, None for other paths."""
    match = _VARIABLE.match(text)
    return match[1] if match is not None else None


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    try:
        return loads(text)
    except ValueError as error:
        raise IntrinsicSyntaxError(f"the argument {text[:50]} is not a number: {error}") from error


def _unescaped(raw: str) -> str:
    return _ESCAPED.sub(lambda match: match[1] if match[1] in "'{}\\" else match[0], raw)
