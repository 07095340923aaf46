"""Fields: known where they are used and in their query language, of the right kind, not missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ratchet.workflow.asl import tables
from ratchet.workflow.asl.findings import WARNING, Finding, Path
from ratchet.workflow.asl.model import Flow, Map, State, UnknownState, as_list
from ratchet.workflow.asl.tables import JSONATA, JSONPATH, Field, Fields, Kind
from ratchet.workflow.asl.templates import is_expression
from ratchet.workflow.checks import walk
from ratchet.workflow.checks.rule import Rule, Subject, nearest, shown

# What replaces a field in the other query language.
INSTEAD: Mapping[str, str] = {
    "Arguments": "Parameters",
    "Condition": "Variable and a comparison",
    "InputPath": "$states.input in Arguments",
    "Items": "ItemsPath",
    "ItemsPath": "Items",
    "Output": "ResultSelector, ResultPath and OutputPath",
    "OutputPath": "Output",
    "Parameters": "Arguments",
    "Result": "Output",
    "ResultPath": "Output or Assign",
    "ResultSelector": "Output",
}


class KnownFields(Rule):
    """Every field is known where it is used and has a value of the right kind."""

    id = "fields"
    summary = "Fields are known for their state type and query language, with values that fit"
    link = Rule.link + "statemachine-structure.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        machine = subject.machine
        if not machine.document.keys() & {"StartAt", "States"}:
            return  # not a state machine at all, which the rule about required fields reports
        yield from self._fields(subject, (), machine.document, tables.MACHINE, "a state machine")
        for state in subject.states:
            yield from self._state(subject, state)

    def _state(self, subject: Subject, state: State) -> Iterator[Finding]:
        if isinstance(state, UnknownState):
            return
        kinds, language = tables.STATES[state.type], state.query_language
        where = f"a {state.type} state"
        yield from self._fields(subject, state.path, state.document, kinds, where, language)
        yield from self._entries(subject, state)
        yield from self._flows(subject, state)
        if isinstance(state, Map):
            yield from self._parts(subject, state)

    def _entries(self, subject: Subject, state: State) -> Iterator[Finding]:
        rule = tables.JSONATA_RULE if state.is_jsonata else tables.JSONPATH_RULE
        known = {"Retry": tables.RETRIER, "Catch": tables.CATCHER, "Choices": rule}
        for field, kinds in known.items():
            value = state.document.get(field)
            if field not in tables.STATES[state.type] or not isinstance(value, list):
                continue
            for index, entry in enumerate(value):
                path = (*state.path, field, index)
                yield from self._object(subject, path, entry, kinds, field, state.query_language)

    def _flows(self, subject: Subject, state: State) -> Iterator[Finding]:
        for flow in state.flows():
            known = tables.PROCESSOR if isinstance(state, Map) else tables.FLOW
            yield from self._fields(subject, flow.path, flow.document, known, "a flow")
        for index, branch in enumerate(as_list(state.document.get("Branches"))):
            if not isinstance(branch, dict):
                reason = f"A branch must be an object, not {shown(branch)}"
                yield self.finding((*state.path, "Branches", index), reason, "Give it States")

    def _parts(self, subject: Subject, state: Map) -> Iterator[Finding]:
        language = state.query_language
        for name, kinds in tables.MAP_PARTS.items():
            part = state.document.get(name)
            if not isinstance(part, dict):
                continue
            path = (*state.path, name)
            yield from self._fields(subject, path, part, kinds, f"an {name}", language)
            for inner, inner_kinds in tables.PARTS_OF_PARTS.items():
                if isinstance(part.get(inner), dict):
                    place = (*path, inner)
                    yield from self._fields(
                        subject, place, part[inner], inner_kinds, f"a {inner}", language
                    )
        config = state.processor.document.get("ProcessorConfig") if state.processor else None
        if state.processor is not None and isinstance(config, dict):
            path = (*state.processor.path, "ProcessorConfig")
            known = tables.PROCESSOR_CONFIG
            yield from self._fields(subject, path, config, known, "a ProcessorConfig")

    def _object(
        self, subject: Subject, path: Path, entry: Any, kinds: Fields, field: str, language: str
    ) -> Iterator[Finding]:
        if isinstance(entry, dict):
            where = f"an entry of {field}"
            yield from self._fields(subject, path, entry, kinds, where, language)
        else:
            reason = f"An entry of {field} must be an object, not {shown(entry)}"
            yield self.finding(path, reason, "Write it as an object")

    def _fields(
        self,
        subject: Subject,
        path: Path,
        document: Mapping[str, Any],
        kinds: Fields,
        where: str,
        language: str = JSONPATH,
    ) -> Iterator[Finding]:
        for name, value in document.items():
            field = kinds.get(name)
            place = (*path, name)
            if field is None:
                yield self._unknown(place, name, kinds, where, language)
            elif field.only not in (None, language):
                yield self._other_language(place, name, field)
            elif not _fits(subject, field.kind, value, language):
                reason = f"{name} must be {field.kind.words}, not {shown(value)}"
                yield self.finding(place, reason, "Fix the value")

    def _unknown(self, path: Path, name: str, kinds: Fields, where: str, language: str) -> Finding:
        offered = tables.fields_of(kinds, language)
        reason = f"{where[0].upper()}{where[1:]} has no field {name!r}"
        return self.finding(path, reason, nearest(name, offered, most=12))

    def _other_language(self, path: Path, name: str, field: Field) -> Finding:
        other = JSONPATH if field.only == JSONATA else JSONATA
        instead = INSTEAD.get(name)
        reason = f"{name} belongs to {field.only} states; this state uses {other}"
        use = f"Use {instead}" if instead else "Remove it"
        suggestion = f'{use}, or set "QueryLanguage": "{field.only}" here'
        return self.finding(path, reason, suggestion)


def _fits(subject: Subject, kind: Kind, value: Any, language: str) -> bool:
    if kind.fits(value) or subject.is_open(value):
        return True
    return kind.dynamic and language == JSONATA and is_expression(value)


class StateShape(Rule):
    """A state is an object with a valid type and a name that AWS accepts."""

    id = "state"
    summary = "A state is an object of a known Type, its name at most 80 characters"
    link = Rule.link + "statemachine-structure.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            if len(state.name) > tables.MAX_NAME:
                reason = (
                    f"The state name has {len(state.name)} characters; AWS accepts "
                    f"{tables.MAX_NAME}"
                )
                yield self.finding(state.path, reason, "Shorten it")
            if not state.document:
                reason = f"State {shown(state.name)} is not an object with fields"
                yield self.finding(
                    state.path, reason, f"Give it a Type: {', '.join(tables.STATES)}"
                )
            elif isinstance(state, UnknownState):
                yield self._no_type(state)

    def _no_type(self, state: State) -> Finding:
        kind = state.document.get("Type")
        if kind is None:
            return self.finding(state.path, "Type is missing", f"One of {', '.join(tables.STATES)}")
        reason = f"{shown(kind)} is not a state type"
        return self.finding((*state.path, "Type"), reason, nearest(str(kind), tables.STATES))


class NeededFields(Rule):
    """No field is missing that a flow, state or entry requires."""

    id = "fields-needed"
    summary = "Required fields of a flow, state or entry are not missing"
    link = Rule.link + "statemachine-structure.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for flow in subject.machine.all_flows():
            yield from self._flow(flow)
        for state in subject.states:
            if not isinstance(state, UnknownState):
                yield from self._state(state)

    def _flow(self, flow: Flow) -> Iterator[Finding]:
        if not flow.document and flow.path:
            return  # the error is its type, or the field that contains it
        if not flow.path and not flow.document.keys() & {"StartAt", "States"}:
            reason = "This is neither a state machine nor a template with one"
            yield self.finding(flow.path, reason, "A state machine has StartAt and States")
            return
        if "StartAt" not in flow.document:
            yield self.finding(flow.path, "StartAt is missing", "Name the first state")
        if not flow.states and flow.document.get("States", {}) == {}:
            yield self.finding(flow.path, "States is missing or empty", "Add at least one state")

    def _state(self, state: State) -> Iterator[Finding]:
        for name in tables.REQUIRED.get(state.type, ()):
            if name not in state.document:
                yield self.finding(state.path, f"A {state.type} state needs {name}", f"Add {name}")
        group = tables.NEEDS_ONE.get(state.type, ())
        if group and not state.document.keys() & set(group):
            offered = [name for name in group if _exists(name, state)]
            reason = f"A {state.type} state needs {'exactly one of ' if len(offered) > 1 else ''}"
            yield self.finding(state.path, reason + " and ".join(offered), f"Add {offered[0]}")
        for field, needed in (("Retry", ("ErrorEquals",)), ("Catch", ("ErrorEquals", "Next"))):
            for path, entry in walk.entries(state, field):
                yield from self._entry(path, entry, needed)
        if state.type == "Choice":
            yield from self._choices(state)
        if isinstance(state, Map):
            yield from self._map(state)

    def _choices(self, state: State) -> Iterator[Finding]:
        needed = ("Condition", "Next") if state.is_jsonata else ("Next",)
        for path, entry in walk.entries(state, "Choices"):
            yield from self._entry(path, entry, needed)

    def _entry(
        self, path: Path, entry: Mapping[str, Any], needed: tuple[str, ...]
    ) -> Iterator[Finding]:
        for name in needed:
            if name not in entry:
                yield self.finding(path, f"An entry of {path[-2]} needs {name}", f"Add {name}")

    def _map(self, state: Map) -> Iterator[Finding]:
        for name in ("ItemReader", "ResultWriter"):
            part = state.document.get(name)
            if isinstance(part, dict) and name == "ItemReader" and "Resource" not in part:
                yield self.finding(
                    (*state.path, name),
                    "ItemReader needs Resource",
                    "For example arn:aws:states:::s3:getObject",
                )


def _exists(name: str, state: State) -> bool:
    field = tables.STATES[state.type][name]
    return field.only in (None, state.query_language) and name != "Iterator"


class ExclusiveFields(Rule):
    """Of fields that set the same thing in two ways, only one is used."""

    id = "fields-exclusive"
    summary = "Of fields that exclude each other, only one is used"
    link = Rule.link + "statemachine-structure.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            for group in tables.EXCLUSIVE.get(state.type, ()):
                given = [name for name in group if name in state.document]
                if len(given) > 1:
                    reason = f"{' and '.join(given)} exclude each other; a {state.type} state " + (
                        f"needs exactly one of {', '.join(group)}"
                        if group is tables.NEEDS_ONE.get(state.type)
                        else "takes one of them"
                    )
                    yield self.finding((*state.path, given[1]), reason, "Keep one of them")


class DistributedFields(Rule):
    """An inline Map has no fields of a distributed one."""

    id = "map-mode"
    summary = (
        "Reader, batcher, writer and Label belong to a distributed Map, which needs ExecutionType"
    )
    link = Rule.link + "state-map-distributed.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            if isinstance(state, Map) and state.processor is not None:
                yield from self._map(state, state.processor)

    def _map(self, state: Map, processor: Flow) -> Iterator[Finding]:
        config = processor.document.get("ProcessorConfig")
        mode = config.get("Mode") if isinstance(config, dict) else None
        if mode == "DISTRIBUTED" and isinstance(config, dict) and "ExecutionType" not in config:
            yield self.finding(
                (*processor.path, "ProcessorConfig"),
                "A distributed Map needs ExecutionType",
                'Add "ExecutionType": "STANDARD" or "EXPRESS"',
                severity=WARNING,
            )
        if mode in (None, "INLINE"):
            for name in sorted(state.document.keys() & tables.DISTRIBUTED_ONLY):
                yield self.finding(
                    (*state.path, name),
                    f"{name} belongs to a distributed Map; this one is inline",
                    'Set "Mode": "DISTRIBUTED" in ProcessorConfig',
                    severity=WARNING,
                )
