"""Query languages in one machine, and the names of variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ratchet.workflow.asl import tables
from ratchet.workflow.asl.findings import WARNING, Finding
from ratchet.workflow.asl.model import State
from ratchet.workflow.asl.tables import JSONATA, JSONPATH
from ratchet.workflow.asl.templates import is_expression
from ratchet.workflow.checks import walk
from ratchet.workflow.checks.rule import Rule, Subject, shown

_VARIABLE = re.compile(r"^[^\W\d]\w*$")


class QueryLanguages(Rule):
    """A machine in JSONata has no JSONPath states."""

    id = "query-language"
    summary = "A state of a JSONata machine cannot use JSONPath"
    link = Rule.link + "transforming-data.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        if subject.machine.query_language != JSONATA:
            return
        for state in subject.states:
            if state.query_language == JSONPATH:
                yield self.finding(
                    (*state.path, "QueryLanguage"),
                    "A JSONata state machine cannot have a JSONPath state",
                    "Remove QueryLanguage here, or set it per state instead of for the machine",
                )


class MixedLanguages(Rule):
    """No expression of one query language is plain text in a state of the other."""

    id = "query-language-mix"
    summary = "An expression of the other query language is plain text in this state"
    link = Rule.link + "transforming-data.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            if state.is_jsonata:
                yield from self._path_keys(state)
            else:
                yield from self._marks(state)

    def _path_keys(self, state: State) -> Iterator[Finding]:
        for path, value in walk.own_fields(state):
            for place, _ in walk.leaves(path, value):
                key = place[-1]
                if isinstance(key, str) and key.endswith(".$"):
                    reason = (
                        f"The key {shown(key)} belongs to JSONPath; JSONata reads its value as text"
                    )
                    suggestion = f"Write {shown(key[:-2])} with a {{% %}} expression"
                    yield self.finding(place, reason, suggestion, severity=WARNING)

    def _marks(self, state: State) -> Iterator[Finding]:
        for path, text in walk.strings(state):
            if is_expression(text):
                yield self.finding(
                    path,
                    "{% %} belongs to JSONata; this JSONPath state reads it as text",
                    'Set "QueryLanguage": "JSONata" here, or write a path under a key ending in .$',
                    severity=WARNING,
                )


class Variables(Rule):
    """Assign names variables that AWS accepts."""

    id = "variables"
    summary = "Variable names are identifiers of at most 80 characters; 'states' is reserved"
    link = Rule.link + "workflow-variables.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            for path, assign in walk.assigns(state):
                for name in assign:
                    reason = _wrong(name if state.is_jsonata else name.removesuffix(".$"))
                    if reason is not None:
                        yield self.finding((*path, name), *reason)


def _wrong(name: str) -> tuple[str, str] | None:
    if name == "states":
        return "The variable name 'states' is reserved", "Rename it"
    if not _VARIABLE.match(name) or len(name) > tables.MAX_NAME:
        suggestion = "Use at most 80 letters, digits and _, beginning with a letter or _"
        return f"{shown(name)} is not a variable name", suggestion
    return None
