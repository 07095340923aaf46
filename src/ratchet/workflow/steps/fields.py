"""The fields each kind of block takes in Python, in the order they are written.

The Python name of a field is its ASL name in snake case. A test holds this table against the one
that the checks read (`ratchet.workflow.checks.fields`).
"""

from __future__ import annotations

from collections.abc import Mapping

_COMMON = ("comment", "query_language")
_PATHS = ("input_path", "output_path")
_AFTER = ("assign", "output")

FIELDS: Mapping[str, tuple[str, ...]] = {
    "Pass": (*_COMMON, *_PATHS, "parameters", "result", "result_path", *_AFTER),
    "Succeed": (*_COMMON, *_PATHS, "output"),
    "Fail": (*_COMMON, "error", "error_path", "cause", "cause_path"),
    "Wait": (
        *_COMMON,
        *_PATHS,
        *("seconds", "timestamp", "seconds_path", "timestamp_path"),
        *_AFTER,
    ),
    "Choice": (*_COMMON, *_PATHS, *_AFTER),
    "Parallel": (
        *_COMMON,
        *_PATHS,
        *("parameters", "arguments", "branches", "result_selector", "result_path"),
        *_AFTER,
        *("retry", "catch"),
    ),
    "Map": (
        *_COMMON,
        *_PATHS,
        *("items_path", "items", "parameters", "item_selector"),
        *("item_reader", "item_batcher", "result_writer", "label"),
        *("max_concurrency", "max_concurrency_path"),
        *("tolerated_failure_count", "tolerated_failure_count_path"),
        *("tolerated_failure_percentage", "tolerated_failure_percentage_path"),
        *("iterator", "item_processor", "result_selector", "result_path"),
        *_AFTER,
        *("retry", "catch"),
    ),
    "Task": (
        *_COMMON,
        *("resource", *_PATHS, "parameters", "arguments", "credentials"),
        *("timeout_seconds", "timeout_seconds_path"),
        *("heartbeat_seconds", "heartbeat_seconds_path"),
        *("result_selector", "result_path"),
        *_AFTER,
        *("retry", "catch"),
    ),
}
RETRY = (
    *("comment", "error_equals", "interval_seconds", "max_attempts", "backoff_rate"),
    *("max_delay_seconds", "jitter_strategy"),
)
CATCH = ("comment", "error_equals", "result_path", "assign", "output")
GRAPH = ("comment", "query_language", "timeout_seconds", "version")

# In ASL null means something here: no input, no output, the input untouched.
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
