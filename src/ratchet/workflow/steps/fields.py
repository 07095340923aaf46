"""The fields each kind of block takes in Python, in the order they are written.

The Python name of a field is its ASL name in snake case. The fields come from
`ratchet.workflow.asl.tables`, which the checks read too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ratchet.workflow.asl import tables

_ORDER = (
    *("comment", "query_language"),
    *("resource", "input_path", "output_path", "items_path", "items", "parameters", "arguments"),
    *("credentials", "item_selector", "item_reader", "item_batcher", "result_writer", "label"),
    *("max_concurrency", "max_concurrency_path"),
    *("tolerated_failure_count", "tolerated_failure_count_path"),
    *("tolerated_failure_percentage", "tolerated_failure_percentage_path"),
    *("error", "error_path", "cause", "cause_path"),
    *("seconds", "timestamp", "seconds_path", "timestamp_path"),
    *("timeout_seconds", "timeout_seconds_path", "version"),
    *("heartbeat_seconds", "heartbeat_seconds_path"),
    *("branches", "iterator", "item_processor"),
    *("error_equals", "interval_seconds", "max_attempts", "backoff_rate"),
    *("max_delay_seconds", "jitter_strategy"),
    *("result", "result_selector", "result_path", "assign", "output", "retry", "catch"),
)
# What the Python objects set themselves, or by a method: next(), add_choice(), ...
_BY_OBJECT = ("Type", "Next", "End", "Choices", "Default", "StartAt", "States")


# In ASL null has a meaning here: no input, no output, the input unchanged.
NULL_MEANS = frozenset({"input_path", "output_path", "result_path"})

# Fields whose value JSONPath takes from a path under another name: SecondsPath, ItemsPath, ...
HAVE_PATH = frozenset(
    {
        *("seconds", "timestamp", "timeout_seconds", "heartbeat_seconds", "error", "cause"),
        *("items", "max_concurrency", "tolerated_failure_count", "tolerated_failure_percentage"),
    }
)

# What JSONPath calls Parameters has another name in JSONata.
JSONATA_NAMES: Mapping[tuple[str, str], str] = {
    ("Task", "parameters"): "Arguments",
    ("Parallel", "parameters"): "Arguments",
    ("Pass", "parameters"): "Output",
    ("Map", "parameters"): "ItemSelector",
    ("Map", "iterator"): "ItemProcessor",
}


def asl_name(name: str) -> str:
    """`max_delay_seconds` -> `MaxDelaySeconds`."""
    return "".join(part.capitalize() for part in name.split("_"))


def python_name(name: str) -> str:
    """`MaxDelaySeconds` -> `max_delay_seconds`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip(
        "_"
    )


def _written(known: Iterable[str]) -> tuple[str, ...]:
    names = {python_name(name) for name in known if name not in _BY_OBJECT}
    return tuple(sorted(names, key=_ORDER.index))


FIELDS: Mapping[str, tuple[str, ...]] = {
    kind: _written(known) for kind, known in tables.STATES.items()
}
RETRY = _written(tables.RETRIER)
CATCH = _written(tables.CATCHER)
GRAPH = _written(tables.MACHINE)
