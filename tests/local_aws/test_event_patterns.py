"""Event patterns, by EventBridge's user guide."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.events.event_patterns import compile_pattern

EVENT = {
    "source": "aws.s3",
    "detail": {
        "state": "Running",
        "count": 3,
        "big": 300.0,
        "flag": True,
        "nothing": None,
        "empty": "",
        "path": "in/lib/a*b.CSV",
        "ip": "10.0.0.7",
        "tags": ["red", "blue"],
        "none": [],
        "people": [{"name": "Ann", "age": 3}, {"name": "Bob", "age": 5}],
    },
}


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"state": ["Running", "Stopped"]}, True),
        ({"state": ["running"]}, False),
        ({"state": [{"equals-ignore-case": "RUNNING"}]}, True),
        ({"state": [{"prefix": "Run"}]}, True),
        ({"state": [{"prefix": {"equals-ignore-case": "run"}}]}, True),
        ({"path": [{"suffix": ".csv"}]}, False),
        ({"path": [{"suffix": {"equals-ignore-case": ".csv"}}]}, True),
        ({"path": [{"wildcard": "*/lib/*"}]}, True),
        ({"path": [{"wildcard": r"in/lib/a\*b.CSV"}]}, True),
        ({"path": [{"wildcard": r"in/\*"}]}, False),
        ({"state": [{"anything-but": "Running"}]}, False),
        ({"state": [{"anything-but": ["a", "b"]}]}, True),
        ({"absent": [{"anything-but": "a"}]}, False),
        ({"count": [{"anything-but": [1, 2]}]}, True),
        ({"state": [{"anything-but": {"prefix": "Run"}}]}, False),
        ({"path": [{"anything-but": {"wildcard": "*/lib/*"}}]}, False),
        ({"path": [{"anything-but": {"suffix": [".txt", ".tmp"]}}]}, True),
        ({"state": [{"anything-but": {"equals-ignore-case": "running"}}]}, False),
        ({"count": [{"numeric": [">", 0, "<=", 3]}]}, True),
        ({"count": [{"numeric": ["=", 4]}]}, False),
        ({"flag": [{"numeric": ["=", 1]}]}, False),
        ({"big": [300]}, True),
        ({"flag": [True]}, True),
        ({"flag": [1]}, False),
        ({"nothing": [None]}, True),
        ({"empty": [""]}, True),
        ({"ip": [{"cidr": "10.0.0.0/24"}]}, True),
        ({"ip": [{"cidr": "10.0.1.0/24"}]}, False),
        ({"count": [{"exists": True}]}, True),
        ({"absent": [{"exists": False}]}, True),
        ({"absent": {"deeper": [{"exists": False}]}}, True),
        ({"count": [{"exists": False}]}, False),
        ({"tags": ["blue"]}, True),
        ({"tags": ["green"]}, False),
        ({"people": {"name": ["Ann"], "age": [3]}}, True),
        ({"people": {"name": ["Ann"], "age": [5]}}, False),
        ({"$or": [{"state": ["x"]}, {"count": [{"numeric": ["<", 5]}]}]}, True),
        ({"$or": [{"state": ["x"]}, {"count": [9]}], "flag": [True]}, False),
    ],
)
def test_a_pattern_matches_as_documented(detail: dict[str, Any], expected: bool) -> None:
    pattern = json.dumps({"source": [{"prefix": "aws."}], "detail": detail})
    assert compile_pattern(pattern)(EVENT) is expected


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("{", "not valid JSON"),
        ("[]", "not an object"),
        ('{"source": "aws.s3"}', '"source" must be an object or an array'),
        ('{"source": []}', "Empty arrays"),
        ('{"source": [{"regex": "a.*"}]}', "Unrecognized match type regex"),
        ('{"source": [{"prefix": 1}]}', "must be a string"),
        ('{"source": [{"prefix": "a", "suffix": "b"}]}', "Only one key"),
        ('{"detail": {"n": [{"numeric": ["~", 1]}]}}', 'range operator: ~ at "detail.n"'),
        (
            '{"detail": {"n": [{"anything-but": {"cidr": "10.0.0.0/8"}}]}}',
            "anything-but pattern: cidr",
        ),
        ('{"detail": {"n": [{"wildcard": "a**b"}]}}', "Consecutive"),
        ('{"$or": [{"source": ["a"]}]}', "at least two"),
    ],
)
def test_a_wrong_pattern_is_refused_and_named(pattern: str, reason: str) -> None:
    with pytest.raises(ServiceError) as refusal:
        compile_pattern(pattern)
    assert refusal.value.code == "InvalidEventPatternException"
    assert reason in refusal.value.message
