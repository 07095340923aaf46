"""Which fields a machine, each state type and each entry may have, and of which type.

Tables from the Amazon States Language specification and the Step Functions developer guide. A
field with `only` exists in one query language. Authoring, checking and documentation read these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

JSONATA = "JSONata"
JSONPATH = "JSONPath"

MAX_NAME = 80
MAX_LABEL = 40
MAX_SECONDS = 99_999_999


@dataclass(frozen=True, slots=True)
class Kind:
    """What a field's value must be; `words` completes "must be ..."."""

    words: str
    fits: Callable[[Any], bool]
    dynamic: bool = False  # or a JSONata expression


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a state or an entry; `only` names its query language if it has only one."""

    kind: Kind
    only: str | None = None


Fields = Mapping[str, Field]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        return _is_number(value) and low <= value <= high and value == int(value)

    return fits


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _one_of(*names: str) -> Kind:
    return Kind(f"{', '.join(names[:-1])} or {names[-1]}", lambda value: value in names)


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(name, str) for name in value)


_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z")

TEXT = Kind("a string", _is_text)
DYNAMIC_TEXT = Kind("a string", _is_text, dynamic=True)
FLAG = Kind("true or false", lambda value: isinstance(value, bool))
OBJECT = Kind("an object", lambda value: isinstance(value, dict))
DYNAMIC_OBJECT = Kind("an object", OBJECT.fits, dynamic=True)
LIST = Kind("a list", lambda value: isinstance(value, list))
FILLED_LIST = Kind(
    "a list with at least one entry", lambda value: isinstance(value, list) and bool(value)
)
ANY = Kind("any value", lambda _: True)
PAYLOAD = Kind("an object or a list", lambda value: isinstance(value, dict | list))
ARGUMENTS = Kind("an object", OBJECT.fits, dynamic=True)
ITEMS = Kind("a list or an object", lambda value: isinstance(value, list | dict), dynamic=True)
PATH = Kind("a JSONPath or null", lambda value: value is None or isinstance(value, str))
NEEDED_PATH = Kind("a JSONPath", _is_text)
SECONDS = Kind(
    f"a whole number of seconds from 1 to {MAX_SECONDS}", _whole(1, MAX_SECONDS), dynamic=True
)
WAIT_SECONDS = Kind(
    f"a whole number of seconds from 0 to {MAX_SECONDS}", _whole(0, MAX_SECONDS), dynamic=True
)
FIXED_SECONDS = Kind(f"a whole number of seconds from 1 to {MAX_SECONDS}", _whole(1, MAX_SECONDS))
MAX_DELAY = Kind("a whole number of seconds from 1 to 31622399", _whole(1, 31_622_399))
TIMESTAMP = Kind(
    "a time such as 2030-01-31T12:00:00Z",
    lambda value: isinstance(value, str) and bool(_TIMESTAMP.match(value)),
    dynamic=True,
)
COUNT = Kind("a whole number, 0 or more", _whole(0, MAX_SECONDS), dynamic=True)
POSITIVE = Kind("a whole number, 1 or more", _whole(1, MAX_SECONDS), dynamic=True)
PERCENTAGE = Kind(
    "a number from 0 to 100", lambda value: _is_number(value) and 0 <= value <= 100, dynamic=True
)
CONDITION = Kind(
    "true, false or a JSONata expression", lambda value: isinstance(value, bool), dynamic=True
)
LANGUAGE = _one_of(JSONATA, JSONPATH)
JITTER = _one_of("FULL", "NONE")
RATE = Kind("a number, 1.0 or more", lambda value: _is_number(value) and value >= 1)
ATTEMPTS = Kind(f"a whole number from 0 to {MAX_SECONDS}", _whole(0, MAX_SECONDS))
NAMES = Kind("a list of at least one error name", _are_names)
TEXTS = Kind(
    "a list of strings",
    lambda value: isinstance(value, list) and all(isinstance(part, str) for part in value),
    dynamic=True,
)
LABEL = Kind(
    f"a string of at most {MAX_LABEL} characters",
    lambda value: isinstance(value, str) and len(value) <= MAX_LABEL,
)


def _all(kind: Kind, *names: str, only: str | None = None) -> dict[str, Field]:
    return {name: Field(kind, only) for name in names}


MACHINE: Fields = {
    **_all(TEXT, "Comment", "StartAt", "Version"),
    **_all(LANGUAGE, "QueryLanguage"),
    **_all(OBJECT, "States"),
    **_all(FIXED_SECONDS, "TimeoutSeconds"),
}
FLOW: Fields = {**_all(TEXT, "Comment", "StartAt"), **_all(OBJECT, "States")}
PROCESSOR: Fields = {**FLOW, **_all(OBJECT, "ProcessorConfig")}
PROCESSOR_CONFIG: Fields = {
    **_all(_one_of("INLINE", "DISTRIBUTED"), "Mode"),
    **_all(_one_of("STANDARD", "EXPRESS"), "ExecutionType"),
}

COMMON: Fields = {**_all(TEXT, "Comment", "Type"), **_all(LANGUAGE, "QueryLanguage")}
ENDING: Fields = {**_all(TEXT, "Next"), **_all(FLAG, "End")}
ASSIGN: Fields = _all(OBJECT, "Assign")
IN_OUT: Fields = {
    **_all(PATH, "InputPath", "OutputPath", only=JSONPATH),
    **_all(ANY, "Output", only=JSONATA),
}
RESULT_PATH: Fields = _all(PATH, "ResultPath", only=JSONPATH)
CALLING: Fields = {
    **_all(PAYLOAD, "Parameters", "ResultSelector", only=JSONPATH),
    **_all(ARGUMENTS, "Arguments", only=JSONATA),
    **RESULT_PATH,
}
HANDLING: Fields = _all(LIST, "Retry", "Catch")
GOING_ON: Fields = {**COMMON, **ENDING, **ASSIGN, **IN_OUT}

STATES: Mapping[str, Fields] = {
    "Pass": {
        **GOING_ON,
        **RESULT_PATH,
        **_all(PAYLOAD, "Parameters", only=JSONPATH),
        **_all(ANY, "Result", only=JSONPATH),
    },
    "Task": {
        **GOING_ON,
        **HANDLING,
        **CALLING,
        **_all(TEXT, "Resource"),
        **_all(DYNAMIC_OBJECT, "Credentials"),
        **_all(SECONDS, "TimeoutSeconds", "HeartbeatSeconds"),
        **_all(NEEDED_PATH, "TimeoutSecondsPath", "HeartbeatSecondsPath", only=JSONPATH),
    },
    "Choice": {
        **COMMON,
        **ASSIGN,
        **IN_OUT,
        **_all(FILLED_LIST, "Choices"),
        **_all(TEXT, "Default"),
    },
    "Wait": {
        **GOING_ON,
        **_all(WAIT_SECONDS, "Seconds"),
        **_all(TIMESTAMP, "Timestamp"),
        **_all(NEEDED_PATH, "SecondsPath", "TimestampPath", only=JSONPATH),
    },
    "Succeed": {**COMMON, **IN_OUT},
    "Fail": {
        **COMMON,
        **_all(DYNAMIC_TEXT, "Error", "Cause"),
        **_all(NEEDED_PATH, "ErrorPath", "CausePath", only=JSONPATH),
    },
    "Parallel": {**GOING_ON, **HANDLING, **CALLING, **_all(FILLED_LIST, "Branches")},
    "Map": {
        **GOING_ON,
        **HANDLING,
        **RESULT_PATH,
        **_all(OBJECT, "ItemProcessor", "Iterator", "ItemReader", "ItemBatcher", "ResultWriter"),
        **_all(ITEMS, "Items", only=JSONATA),
        **_all(PATH, "ItemsPath", only=JSONPATH),
        **_all(ANY, "ItemSelector"),
        **_all(PAYLOAD, "Parameters", "ResultSelector", only=JSONPATH),
        **_all(LABEL, "Label"),
        **_all(COUNT, "MaxConcurrency", "ToleratedFailureCount"),
        **_all(PERCENTAGE, "ToleratedFailurePercentage"),
        **_all(
            NEEDED_PATH,
            "MaxConcurrencyPath",
            "ToleratedFailureCountPath",
            "ToleratedFailurePercentagePath",
            only=JSONPATH,
        ),
    },
}
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Parallel": ("Branches",),
}
# At most one of each group; the first group of Wait and Map is required.
EXCLUSIVE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "Task": (
        ("TimeoutSeconds", "TimeoutSecondsPath"),
        ("HeartbeatSeconds", "HeartbeatSecondsPath"),
    ),
    "Wait": (("Seconds", "SecondsPath", "Timestamp", "TimestampPath"),),
    "Fail": (("Error", "ErrorPath"), ("Cause", "CausePath")),
    "Map": (
        ("ItemProcessor", "Iterator"),
        ("ItemSelector", "Parameters"),
        ("MaxConcurrency", "MaxConcurrencyPath"),
        ("ToleratedFailureCount", "ToleratedFailureCountPath"),
        ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
    ),
}
NEEDS_ONE: Mapping[str, tuple[str, ...]] = {
    "Wait": EXCLUSIVE["Wait"][0],
    "Map": EXCLUSIVE["Map"][0],
}

RETRIER: Fields = {
    **_all(TEXT, "Comment"),
    **_all(NAMES, "ErrorEquals"),
    **_all(FIXED_SECONDS, "IntervalSeconds"),
    **_all(MAX_DELAY, "MaxDelaySeconds"),
    **_all(ATTEMPTS, "MaxAttempts"),
    **_all(RATE, "BackoffRate"),
    **_all(JITTER, "JitterStrategy"),
}
CATCHER: Fields = {
    **_all(TEXT, "Comment", "Next"),
    **_all(NAMES, "ErrorEquals"),
    **ASSIGN,
    **RESULT_PATH,
    **_all(ANY, "Output", only=JSONATA),
}
LEADING: Fields = {**_all(TEXT, "Comment", "Next"), **ASSIGN}
JSONATA_RULE: Fields = {
    **LEADING,
    **_all(CONDITION, "Condition", only=JSONATA),
    **_all(ANY, "Output", only=JSONATA),
}

_TEXT_TESTS = ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")
_NUMBER = Kind("a number", _is_number)
_COMPARED: Mapping[str, Kind] = {"String": TEXT, "Numeric": _NUMBER, "Timestamp": TIMESTAMP}
COMPARISONS: Fields = {
    **{f"{kind}{test}": Field(value) for kind, value in _COMPARED.items() for test in _TEXT_TESTS},
    **_all(NEEDED_PATH, *(f"{kind}{test}Path" for kind in _COMPARED for test in _TEXT_TESTS)),
    **_all(FLAG, "BooleanEquals"),
    **_all(NEEDED_PATH, "BooleanEqualsPath"),
    **_all(TEXT, "StringMatches"),
    **_all(FLAG, "IsNull", "IsPresent", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp"),
}
COMBINATIONS: Fields = {**_all(FILLED_LIST, "And", "Or"), **_all(OBJECT, "Not")}
JSONPATH_RULE: Fields = {
    **LEADING,
    **COMPARISONS,
    **COMBINATIONS,
    **_all(NEEDED_PATH, "Variable"),
}

ITEM_READER: Fields = {
    **_all(TEXT, "Resource"),
    **_all(OBJECT, "ReaderConfig"),
    **_all(PAYLOAD, "Parameters", only=JSONPATH),
    **_all(ARGUMENTS, "Arguments", only=JSONATA),
}
READER_CONFIG: Fields = {
    **_all(_one_of("CSV", "JSON", "JSONL", "MANIFEST", "PARQUET"), "InputType"),
    **_all(_one_of("FIRST_ROW", "GIVEN"), "CSVHeaderLocation"),
    **_all(_one_of("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"), "CSVDelimiter"),
    **_all(_one_of("NONE", "LOAD_AND_FLATTEN"), "Transformation"),
    **_all(_one_of("ATHENA_DATA", "S3_INVENTORY"), "ManifestType"),
    **_all(TEXTS, "CSVHeaders"),
    **_all(COUNT, "MaxItems"),
    **_all(ANY, "ItemsPointer"),
    **_all(NEEDED_PATH, "MaxItemsPath", only=JSONPATH),
}
ITEM_BATCHER: Fields = {
    **_all(ANY, "BatchInput"),
    **_all(POSITIVE, "MaxItemsPerBatch", "MaxInputBytesPerBatch"),
    **_all(NEEDED_PATH, "MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath", only=JSONPATH),
}
RESULT_WRITER: Fields = {
    **_all(TEXT, "Resource"),
    **_all(OBJECT, "WriterConfig"),
    **_all(PAYLOAD, "Parameters", only=JSONPATH),
    **_all(ARGUMENTS, "Arguments", only=JSONATA),
}
WRITER_CONFIG: Fields = {
    **_all(_one_of("NONE", "COMPACT", "FLATTEN"), "Transformation"),
    **_all(_one_of("JSON", "JSONL"), "OutputType"),
}
# Objects inside a Map state: their fields, and the object inside that one.
MAP_PARTS: Mapping[str, Fields] = {
    "ItemReader": ITEM_READER,
    "ItemBatcher": ITEM_BATCHER,
    "ResultWriter": RESULT_WRITER,
}
PARTS_OF_PARTS: Mapping[str, Fields] = {
    "ReaderConfig": READER_CONFIG,
    "WriterConfig": WRITER_CONFIG,
}
DISTRIBUTED_ONLY = frozenset({"ItemReader", "ItemBatcher", "ResultWriter", "Label"})


def fields_of(kinds: Fields, language: str) -> Fields:
    """The fields that exist in one query language."""
    return {name: field for name, field in kinds.items() if field.only in (None, language)}
