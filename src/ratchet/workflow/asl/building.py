"""Builds the model of a document. Never fails on its content, which the checks judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.workflow.asl import reading
from ratchet.workflow.asl.choices import read_test
from ratchet.workflow.asl.distribution import distributed_fields
from ratchet.workflow.asl.findings import Path
from ratchet.workflow.asl.model import (
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
from ratchet.workflow.asl.tables import JSONATA, JSONPATH
from ratchet.workflow.asl.templates import Template, template
from ratchet.workflow.integrations.resource import parse_resource


def build(source: Source) -> StateMachine:
    """The model of a document; never fails on its content."""
    document = source.document
    language = document.get("QueryLanguage", JSONPATH)
    language = language if isinstance(language, str) else JSONPATH
    return StateMachine(
        source=source,
        flow=_flow(document, (), language),
        query_language=language,
        timeout=reading.number(document.get("TimeoutSeconds")),
        comment=reading.text(document.get("Comment")),
    )


def _flow(document: Any, path: Path, language: str) -> Flow:
    document = document if isinstance(document, dict) else {}
    states = document.get("States")
    states = states if isinstance(states, dict) else {}
    return Flow(
        path,
        document,
        reading.text(document.get("StartAt")),
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
        return reading.expression_field(self.document, name, name, self.language)

    def payload(self, name: str) -> Template | None:
        return reading.payload_field(self.document, name, name, self.language)

    def setting(self, name: str) -> Template | None:
        return reading.setting(self.document, name, self.language)

    def common(self, name: str) -> dict[str, Any]:
        jsonpath = {} if self.language == JSONATA else self._jsonpath()
        return {
            **jsonpath,
            "name": name,
            "path": self.path,
            "document": self.document,
            "query_language": self.language,
            "next": reading.text(self.document.get("Next")),
            "end": self.document.get("End") is True,
            "output": self.template("Output"),
            "assign": self.payload("Assign"),
        }

    def _jsonpath(self) -> dict[str, Any]:
        return {
            "input_path": reading.path_text(self.document, "InputPath"),
            "output_path": reading.path_text(self.document, "OutputPath"),
            "result_path": reading.path_text(self.document, "ResultPath"),
            "parameters": self.payload("Parameters"),
            "result_selector": self.payload("ResultSelector"),
        }

    def retry(self) -> tuple[Retrier, ...]:
        entries = as_list(self.document.get("Retry"))
        return tuple(_retrier(entry) for entry in entries if isinstance(entry, dict))

    def catch(self) -> tuple[Catcher, ...]:
        entries = enumerate(as_list(self.document.get("Catch")))
        return tuple(
            Catcher(
                errors=reading.names(entry.get("ErrorEquals")),
                next=reading.text(entry.get("Next")),
                output=reading.expression_field(
                    entry, "Output", f"Catch[{index}]/Output", self.language
                ),
                assign=reading.payload_field(
                    entry, "Assign", f"Catch[{index}]/Assign", self.language
                ),
                result_path=reading.path_text(entry, "ResultPath"),
            )
            for index, entry in entries
            if isinstance(entry, dict)
        )

    def handlers(self) -> dict[str, Any]:
        return {"retry": self.retry(), "catch": self.catch()}


def _pass(make: _Maker, name: str) -> State:
    # Result belongs to JSONPath states, where it is taken literally.
    result = reading.expression_field(make.document, "Result", "Result", JSONPATH)
    return Pass(**make.common(name), result=result)


def _task(make: _Maker, name: str) -> State:
    return Task(
        **make.common(name),
        **make.handlers(),
        resource=parse_resource(reading.text(make.document.get("Resource")) or ""),
        arguments=make.template("Arguments"),
        credentials=make.payload("Credentials"),
        timeout=make.setting("TimeoutSeconds"),
        heartbeat=make.setting("HeartbeatSeconds"),
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
            next=reading.text(entry.get("Next")),
            output=reading.expression_field(
                entry, "Output", f"Choices[{index}]/Output", make.language
            ),
            assign=reading.payload_field(
                entry, "Assign", f"Choices[{index}]/Assign", make.language
            ),
            test=read_test(entry) if make.language != JSONATA else None,
        )
        for index, entry in entries
        if isinstance(entry, dict)
    )
    return Choice(
        **make.common(name), rules=rules, default=reading.text(make.document.get("Default"))
    )


def _wait(make: _Maker, name: str) -> State:
    return Wait(
        **make.common(name), seconds=make.setting("Seconds"), timestamp=make.setting("Timestamp")
    )


def _succeed(make: _Maker, name: str) -> State:
    return Succeed(**make.common(name))


def _fail(make: _Maker, name: str) -> State:
    return Fail(**make.common(name), error=make.setting("Error"), cause=make.setting("Cause"))


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
    # ItemSelector was formerly called Parameters.
    common = make.common(name)
    selector = make.payload("ItemSelector") or common.pop("parameters", None)
    jsonata = make.language == JSONATA
    return Map(
        **{**common, "parameters": None},
        **make.handlers(),
        **distributed_fields(make.document, key, make.language),
        processor=_flow(make.document.get(key), (*make.path, key), make.machine_language),
        items=make.template("Items") if jsonata else reading.path_only(make.document, "ItemsPath"),
        selector=selector,
        max_concurrency=make.setting("MaxConcurrency"),
        tolerated_count=make.setting("ToleratedFailureCount"),
        tolerated_percentage=make.setting("ToleratedFailurePercentage"),
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
        errors=reading.names(entry.get("ErrorEquals")),
        interval=reading.either(reading.number(entry.get("IntervalSeconds")), 1),
        attempts=int(reading.either(reading.number(entry.get("MaxAttempts")), 3)),
        backoff=reading.either(reading.number(entry.get("BackoffRate")), 2.0),
        max_delay=reading.number(entry.get("MaxDelaySeconds")),
        jitter=entry.get("JitterStrategy") == "FULL",
    )
