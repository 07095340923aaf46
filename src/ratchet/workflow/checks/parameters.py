"""Arguments of Tasks against the API they call: names, required members, types, enumerations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ratchet.workflow.asl.findings import ERROR, WARNING, Finding, Path
from ratchet.workflow.checks.requests import Part, Request, requests
from ratchet.workflow.checks.rule import Rule, Subject, nearest, shown
from ratchet.workflow.integrations import api
from ratchet.workflow.integrations.row import Arguments
from ratchet.workflow.integrations.spelling import converted, member

_LINK = Rule.link + "supported-services-awssdk.html"


class ArgumentNames(Rule):
    """Every argument exists in the API, in Step Functions' spelling."""

    id = "argument-name"
    summary = "Arguments are known to the API and spelt in PascalCase"
    link = _LINK

    def check(self, subject: Subject) -> Iterator[Finding]:
        for request in requests(subject):
            if request.own is not None:
                yield from self._own(request, request.own)
            for part in request.parts():
                yield from self._part(subject, part, request)

    def _own(self, request: Request, own: Arguments) -> Iterator[Finding]:
        for key in request.given if isinstance(request.given, dict) else ():
            name = key.removesuffix(".$")
            if name not in own.names:
                reason = f"{request.call} does not take {shown(name)}"
                yield self.finding((*request.path, key), reason, nearest(name, own.names))

    def _part(self, subject: Subject, part: Part, request: Request) -> Iterator[Finding]:
        if not part.is_structure or not isinstance(part.value, dict):
            return
        for key in part.value:
            name = part.name_of(key)
            if subject.is_open(name) or member(part.shape, name) is not None:
                continue
            known = [request.spell(known) for known in part.shape.members]
            where = _place(part, request)
            reason = f"{where} does not take {shown(name)}"
            yield self.finding((*part.path, key), reason, nearest(name, known))


class ArgumentsNeeded(Rule):
    """Required arguments are not missing."""

    id = "argument-needed"
    summary = "Required arguments of the API are not missing"
    link = _LINK

    def check(self, subject: Subject) -> Iterator[Finding]:
        for request in requests(subject):
            wanted = request.own.needed if request.own else tuple(api.needed(request.shape))
            if wanted and request.path[-1] not in request.state.document:
                yield self._none(request, wanted)
            if request.own is not None and isinstance(request.given, dict):
                given = {key.removesuffix(".$") for key in request.given}
                missing = [name for name in wanted if name not in given]
                yield from self._missing(request.path, missing, request.call, ERROR)
            for part in request.parts():
                yield from self._part(part, request)

    def _none(self, request: Request, wanted: tuple[str, ...]) -> Finding:
        names = ", ".join(map(request.spell, wanted))
        return self.finding(
            request.state.path,
            f"{request.call} needs {names}, and the state gives no {request.path[-1]}",
            f"Add {request.path[-1]}, unless the input of the state is always the whole request",
            severity=WARNING,
        )

    def _part(self, part: Part, request: Request) -> Iterator[Finding]:
        if part.is_structure and isinstance(part.value, dict):
            given = {member(part.shape, part.name_of(key)) for key in part.value}
            missing = [request.spell(name) for name in api.needed(part.shape) if name not in given]
            severity = ERROR if part.depth == 0 else WARNING
            yield from self._missing(part.path, missing, _place(part, request), severity)

    def _missing(
        self, path: Path, names: list[str], where: str, severity: str
    ) -> Iterator[Finding]:
        for name in names:
            yield self.finding(path, f"{where} needs {name}", f"Add {name}", severity=severity)


def _place(part: Part, request: Request) -> str:
    return request.call if part.depth == 0 else f"{part.path[-1]} of {request.call}"


class ArgumentKinds(Rule):
    """A constant argument has the JSON type that the API takes."""

    id = "argument-kind"
    summary = "Constant arguments have the JSON type that the API takes"
    link = _LINK

    def check(self, subject: Subject) -> Iterator[Finding]:
        for request in requests(subject):
            for part in request.parts():
                if part.value is not None and not subject.is_open(part.value):
                    yield from self._part(part, request.call)

    def _part(self, part: Part, call: str) -> Iterator[Finding]:
        kind = part.shape.type_name
        wanted = _WORDS.get(kind)
        if wanted is not None and not _FITS[kind](part.value) and not _is_converted(part):
            reason = f"{part.name} of {call} must be {wanted}, not {shown(part.value)}"
            severity = WARNING if kind == "string" else ERROR
            yield self.finding(part.path, reason, "Fix the value", severity=severity)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool)
    return isinstance(value, float) and value.is_integer()


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "structure": lambda value: isinstance(value, dict),
    "map": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
    # An object or array where the API takes a string is written as JSON text.
    "string": lambda value: isinstance(value, str | dict | list),
    "integer": _is_whole,
    "long": _is_whole,
    "float": _is_number,
    "double": _is_number,
    "boolean": lambda value: isinstance(value, bool),
}
_WORDS = {
    "structure": "an object",
    "map": "an object",
    "list": "a list",
    "string": "a string",
    "integer": "a whole number",
    "long": "a whole number",
    "float": "a number",
    "double": "a number",
    "boolean": "true or false",
}


def _is_converted(part: Part) -> bool:
    """Whether AWS accepts a string in place of a number, a boolean or a DynamoDB value."""
    text = part.value
    return isinstance(text, str) and converted(part.shape, text) is not text


class ArgumentValues(Rule):
    """A constant argument of an enumeration is one of its values."""

    id = "argument-value"
    summary = "Constant arguments of an enumeration are one of its values"
    link = _LINK

    def check(self, subject: Subject) -> Iterator[Finding]:
        for request in requests(subject):
            for part in request.parts():
                known = getattr(part.shape, "enum", None)
                if known and isinstance(part.value, str) and not subject.is_open(part.value):
                    yield from self._part(part, known, request.call)

    def _part(self, part: Part, known: list[str], call: str) -> Iterator[Finding]:
        if part.value not in known:
            reason = f"{part.name} of {call} does not accept {shown(part.value)}"
            suggestion = nearest(part.value, known)
            yield self.finding(part.path, reason, suggestion, severity=WARNING)
