"""Choice states: every rule compares something, and every input has a next state."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ratchet.workflow.asl import tables
from ratchet.workflow.asl.findings import WARNING, Finding, Path
from ratchet.workflow.asl.model import Choice, as_list
from ratchet.workflow.checks import walk
from ratchet.workflow.checks.rule import Rule, Subject, nearest, shown


class ChoiceDefault(Rule):
    """A Choice without Default fails the execution when no rule matches, and nothing catches it."""

    id = "choice-default"
    summary = "A Choice whose rules leave a gap has a Default"
    link = Rule.link + "state-choice.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            if (
                isinstance(state, Choice)
                and "Default" not in state.document
                and not _is_complete(state)
            ):
                yield self.finding(
                    state.path,
                    "Without Default, an input that no rule matches fails the execution",
                    "Add a Default; nothing can catch it: the error is States.Runtime",
                    severity=WARNING,
                )


_OPPOSITES = ("BooleanEquals", "IsPresent", "IsNull", "IsNumeric", "IsString", "IsBoolean")


def _is_complete(state: Choice) -> bool:
    """Whether a rule always matches, or two rules test a condition and its opposite."""
    asked: set[tuple[Any, str, bool]] = set()
    for _, rule in walk.entries(state, "Choices"):
        if rule.get("Condition") is True or rule.get("Condition") == "{% true %}":
            return True
        for test in _OPPOSITES:
            if isinstance(rule.get(test), bool) and isinstance(rule.get("Variable"), str):
                asked.add((rule["Variable"], test, rule[test]))
    return any((variable, test, not value) in asked for variable, test, value in asked)


class ChoiceRules(Rule):
    """A JSONPath choice rule is one comparison of a Variable, or one of And, Or and Not."""

    id = "choice-rule"
    summary = "A choice rule is one comparison of a Variable, or one of And, Or and Not"
    link = Rule.link + "state-choice.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            if isinstance(state, Choice) and not state.is_jsonata:
                for path, rule in walk.entries(state, "Choices"):
                    yield from self._rule(subject, path, rule)

    def _rule(self, subject: Subject, path: Path, rule: Mapping[str, Any]) -> Iterator[Finding]:
        waiting = [(path, rule)]
        while waiting:
            here, document = waiting.pop()
            if here != path:
                yield from self._nested(subject, here, document)
            yield from self._shape(here, document)
            waiting += list(_inner(here, document))

    def _shape(self, path: Path, rule: Mapping[str, Any]) -> Iterator[Finding]:
        tests = [name for name in rule if name in tables.COMPARISONS]
        combined = [name for name in rule if name in tables.COMBINATIONS]
        if len(tests) + len(combined) > 1:
            both = " and ".join((*tests, *combined))
            yield self.finding(path, f"{both} are in one choice rule", "Combine them with And")
        elif not tests and not combined:
            offered = "a comparison such as StringEquals, or And, Or, Not"
            yield self.finding(path, "The choice rule compares nothing", f"Add {offered}")
        if tests and "Variable" not in rule:
            yield self.finding(path, f"{tests[0]} needs Variable", "Name what to compare: $.field")

    def _nested(self, subject: Subject, path: Path, rule: Mapping[str, Any]) -> Iterator[Finding]:
        known = {**tables.COMPARISONS, **tables.COMBINATIONS}
        for name, value in rule.items():
            place = (*path, name)
            if name in ("Next", "Assign"):
                reason = f"{name} belongs to the outermost rule"
                yield self.finding(place, reason, "Move it there")
            elif name in known:
                if not known[name].kind.fits(value) and not subject.is_open(value):
                    reason = f"{name} must be {known[name].kind.words}, not {shown(value)}"
                    yield self.finding(place, reason, "Fix the value")
            elif name not in ("Variable", "Comment"):
                reason = f"A choice rule has no field {shown(name)}"
                yield self.finding(place, reason, nearest(name, (*known, "Variable")))


def _inner(path: Path, rule: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for name in ("And", "Or"):
        for index, part in enumerate(as_list(rule.get(name))):
            if isinstance(part, dict):
                yield (*path, name, index), part
    if isinstance(rule.get("Not"), dict):
        yield (*path, "Not"), rule["Not"]


class TextOrder(Rule):
    """An order of texts goes letter by letter: as texts, 9.9 comes after 50, and 100 before it."""

    id = "choice-text-order"
    summary = "Numbers are put in order as numbers, not as texts"
    link = Rule.link + "state-choice.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            if isinstance(state, Choice):
                found = self._in_jsonata(state) if state.is_jsonata else self._in_jsonpath(state)
                yield from found

    def _in_jsonpath(self, state: Choice) -> Iterator[Finding]:
        for path, rule in walk.choice_rules(state):
            for name, value in rule.items():
                if _ORDER_OF_TEXTS.fullmatch(name) and _is_number(value):
                    numeric = f"Numeric{name.removeprefix('String')}"
                    remedy = f"{numeric} compares numbers; the Variable must be one then, not text"
                    yield self._doubt((*path, name), name, remedy)

    def _in_jsonata(self, state: Choice) -> Iterator[Finding]:
        for path, rule in walk.entries(state, "Choices"):
            found = _TEXTS_IN_ORDER.search(str(rule.get("Condition", "")))
            if found is not None:
                remedy = "Write the number without quotes, and $number(...) around what is text"
                yield self._doubt((*path, "Condition"), found[0], remedy)

    def _doubt(self, path: Path, what: str, remedy: str) -> Finding:
        reason = f"{what} compares letter by letter: '9.9' comes after '50', and '100' before it"
        return self.finding(path, reason, remedy, severity=WARNING)


_ORDER_OF_TEXTS = re.compile(r"String(?:Less|Greater)Than(?:Equals)?")
_DIGITS = r"[+-]?(?:\d{1,7}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,3})?"
"""More digits than seven are left alone: moments such as 20300131 are in order as text too."""
_NUMBER = re.compile(_DIGITS)
_QUOTED = rf"(?:'{_DIGITS}'|\"{_DIGITS}\")"
_TEXTS_IN_ORDER = re.compile(rf"[<>]=?[ ]{{0,9}}{_QUOTED}|{_QUOTED}[ ]{{0,9}}[<>]=?")


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and _NUMBER.fullmatch(value.strip()) is not None
