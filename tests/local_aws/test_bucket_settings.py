"""CloudFormation's properties of a bucket in the shape of S3's own calls."""

from __future__ import annotations

from typing import Any

import pytest

from ratchet.local_aws.cloudformation.kinds.s3 import SETTINGS

TAG = {"Key": "k", "Value": "v"}


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({}, {"Prefix": ""}),
        ({"Prefix": "a/"}, {"Prefix": "a/"}),
        ({"TagFilters": [TAG]}, {"And": {"Prefix": "", "Tags": [TAG]}}),
        ({"Prefix": "a/", "TagFilters": [TAG]}, {"And": {"Prefix": "a/", "Tags": [TAG]}}),
    ],
)
def test_a_lifecycle_rule_is_for_the_objects_that_its_filter_names(
    given: dict[str, Any], made: dict[str, Any]
) -> None:
    rule = {"Id": "x", "Status": "Enabled", "ExpirationInDays": 30, **given}
    _, shaped, _ = SETTINGS["LifecycleConfiguration"]
    assert shaped({"Rules": [rule]}) == {
        "LifecycleConfiguration": {
            "Rules": [{"ID": "x", "Status": "Enabled", "Filter": made, "Expiration": {"Days": 30}}]
        }
    }
