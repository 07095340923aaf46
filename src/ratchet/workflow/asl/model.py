"""The typed model of a state machine, which checks, drawings and the interpreter read.

Every node keeps the document it was made from (`document`) and its path in it, so writing it back
is returning the document, and a finding always knows its place. Building never fails on a wrong
value: whatever has the wrong type is absent from the typed view, and the checks report it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ratchet.workflow.asl.choices import Test
from ratchet.workflow.asl.findings import Path
from ratchet.workflow.asl.source import Source
from ratchet.workflow.asl.tables import JSONATA
from ratchet.workflow.asl.templates import Template
from ratchet.workflow.integrations.resource import Resource


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
    result_path: str | None = "$"


@dataclass(frozen=True, slots=True)
class ChoiceRule:
    """One entry of Choices: its Condition (JSONata) or test (JSONPath), its next state, its output.

    `test` is None in a JSONata state, and for an entry without a known operator.
    """

    condition: Template
    next: str | None
    output: Template | None
    assign: Template | None
    test: Test | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What all states share. `next` is None for a state that ends its flow.

    The paths are those of JSONPath states, `$` unless given; None is null in the text.
    """

    type: ClassVar[str] = ""
    name: str
    path: Path
    document: Mapping[str, Any]
    query_language: str
    next: str | None = None
    end: bool = False
    output: Template | None = None
    assign: Template | None = None
    input_path: str | None = "$"
    output_path: str | None = "$"
    result_path: str | None = "$"
    parameters: Template | None = None
    result_selector: Template | None = None

    @property
    def is_jsonata(self) -> bool:
        return self.query_language == JSONATA

    def flows(self) -> tuple[Flow, ...]:
        """The flows inside this state: a Map's processor, a Parallel's branches."""
        return ()

    def targets(self) -> Iterator[tuple[Path, Any]]:
        """Where this state may lead: the path of the field and the name in it."""
        if "Next" in self.document:
            yield (*self.path, "Next"), self.document["Next"]
        for index, entry in enumerate(as_list(self.document.get("Catch"))):
            if isinstance(entry, dict) and "Next" in entry:
                yield (*self.path, "Catch", index, "Next"), entry["Next"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass(State):
    type: ClassVar[str] = "Pass"
    result: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(State):
    type: ClassVar[str] = "Task"
    resource: Resource
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
        for index, rule in enumerate(as_list(self.document.get("Choices"))):
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
class ItemReader:
    """Where a distributed Map reads its items. `kind` is its InputType."""

    resource: Resource
    arguments: Template | None = None
    kind: str | None = None
    max_items: Template | None = None
    delimiter: str = "COMMA"
    header_location: str = "FIRST_ROW"
    headers: tuple[str, ...] = ()
    pointer: str | None = None
    transformation: str = "NONE"
    manifest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemBatcher:
    """How a distributed Map batches items for one child execution."""

    max_items: Template | None = None
    max_bytes: Template | None = None
    input: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultWriter:
    """How and where a distributed Map writes its results; without a resource, to its output."""

    resource: Resource | None = None
    arguments: Template | None = None
    transformation: str | None = None
    output_type: str = "JSON"


@dataclass(frozen=True, slots=True, kw_only=True)
class Map(State):
    type: ClassVar[str] = "Map"
    processor: Flow | None = None
    items: Template | None = None
    selector: Template | None = None
    max_concurrency: Template | None = None
    tolerated_count: Template | None = None
    tolerated_percentage: Template | None = None
    is_distributed: bool = False
    label: str | None = None
    reader: ItemReader | None = None
    batcher: ItemBatcher | None = None
    writer: ResultWriter | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()

    def flows(self) -> tuple[Flow, ...]:
        return (self.processor,) if self.processor is not None else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownState(State):
    """A state whose Type is missing or unknown; the checks refuse it."""

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


def as_list(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one: the checks report the error."""
    return value if isinstance(value, list) else []
