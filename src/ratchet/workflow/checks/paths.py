"""JSONPath and intrinsic functions: they parse, and are where they are read as such."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ratchet.workflow.asl import intrinsics
from ratchet.workflow.asl import paths as jsonpath
from ratchet.workflow.asl.findings import WARNING, Finding, Path
from ratchet.workflow.asl.functions import FUNCTIONS, Template, around_holes
from ratchet.workflow.asl.model import State
from ratchet.workflow.checks import walk
from ratchet.workflow.checks.rule import Rule, Subject, nearest, shown

_CALLED = frozenset({"ErrorPath", "CausePath"})  # paths that may be intrinsic functions


class JsonPaths(Rule):
    """Path fields contain paths; a member ending in `.$` is a path or an intrinsic function."""

    id = "jsonpath"
    summary = "Path fields and members ending in .$ are valid paths or intrinsic functions"
    link = Rule.link + "amazon-states-language-paths.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            if not state.is_jsonata:
                yield from self._state(subject, state)

    def _state(self, subject: Subject, state: State) -> Iterator[Finding]:
        for path, value in walk.path_fields(state):
            if isinstance(value, str) and not subject.is_open(value):
                yield from self._field(path, value)
        for path, value in walk.references(state):
            if not isinstance(value, str):
                reason = f"{path[-1]} must be a string with a path, not {shown(value)}"
                yield self.finding(path, reason, f"Remove .$ if {shown(value)} is meant literally")
            elif not subject.is_open(value):
                yield from self._reference(path, value)

    def _field(self, path: Path, text: str) -> Iterator[Finding]:
        name = str(path[-1])
        if name == "ResultPath":
            yield from self._result_path(path, text)
        elif text.startswith("$"):
            yield from self._path(path, text)
        elif name in _CALLED and text.startswith("States."):
            yield from self._call(path, text)
        else:
            yield self.finding(path, f"{name} must be a path, not {shown(text)}", _begin(text))

    def _result_path(self, path: Path, text: str) -> Iterator[Finding]:
        try:
            jsonpath.reference_steps(text)
        except jsonpath.PathSyntaxError as error:
            yield self.finding(
                path,
                f"ResultPath must be a reference path, not {shown(text)}: {error}",
                "Name one place: $, $.result or $.list[0]; null drops the result",
            )

    def _reference(self, path: Path, text: str) -> Iterator[Finding]:
        if text.startswith("$"):
            yield from self._path(path, text)
        elif text.lstrip().startswith("States."):
            yield from self._call(path, text)
        else:
            reason = f"{path[-1]} must be a path or an intrinsic function, not {shown(text)}"
            yield self.finding(path, reason, _begin(text))

    def _path(self, path: Path, text: str) -> Iterator[Finding]:
        try:
            jsonpath.compiled(intrinsics.path_of(text))
        except jsonpath.PathSyntaxError as error:
            yield self.finding(path, f"{shown(text)} is not a JSONPath: {error}", "Fix the path")

    def _call(self, path: Path, text: str) -> Iterator[Finding]:
        try:
            yield from self._formats(path, intrinsics.parsed(text))
        except (intrinsics.IntrinsicSyntaxError, RecursionError) as error:
            reason = f"{shown(text)} is not an intrinsic function: {error}"
            yield self.finding(path, reason, _near_function(text) or "Fix the call")

    def _formats(self, path: Path, call: intrinsics.Call) -> Iterator[Finding]:
        """A States.Format has one value for each {}."""
        for argument in call.arguments:
            if isinstance(argument, intrinsics.Call):
                yield from self._formats(path, argument)
        template = call.arguments[0] if call.name == "Format" and call.arguments else None
        if isinstance(template, intrinsics.Literal):
            holes = len(around_holes(Template(template.raw))) - 1
            values = len(call.arguments) - 1
            if holes != values:
                reason = f"States.Format has {holes} {{}} and {values} values for them"
                yield self.finding(path, reason, "Give each {} one value", severity=WARNING)


def _begin(text: str) -> str:
    return f"Begin it with $: $.{text}" if re.fullmatch(r"\w+(\.\w+)*", text) else "Begin it with $"


def _near_function(text: str) -> str:
    known = {f"States.{name}" for name in FUNCTIONS}
    for name in re.findall(r"States\.\w+", text):
        if name not in known:
            return nearest(name, known)
    return ""


class PathAsText(Rule):
    """A string that looks like a path but is not under a key ending in `.$` is only text."""

    id = "jsonpath-as-text"
    summary = "A string that looks like a path is under a key that ends in .$"
    link = Rule.link + "amazon-states-language-paths.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            if state.is_jsonata:
                payloads = [(path, value) for path, value in walk.own_fields(state)]
                payloads = [pair for pair in payloads if pair[0][-1] in ("Arguments", "Output")]
            else:
                payloads = list(walk.templates(state))
            for path, value in payloads:
                yield from self._payload(path, value, is_jsonata=state.is_jsonata)

    def _payload(self, path: Path, value: Any, *, is_jsonata: bool) -> Iterator[Finding]:
        for place, text in walk.leaves(path, value):
            key = next((step for step in reversed(place) if isinstance(step, str)), "")
            if not isinstance(text, str) or key.endswith(".$") or _means_text(place, key):
                continue
            if _looks_like_path(text):
                suggestion = (
                    "Write {% $states.input... %}" if is_jsonata else f"Write the key as {key}.$"
                )
                reason = f"{shown(text)} is read as text, not as a path"
                yield self.finding(place, reason, suggestion, severity=WARNING)


_PATH = re.compile(r"\$\$?\.[A-Za-z_][\w.\[\]'\"*-]*|\$\[['\"\d*].*\]|States\.[A-Z]\w*\(.*\)")
# Members of AWS APIs whose value is a path for the service itself.
_TAKES_PATH = re.compile(r"(?i)path|filter|expression|query|template|script|selector|command")


def _looks_like_path(text: str) -> bool:
    return text == "$$" or bool(_PATH.fullmatch(text))


def _means_text(path: Path, key: str) -> bool:
    if key == "Comment" or (path[-1] != key and not isinstance(path[-1], int)):
        return True
    return any(
        isinstance(step, str) and _TAKES_PATH.search(step) for step in path[_payload_at(path) :]
    )


def _payload_at(path: Path) -> int:
    """Where the payload begins in a path: after its field."""
    fields = (*walk.TEMPLATES, "BatchInput", "Arguments", "Output")
    places = [index for index, step in enumerate(path) if step in fields]
    return places[0] + 1 if places else len(path)
