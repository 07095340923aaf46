"""Where a customer key may be given, and where it may not."""

from __future__ import annotations

import pytest

from retraining.rules import encryption
from retraining.rules.instance_types import TRAINING, TRANSFORM

KEY = "arn:aws:kms:us-east-1:123456789012:key/k"
# What the EC2 user guide ("Instance store volumes") and SageMaker's list of types have beside.
EBS_ONLY = frozenset(
    {
        "c4", "c5", "c5n", "c6i", "c7i", "c7i-flex", "c8i", "c8i-flex", "inf2", "m4", "m5", "m6i",
        "m7i", "m7i-flex", "m8i", "m8i-flex", "p2", "p3", "r5", "r6i", "r7i", "r8i", "r8i-flex",
        "t3",
    }
)  # fmt: skip


def test_every_family_is_known_to_take_a_key_or_not_to() -> None:
    families = {name.split(".")[1] for name in TRAINING | TRANSFORM}
    assert families == EBS_ONLY | encryption.LOCAL_STORE
    assert not EBS_ONLY & encryption.LOCAL_STORE


@pytest.mark.parametrize(
    ("instance", "given"),
    [("ml.m5.large", {"VolumeKmsKeyId": KEY}), ("ml.r5d.large", {}), ("ml.g4dn.xlarge", {})],
)
def test_a_local_store_takes_no_key(instance: str, given: dict[str, str]) -> None:
    assert encryption.volume(KEY, instance) == given
    assert encryption.volume(None, instance) == {}


def test_what_a_job_writes_takes_the_key() -> None:
    assert encryption.output(KEY) == {"KmsKeyId": KEY}
    assert encryption.output(None) == {}
