"""Whether the arguments of a function fit its signature, by the rules of the reference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ratchet.workflow.asl.jsonata.errors import Fault
from ratchet.workflow.asl.jsonata.numbers import is_null

_PLURALS = {
    "a": "arrays",
    "b": "booleans",
    "f": "functions",
    "n": "numbers",
    "o": "objects",
    "s": "strings",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: a pattern of the types it takes, `subtype` those of an array's items."""

    kind: str
    pattern: str
    takes_context: bool
    subtype: str | None


class Signature:
    """Checks arguments and completes them: a single value for an array, the context for none."""

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self.parameters = tuple(parameters)
        self._all = re.compile("".join(f"({each.pattern})" for each in self.parameters))

    def checked(self, arguments: Sequence[Any], context: Any) -> list[Any]:
        """The arguments as the function gets them. Raises Fault (T0410, T0411, T0412)."""
        symbols = "".join(map(symbol, arguments))
        match = self._all.fullmatch(symbols)
        if match is None:
            raise Fault("T0410", index=self._good(symbols) + 1)
        result: list[Any] = []
        place = 0
        for parameter, found in zip(self.parameters, match.groups(), strict=True):
            if not found:
                result.append(_context(parameter, context, place))
                continue
            for kind in found:
                result.append(_fitted(parameter, kind, found, arguments[place], place))
                place += 1
        return result

    def _good(self, symbols: str) -> int:
        """The number of arguments that fit before the first that does not."""
        pattern, good = "", 0
        for parameter in self.parameters:
            pattern += parameter.pattern
            match = re.match(pattern, symbols)
            if match is None:
                return good
            good = match.end()
        return good


def _context(parameter: Parameter, context: Any, place: int) -> Any:
    if not parameter.takes_context:
        return None
    if not re.match(parameter.pattern.rstrip("?"), symbol(context)):
        raise Fault("T0411", value=context, index=place + 1)
    return context


def _fitted(parameter: Parameter, kind: str, found: str, value: Any, place: int) -> Any:
    if parameter.kind != "a" or kind == "m":
        return value
    subtype = parameter.subtype
    if subtype is not None and not _holds(subtype, kind, found, value):
        raise Fault("T0412", index=place + 1, type=_PLURALS.get(subtype, subtype))
    return value if kind == "a" else [value]


def _holds(subtype: str, kind: str, found: str, value: Any) -> bool:
    if kind != "a":
        return found == subtype
    return all(symbol(item) == subtype[0] for item in value)


def symbol(value: Any) -> str:
    """The letter of a value's type; `m` for a missing one."""
    for kind, letter in ((bool, "b"), (str, "s"), (int | float, "n"), (list, "a"), (dict, "o")):
        if isinstance(value, kind):
            return letter
    if value is None:
        return "m"
    return "l" if is_null(value) else "f"


_LETTERS = {"a": "[asnblfom]", "f": "f", "j": "[asnblom]", "x": "[asnblfom]"}
_PARTS = re.compile(r"(?P<kind>[a-z]|\([a-z]+\))(?:<(?P<sub>[^<>]*)>)?(?P<marks>[-?+]*)")


@lru_cache(maxsize=256)
def signature(text: str) -> Signature:
    """Read a signature such as `<s-(sf)n?:s>`; its result type is ignored."""
    found, match = [], _PARTS.match(text, 1)
    while match is not None:
        found.append(_parameter(match))
        match = _PARTS.match(text, match.end())
    return Signature(found)


def _parameter(match: re.Match[str]) -> Parameter:
    kind, marks = match["kind"], match["marks"]
    letters = kind[1:-1] if kind.startswith("(") else kind
    pattern = _LETTERS.get(kind, f"[{letters}m]")
    return Parameter(kind, pattern + marks.replace("-", "?"), "-" in marks, match["sub"])


@lru_cache(maxsize=256)
def of_library(found: Any) -> Signature:
    """The signature of a lambda, which the library has parsed."""
    return Signature(
        Parameter(each.type, each.regex, bool(each.context), each.subtype)
        for each in found._params  # noqa: SLF001 - the library has neither its text nor an accessor
    )
