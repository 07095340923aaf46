"""Makes the model of a document. Never fails on what is inside: that is for the checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.workflow.asl import resources
from ratchet.workflow.asl.findings import Path
from ratchet.workflow.asl.model import (
    JSONATA,
    JSONPATH,
    Catcher,
    Choice,
    ChoiceRule,
    Fail,
    Flow,
    Map,
    Parallel,
    Pass,
    Retrier,
    State,
    StateMachine,
    Succeed,
    Task,
    UnknownState,
    Wait,
    as_list,
)
from ratchet.workflow.asl.source import Source
from ratchet.workflow.asl.templates import Template, template


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
        entries = as_list(self.document.get("Retry"))
        return tuple(_retrier(entry) for entry in entries if isinstance(entry, dict))

    def catch(self) -> tuple[Catcher, ...]:
        entries = enumerate(as_list(self.document.get("Catch")))
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
    entries = enumerate(as_list(make.document.get("Choices")))
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
        for index, branch in enumerate(as_list(make.document.get("Branches")))
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


def _names(value: Any) -> tuple[str, ...]:
    return tuple(name for name in as_list(value) if isinstance(name, str))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
