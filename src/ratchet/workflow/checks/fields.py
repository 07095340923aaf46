"""Which fields a machine and each state type may have, and of what kind they are.

Tables from the Amazon States Language specification and the Step Functions developer guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.workflow.asl.findings import Finding, Path
from ratchet.workflow.asl.model import JSONATA, JSONPATH, Flow, State, UnknownState
from ratchet.workflow.asl.templates import is_expression
from ratchet.workflow.checks.rule import Rule, Subject, nearest

MAX_NAME = 80
MAX_SECONDS = 99_999_999
_VARIABLE = re.compile(r"^[^\W\d]\w*$")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a field's value must be; `words` completes "must be ..."."""

    words: str
    fits: Callable[[Any], bool]
    dynamic: bool = False  # a JSONata expression will do as well


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


TEXT = Kind("a string", lambda value: isinstance(value, str))
DYNAMIC_TEXT = Kind("a string", lambda value: isinstance(value, str), dynamic=True)
FLAG = Kind("true or false", lambda value: isinstance(value, bool))
OBJECT = Kind("an object", lambda value: isinstance(value, dict))
LIST = Kind("a list", lambda value: isinstance(value, list))
FILLED_LIST = Kind(
    "a list with at least one entry", lambda value: isinstance(value, list) and bool(value)
)
ANY = Kind("any value", lambda _: True)
ITEMS = Kind("a list", lambda value: isinstance(value, list), dynamic=True)
SECONDS = Kind(
    f"a whole number of seconds from 1 to {MAX_SECONDS}", _whole(1, MAX_SECONDS), dynamic=True
)
WAIT_SECONDS = Kind(
    f"a whole number of seconds from 0 to {MAX_SECONDS}", _whole(0, MAX_SECONDS), dynamic=True
)
MACHINE_SECONDS = Kind(f"a whole number of seconds from 1 to {MAX_SECONDS}", _whole(1, MAX_SECONDS))
COUNT = Kind("a whole number, 0 or more", _whole(0, MAX_SECONDS), dynamic=True)
PERCENTAGE = Kind(
    "a number from 0 to 100", lambda value: _is_number(value) and 0 <= value <= 100, dynamic=True
)
CONDITION = Kind(
    "true, false or a JSONata expression", lambda value: isinstance(value, bool), dynamic=True
)
LANGUAGE = Kind(f"{JSONATA} or {JSONPATH}", lambda value: value in (JSONATA, JSONPATH))
JITTER = Kind("FULL or NONE", lambda value: value in ("FULL", "NONE"))
RATE = Kind("a number, 1.0 or more", lambda value: _is_number(value) and value >= 1)
ATTEMPTS = Kind(f"a whole number from 0 to {MAX_SECONDS}", _whole(0, MAX_SECONDS))
NAMES = Kind(
    "a list of at least one error name",
    lambda value: (
        isinstance(value, list) and bool(value) and all(isinstance(name, str) for name in value)
    ),
)

MACHINE: Mapping[str, Kind] = {
    "Comment": TEXT,
    "QueryLanguage": LANGUAGE,
    "StartAt": TEXT,
    "States": OBJECT,
    "TimeoutSeconds": MACHINE_SECONDS,
    "Version": TEXT,
}
FLOW: Mapping[str, Kind] = {
    "Comment": TEXT,
    "ProcessorConfig": OBJECT,
    "StartAt": TEXT,
    "States": OBJECT,
}
COMMON: Mapping[str, Kind] = {"Comment": TEXT, "QueryLanguage": LANGUAGE, "Type": TEXT}
GOING_ON: Mapping[str, Kind] = {"Next": TEXT, "End": FLAG, "Output": ANY, "Assign": OBJECT}
HANDLING: Mapping[str, Kind] = {"Retry": LIST, "Catch": LIST}

STATES: Mapping[str, Mapping[str, Kind]] = {
    "Pass": {**COMMON, **GOING_ON, "Result": ANY},
    "Task": {
        **COMMON,
        **GOING_ON,
        **HANDLING,
        "Resource": TEXT,
        "Arguments": ANY,
        "Credentials": ANY,
        "TimeoutSeconds": SECONDS,
        "HeartbeatSeconds": SECONDS,
    },
    "Choice": {**COMMON, "Choices": FILLED_LIST, "Default": TEXT, "Output": ANY, "Assign": OBJECT},
    "Wait": {**COMMON, **GOING_ON, "Seconds": WAIT_SECONDS, "Timestamp": DYNAMIC_TEXT},
    "Succeed": {**COMMON, "Output": ANY},
    "Fail": {**COMMON, "Error": DYNAMIC_TEXT, "Cause": DYNAMIC_TEXT},
    "Parallel": {**COMMON, **GOING_ON, **HANDLING, "Branches": FILLED_LIST, "Arguments": ANY},
    "Map": {
        **COMMON,
        **GOING_ON,
        **HANDLING,
        "ItemProcessor": OBJECT,
        "Iterator": OBJECT,
        "Items": ITEMS,
        "ItemSelector": ANY,
        "MaxConcurrency": COUNT,
        "ToleratedFailureCount": COUNT,
        "ToleratedFailurePercentage": PERCENTAGE,
    },
}
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Parallel": ("Branches",),
}
RETRIER: Mapping[str, Kind] = {
    "Comment": TEXT,
    "ErrorEquals": NAMES,
    "IntervalSeconds": MACHINE_SECONDS,
    "MaxAttempts": ATTEMPTS,
    "BackoffRate": RATE,
    "MaxDelaySeconds": MACHINE_SECONDS,
    "JitterStrategy": JITTER,
}
CATCHER: Mapping[str, Kind] = {
    "Comment": TEXT,
    "ErrorEquals": NAMES,
    "Next": TEXT,
    "Output": ANY,
    "Assign": OBJECT,
}
CHOICE_RULE: Mapping[str, Kind] = {
    "Comment": TEXT,
    "Condition": CONDITION,
    "Next": TEXT,
    "Output": ANY,
    "Assign": OBJECT,
}

# Fields that AWS knows and this release does not; `checks.unsupported` refuses them by name.
NOT_YET_FIELDS = frozenset(
    {
        "InputPath", "OutputPath", "ResultPath", "Parameters", "ResultSelector", "ItemsPath",
        "SecondsPath", "TimestampPath", "TimeoutSecondsPath", "HeartbeatSecondsPath", "ErrorPath",
        "CausePath", "MaxConcurrencyPath", "ToleratedFailureCountPath", "Variable",
        "ToleratedFailurePercentagePath", "ItemReader", "ItemBatcher", "ResultWriter", "Label",
        "And", "Or", "Not",
    }
)  # fmt: skip


class KnownFields(Rule):
    """Every field is known for its place and has a value of the right kind."""

    id = "fields"
    summary = "Fields must be known for the state type and have the right kind of value"

    def check(self, subject: Subject) -> Iterator[Finding]:
        machine = subject.machine
        yield from self._fields(
            subject, machine.document, (), MACHINE, "a state machine", jsonata=False
        )
        for flow in machine.all_flows():
            yield from self._flow(subject, flow)
        for state in machine.all_states():
            yield from self._state(subject, state)

    def _flow(self, subject: Subject, flow: Flow) -> Iterator[Finding]:
        if flow.path:
            yield from self._fields(
                subject, flow.document, flow.path, FLOW, "a flow", jsonata=False
            )
        if "StartAt" not in flow.document:
            yield self.finding(flow.path, "StartAt is missing", "Name the first state")
        if not flow.states:
            yield self.finding(flow.path, "States is missing or empty", "Add at least one state")

    def _state(self, subject: Subject, state: State) -> Iterator[Finding]:
        if not state.document:
            yield self.finding(state.path, f"State '{state.name}' is no object", "Give it a Type")
            return
        if len(state.name) > MAX_NAME:
            reason = f"The state name has {len(state.name)} characters; AWS accepts {MAX_NAME}"
            yield self.finding(state.path, reason, "Shorten it")
        if isinstance(state, UnknownState):
            yield self._no_type(state)
            return
        jsonata = state.is_jsonata
        kinds = STATES[state.type]
        yield from self._fields(
            subject, state.document, state.path, kinds, f"a {state.type} state", jsonata=jsonata
        )
        for name in REQUIRED.get(state.type, ()):
            if name not in state.document:
                yield self.finding(state.path, f"A {state.type} state needs {name}", f"Add {name}")
        yield from self._entries(subject, state)
        yield from self._special(state)

    def _no_type(self, state: State) -> Finding:
        kind = state.document.get("Type")
        if kind is None:
            return self.finding(state.path, "Type is missing", f"One of {', '.join(STATES)}")
        return self.finding(
            (*state.path, "Type"), f"{kind!r} is no state type", nearest(str(kind), STATES)
        )

    def _entries(self, subject: Subject, state: State) -> Iterator[Finding]:
        for name, kinds, needed in (
            ("Retry", RETRIER, ("ErrorEquals",)),
            ("Catch", CATCHER, ("ErrorEquals", "Next")),
            ("Choices", CHOICE_RULE, ("Condition", "Next")),
        ):
            entries = state.document.get(name)
            if name not in STATES[state.type] or not isinstance(entries, list):
                continue
            for index, entry in enumerate(entries):
                yield from self._entry(
                    subject, state, (*state.path, name, index), entry, kinds, needed
                )

    def _entry(
        self,
        subject: Subject,
        state: State,
        path: Path,
        entry: Any,
        kinds: Mapping[str, Kind],
        needed: tuple[str, ...],
    ) -> Iterator[Finding]:
        if not isinstance(entry, dict):
            yield self.finding(path, f"An entry of {path[-2]} must be an object", "Write it as one")
            return
        yield from self._fields(
            subject, entry, path, kinds, f"an entry of {path[-2]}", jsonata=state.is_jsonata
        )
        for name in needed:
            if name not in entry and not (name == "Condition" and entry.keys() & NOT_YET_FIELDS):
                yield self.finding(path, f"An entry of {path[-2]} needs {name}", f"Add {name}")

    def _fields(
        self,
        subject: Subject,
        document: Mapping[str, Any],
        path: Path,
        kinds: Mapping[str, Kind],
        where: str,
        *,
        jsonata: bool,
    ) -> Iterator[Finding]:
        for name, value in document.items():
            kind = kinds.get(name)
            if kind is None:
                if not _refused_elsewhere(name):
                    yield self.finding(
                        (*path, name),
                        f"{where.capitalize()} has no field '{name}'",
                        nearest(name, kinds),
                    )
            elif not (
                kind.fits(value) or subject.is_open(value) or _will_fit(kind, value, jsonata)
            ):
                yield self.finding(
                    (*path, name),
                    f"{name} must be {kind.words}, not {_shown(value)}",
                    "Mend the value",
                )

    def _special(self, state: State) -> Iterator[Finding]:
        document, path = state.document, state.path
        if state.type == "Wait" and len(document.keys() & _WAITS) != 1:
            yield self.finding(
                path, "A Wait state needs exactly one of Seconds and Timestamp", "Keep one"
            )
        if state.type == "Map" and len(document.keys() & {"ItemProcessor", "Iterator"}) != 1:
            yield self.finding(path, "A Map state needs an ItemProcessor", "Add it")
        if state.is_jsonata and "Result" in document:
            reason = "A JSONata state has no field 'Result'"
            yield self.finding((*path, "Result"), reason, "Use Output")
        if not state.is_jsonata:
            for name in sorted(document.keys() & {"Arguments", "Output", "Items"}):
                reason = f"{name} belongs to JSONata states"
                suggestion = 'Set "QueryLanguage": "JSONata"'
                yield self.finding((*path, name), reason, suggestion)


_WAITS = {"Seconds", "Timestamp", "SecondsPath", "TimestampPath"}


def _refused_elsewhere(name: str) -> bool:
    return name in NOT_YET_FIELDS or name.endswith(".$")


def _will_fit(kind: Kind, value: Any, jsonata: bool) -> bool:
    return kind.dynamic and jsonata and is_expression(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class QueryLanguages(Rule):
    """A machine in JSONata has no JSONPath states."""

    id = "query-language"
    summary = "A state of a JSONata machine cannot use JSONPath"

    def check(self, subject: Subject) -> Iterator[Finding]:
        if subject.machine.query_language != JSONATA:
            return
        for state in subject.machine.all_states():
            if state.query_language == JSONPATH:
                yield self.finding(
                    (*state.path, "QueryLanguage"),
                    "A JSONata state machine cannot have a JSONPath state",
                    "Drop QueryLanguage here, or set it per state and not for the machine",
                )


class Variables(Rule):
    """Assign names variables that AWS accepts."""

    id = "variables"
    summary = "Variable names are identifiers of at most 80 characters; 'states' is reserved"
    link = Rule.link + "workflow-variables.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.machine.all_states():
            for path, assign in _assigns(state):
                for name in assign:
                    if name == "states":
                        yield self.finding(
                            (*path, name), "The variable name 'states' is reserved", "Rename it"
                        )
                    elif not _VARIABLE.match(name.removesuffix(".$")) or len(name) > MAX_NAME:
                        reason = f"{name!r} is no variable name"
                        yield self.finding(
                            (*path, name), reason, "Use letters, digits and _, not a digit first"
                        )


def _assigns(state: State) -> Iterator[tuple[Path, dict[str, Any]]]:
    places: list[tuple[Path, Any]] = [((*state.path, "Assign"), state.document.get("Assign"))]
    for field in ("Catch", "Choices"):
        entries = state.document.get(field)
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, dict):
                places.append(((*state.path, field, index, "Assign"), entry.get("Assign")))
    for path, assign in places:
        if isinstance(assign, dict):
            yield path, assign
