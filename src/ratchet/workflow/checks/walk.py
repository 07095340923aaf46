"""Where the parts of a state are: its entries, its payloads and the strings inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ratchet.workflow.asl.findings import Path
from ratchet.workflow.asl.model import State, as_list
from ratchet.workflow.asl.templates import expression_text, is_expression

FLOW_FIELDS = frozenset({"Branches", "ItemProcessor", "Iterator"})

Placed = tuple[Path, Any]


def entries(state: State, field: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The objects in Retry, Catch or Choices, with their paths."""
    for index, entry in enumerate(as_list(state.document.get(field))):
        if isinstance(entry, dict):
            yield (*state.path, field, index), entry


def own_fields(state: State) -> Iterator[Placed]:
    """The state's fields without the flows inside it and without comments."""
    for name, value in state.document.items():
        if name not in FLOW_FIELDS and name != "Comment":
            yield (*state.path, name), value


def leaves(path: Path, value: Any) -> Iterator[Placed]:
    """Every value inside that is neither an object nor an array, in the order of the text."""
    waiting = [(path, value)]
    while waiting:
        here, part = waiting.pop()
        if isinstance(part, dict):
            waiting += [((*here, key), inner) for key, inner in reversed(list(part.items()))]
        elif isinstance(part, list):
            waiting += [((*here, index), inner) for index, inner in reversed(list(enumerate(part)))]
        else:
            yield here, part


def strings(state: State) -> Iterator[tuple[Path, str]]:
    """Every string of the state's own fields."""
    for path, value in own_fields(state):
        for place, part in leaves(path, value):
            if isinstance(part, str):
                yield place, part


def assigns(state: State) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every Assign of a state: its own and those of its Catch entries and choice rules."""
    holders = [(state.path, state.document), *entries(state, "Catch"), *entries(state, "Choices")]
    for path, holder in holders:
        assign = holder.get("Assign")
        if isinstance(assign, dict):
            yield (*path, "Assign"), assign


def jsonata_texts(state: State) -> Iterator[tuple[Path, str]]:
    """The expressions of a JSONata state, without `{%` and `%}`."""
    if state.is_jsonata:
        for path, text in strings(state):
            if is_expression(text):
                yield path, expression_text(text)


PATH_FIELDS = frozenset(
    {
        "InputPath", "OutputPath", "ResultPath", "ItemsPath", "SecondsPath", "TimestampPath",
        "TimeoutSecondsPath", "HeartbeatSecondsPath", "ErrorPath", "CausePath",
        "MaxConcurrencyPath", "ToleratedFailureCountPath", "ToleratedFailurePercentagePath",
    }
)  # fmt: skip
TEMPLATES = ("Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials")


def path_fields(state: State) -> Iterator[Placed]:
    """The fields of a JSONPath state whose value is a path, including those of its entries."""
    for name in PATH_FIELDS & state.document.keys():
        yield (*state.path, name), state.document[name]
    for path, entry in entries(state, "Catch"):
        if "ResultPath" in entry:
            yield (*path, "ResultPath"), entry["ResultPath"]
    for path, rule in choice_rules(state):
        for name, value in rule.items():
            if name == "Variable" or name.endswith("Path"):
                yield (*path, name), value
    yield from _part_paths(state)


def _part_paths(state: State) -> Iterator[Placed]:
    for name in ("ItemReader", "ItemBatcher"):
        part = state.document.get(name)
        config = part.get("ReaderConfig") if isinstance(part, dict) else None
        for path, holder in (
            ((*state.path, name), part),
            ((*state.path, name, "ReaderConfig"), config),
        ):
            for field, value in holder.items() if isinstance(holder, dict) else ():
                if field.endswith("Path"):
                    yield (*path, field), value


def choice_rules(state: State) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every choice rule of a state, including those inside And, Or and Not."""
    waiting = list(entries(state, "Choices"))
    while waiting:
        path, rule = waiting.pop()
        yield path, rule
        for name in ("And", "Or"):
            parts = enumerate(as_list(rule.get(name)))
            waiting += [((*path, name, i), part) for i, part in parts if isinstance(part, dict)]
        if isinstance(rule.get("Not"), dict):
            waiting.append(((*path, "Not"), rule["Not"]))


def templates(state: State) -> Iterator[Placed]:
    """The payload templates of a JSONPath state: where a key may end in `.$`."""
    holders: list[tuple[Path, Any]] = [(state.path, state.document)]
    holders += [*entries(state, "Catch"), *entries(state, "Choices")]
    holders += [((*state.path, name), state.document.get(name)) for name in _PARTS]
    for path, holder in holders:
        for name in (*TEMPLATES, "BatchInput") if isinstance(holder, dict) else ():
            if name in holder:
                yield (*path, name), holder[name]


_PARTS = ("ItemReader", "ItemBatcher", "ResultWriter")


def references(state: State) -> Iterator[Placed]:
    """The members ending in `.$` of a JSONPath state's templates, whatever their value."""
    if state.is_jsonata:
        return
    for path, value in templates(state):
        waiting = [(path, value)]
        while waiting:
            here, part = waiting.pop()
            if isinstance(part, dict):
                for key, inner in part.items():
                    if key.endswith(".$"):
                        yield (*here, key), inner
                    else:
                        waiting.append(((*here, key), inner))
            elif isinstance(part, list):
                waiting += [((*here, index), inner) for index, inner in enumerate(part)]
