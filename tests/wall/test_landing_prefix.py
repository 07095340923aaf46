"""What a stack watches and may read of a bucket, as local AWS evaluates the template."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from ratchet.local_aws.cloudformation.intrinsics import Scope, evaluate
from ratchet.local_aws.cloudformation.template import parse_yaml
from ratchet.local_aws.events.event_patterns import compile_pattern
from retraining.rules.arrivals import Arrival, arrival_of, event_of

TEMPLATE = parse_yaml((Path(__file__).parents[2] / "template.yaml").read_text())
KEYS = ("bank/a.csv", "training/bank/a.csv", "training/top.csv", "training-old/bank/a.csv")


def resolved(value: Any, prefix: str) -> Any:
    """A part of the template, with this prefix in a bucket that is adopted."""
    given = {"LandingBucketName": "adopted", "LandingPrefix": prefix}
    defaults = {name: p.get("Default") for name, p in TEMPLATE["Parameters"].items()}
    pseudo, conditions = {"AWS::Partition": "aws"}, TEMPLATE["Conditions"]
    return evaluate(value, Scope({**defaults, **given}, pseudo, {}, conditions, {}))


@pytest.mark.parametrize("prefix", ["", "training/"])
def test_events_pipelines_and_permissions_meet_in_the_same_part(prefix: str) -> None:
    rule = TEMPLATE["Resources"]["ArrivalsRule"]["Properties"]["EventPattern"]
    matches = compile_pattern(json.dumps(resolved(rule, prefix)))
    reads = next(
        statement["Resource"]
        for statement in TEMPLATE["Resources"]["CheckDataFunction"]["Properties"]["Policies"][0][
            "Statement"
        ]
        if "s3:GetObjectVersion" in statement["Action"]
    )
    allowed = resolved(reads, prefix)
    for key in KEYS:
        event = event_of(Arrival(key, "v", "e", 1, "1", 0), "adopted")
        seen = matches(event)
        assert seen is key.startswith(prefix)
        assert fnmatchcase(f"arn:aws:s3:::adopted/{key}", allowed) is seen
        if arrival_of(event, "adopted", prefix).pipeline == "bank":
            assert seen
    assert not matches(event_of(Arrival(f"{prefix}bank/a.csv", "v", "e", 1, "1", 0), "other"))


def test_the_place_to_drop_data_is_told_whole() -> None:
    place = TEMPLATE["Outputs"]["LandingUri"]["Value"]
    assert resolved(place, "") == "s3://adopted/"
    assert resolved(place, "training/") == "s3://adopted/training/"
