"""The typed model of a state machine: what author, check, draw and run all read.

Every node keeps the document it was made from (`document`) and its path in it, so writing back
is giving the document out, and a finding can always say where. Building never fails on a wrong
value: whatever has the wrong type is simply absent from the typed view, and the checks name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ratchet.workflow import resources
from ratchet.workflow.findings import Path
from ratchet.workflow.source import Source
from ratchet.workflow.templates import Template, template

JSONATA = "JSONata"
JSONPATH = "JSONPath"


@dataclass(frozen=True, slots=True)
class Retrier:
    """One entry of Retry, with AWS's defaults filled in."""

    errors: tuple[str, ...]
    interval: float = 1
    attempts: int = 3
    backoff: float = 2.0
    max_delay: float | None = None
    jitter: bool = False


@dataclass(frozen=True, slots=True)
class Catcher:
    """One entry of Catch."""

    errors: tuple[str, ...]
    next: str | None
    output: Template | None
    assign: Template | None


@dataclass(frozen=True, slots=True)
class ChoiceRule:
    """One entry of Choices in a JSONata state: Condition, where to go, what to give."""

    condition: Template
    next: str | None
    output: Template | None
    assign: Template | None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What all states share. `next` is None for a state that ends its flow."""

    type: ClassVar[str] = ""
    name: str
    path: Path
    document: Mapping[str, Any]
    query_language: str
    next: str | None = None
    end: bool = False
    output: Template | None = None
    assign: Template | None = None

    @property
    def is_jsonata(self) -> bool:
        return self.query_language == JSONATA

    def flows(self) -> tuple[Flow, ...]:
        """The flows inside this state: a Map's processor, a Parallel's branches."""
        return ()

    def targets(self) -> Iterator[tuple[Path, Any]]:
        """Where this state may lead: path of the field and the name written there."""
        if "Next" in self.document:
            yield (*self.path, "Next"), self.document["Next"]
        for index, entry in enumerate(_list(self.document.get("Catch"))):
            if isinstance(entry, dict) and "Next" in entry:
                yield (*self.path, "Catch", index, "Next"), entry["Next"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass(State):
    type: ClassVar[str] = "Pass"
    result: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(State):
    type: ClassVar[str] = "Task"
    resource: resources.Resource
    arguments: Template | None = None
    credentials: Template | None = None
    timeout: Template | None = None
    heartbeat: Template | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(State):
    type: ClassVar[str] = "Choice"
    rules: tuple[ChoiceRule, ...] = ()
    default: str | None = None

    def targets(self) -> Iterator[tuple[Path, Any]]:
        for index, rule in enumerate(_list(self.document.get("Choices"))):
            if isinstance(rule, dict) and "Next" in rule:
                yield (*self.path, "Choices", index, "Next"), rule["Next"]
        if "Default" in self.document:
            yield (*self.path, "Default"), self.document["Default"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(State):
    type: ClassVar[str] = "Wait"
    seconds: Template | None = None
    timestamp: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeed(State):
    type: ClassVar[str] = "Succeed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail(State):
    type: ClassVar[str] = "Fail"
    error: Template | None = None
    cause: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel(State):
    type: ClassVar[str] = "Parallel"
    branches: tuple[Flow, ...] = ()
    arguments: Template | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()

    def flows(self) -> tuple[Flow, ...]:
        return self.branches


@dataclass(frozen=True, slots=True, kw_only=True)
class Map(State):
    type: ClassVar[str] = "Map"
    processor: Flow | None = None
    items: Template | None = None
    selector: Template | None = None
    max_concurrency: Template | None = None
    tolerated_count: Template | None = None
    tolerated_percentage: Template | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()

    def flows(self) -> tuple[Flow, ...]:
        return (self.processor,) if self.processor is not None else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownState(State):
    """A state whose Type is missing or no state type; the checks refuse it."""

    type: ClassVar[str] = "Unknown"


@dataclass(frozen=True, slots=True)
class Flow:
    """States and where they start: the machine itself, a branch or a Map's processor."""

    path: Path
    document: Mapping[str, Any]
    start_at: str | None
    states: Mapping[str, State]


@dataclass(frozen=True, slots=True)
class StateMachine:
    """A whole definition. `document` is what was loaded, unchanged."""

    source: Source
    flow: Flow
    query_language: str
    timeout: float | None = None
    comment: str | None = None

    @property
    def document(self) -> Mapping[str, Any]:
        return self.source.document

    @property
    def start_at(self) -> str | None:
        return self.flow.start_at

    @property
    def states(self) -> Mapping[str, State]:
        return self.flow.states

    def all_flows(self) -> Iterator[Flow]:
        """Every flow, outer before inner, in the order of the text."""
        waiting = [self.flow]
        while waiting:
            here = waiting.pop()
            yield here
            inner = [flow for state in here.states.values() for flow in state.flows()]
            waiting += reversed(inner)

    def all_states(self) -> Iterator[State]:
        """Every state at every depth."""
        for flow in self.all_flows():
            yield from flow.states.values()


# building


def build(source: Source) -> StateMachine:
    """The model of a document; never fails on what is inside it."""
    document = source.document
    language = document.get("QueryLanguage", JSONPATH)
    language = language if isinstance(language, str) else JSONPATH
    return StateMachine(
        source=source,
        flow=_flow(document, (), language),
        query_language=language,
        timeout=_number(document.get("TimeoutSeconds")),
        comment=_text(document.get("Comment")),
    )


def _flow(document: Any, path: Path, language: str) -> Flow:
    document = document if isinstance(document, dict) else {}
    states = document.get("States")
    states = states if isinstance(states, dict) else {}
    return Flow(
        path,
        document,
        _text(document.get("StartAt")),
        {
            name: _state(name, body, (*path, "States", name), language)
            for name, body in states.items()
        },
    )


def _state(name: str, document: Any, path: Path, language: str) -> State:
    document = document if isinstance(document, dict) else {}
    own = document.get("QueryLanguage", language)
    make = _Maker(document, path, own if isinstance(own, str) else language, language)
    builder = _BUILDERS.get(document.get("Type", ""), _unknown) if _hashable(document) else _unknown
    return builder(make, name)


def _hashable(document: Mapping[str, Any]) -> bool:
    return isinstance(document.get("Type"), str)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Reads the fields of one state."""

    document: Mapping[str, Any]
    path: Path
    language: str
    machine_language: str

    def template(self, name: str) -> Template | None:
        return _template(self.document, name, name, self.language)

    def common(self, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "path": self.path,
            "document": self.document,
            "query_language": self.language,
            "next": _text(self.document.get("Next")),
            "end": self.document.get("End") is True,
            "output": self.template("Output"),
            "assign": self.template("Assign"),
        }

    def retry(self) -> tuple[Retrier, ...]:
        entries = _list(self.document.get("Retry"))
        return tuple(_retrier(entry) for entry in entries if isinstance(entry, dict))

    def catch(self) -> tuple[Catcher, ...]:
        entries = enumerate(_list(self.document.get("Catch")))
        return tuple(
            Catcher(
                errors=_names(entry.get("ErrorEquals")),
                next=_text(entry.get("Next")),
                output=_template(entry, "Output", f"Catch[{index}]/Output", self.language),
                assign=_template(entry, "Assign", f"Catch[{index}]/Assign", self.language),
            )
            for index, entry in entries
            if isinstance(entry, dict)
        )

    def handlers(self) -> dict[str, Any]:
        return {"retry": self.retry(), "catch": self.catch()}


def _pass(make: _Maker, name: str) -> State:
    # Result belongs to JSONPath states, where it is taken as it stands.
    result = _template(make.document, "Result", "Result", JSONPATH)
    return Pass(**make.common(name), result=result)


def _task(make: _Maker, name: str) -> State:
    return Task(
        **make.common(name),
        **make.handlers(),
        resource=resources.parse(_text(make.document.get("Resource")) or ""),
        arguments=make.template("Arguments"),
        credentials=make.template("Credentials"),
        timeout=make.template("TimeoutSeconds"),
        heartbeat=make.template("HeartbeatSeconds"),
    )


def _choice(make: _Maker, name: str) -> State:
    entries = enumerate(_list(make.document.get("Choices")))
    rules = tuple(
        ChoiceRule(
            condition=template(
                entry.get("Condition"),
                f"Choices[{index}]/Condition",
                jsonata=make.language == JSONATA,
            ),
            next=_text(entry.get("Next")),
            output=_template(entry, "Output", f"Choices[{index}]/Output", make.language),
            assign=_template(entry, "Assign", f"Choices[{index}]/Assign", make.language),
        )
        for index, entry in entries
        if isinstance(entry, dict)
    )
    return Choice(**make.common(name), rules=rules, default=_text(make.document.get("Default")))


def _wait(make: _Maker, name: str) -> State:
    return Wait(
        **make.common(name), seconds=make.template("Seconds"), timestamp=make.template("Timestamp")
    )


def _succeed(make: _Maker, name: str) -> State:
    return Succeed(**make.common(name))


def _fail(make: _Maker, name: str) -> State:
    return Fail(**make.common(name), error=make.template("Error"), cause=make.template("Cause"))


def _parallel(make: _Maker, name: str) -> State:
    branches = tuple(
        _flow(branch, (*make.path, "Branches", index), make.machine_language)
        for index, branch in enumerate(_list(make.document.get("Branches")))
    )
    return Parallel(
        **make.common(name),
        **make.handlers(),
        branches=branches,
        arguments=make.template("Arguments"),
    )


def _map(make: _Maker, name: str) -> State:
    key = "ItemProcessor" if "ItemProcessor" in make.document else "Iterator"
    return Map(
        **make.common(name),
        **make.handlers(),
        processor=_flow(make.document.get(key), (*make.path, key), make.machine_language),
        items=make.template("Items"),
        selector=make.template("ItemSelector"),
        max_concurrency=make.template("MaxConcurrency"),
        tolerated_count=make.template("ToleratedFailureCount"),
        tolerated_percentage=make.template("ToleratedFailurePercentage"),
    )


def _unknown(make: _Maker, name: str) -> State:
    return UnknownState(**make.common(name))


_BUILDERS = {
    "Pass": _pass,
    "Task": _task,
    "Choice": _choice,
    "Wait": _wait,
    "Succeed": _succeed,
    "Fail": _fail,
    "Parallel": _parallel,
    "Map": _map,
}


def _retrier(entry: Mapping[str, Any]) -> Retrier:
    return Retrier(
        errors=_names(entry.get("ErrorEquals")),
        interval=_or(_number(entry.get("IntervalSeconds")), 1),
        attempts=int(_or(_number(entry.get("MaxAttempts")), 3)),
        backoff=_or(_number(entry.get("BackoffRate")), 2.0),
        max_delay=_number(entry.get("MaxDelaySeconds")),
        jitter=entry.get("JitterStrategy") == "FULL",
    )


def _template(
    document: Mapping[str, Any], key: str, field_name: str, language: str
) -> Template | None:
    if key not in document:
        return None
    return template(document[key], field_name, jsonata=language == JSONATA)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _names(value: Any) -> tuple[str, ...]:
    return tuple(name for name in _list(value) if isinstance(name, str))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
