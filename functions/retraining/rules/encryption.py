"""The customer key of SageMaker's jobs: the fields that give it, where it may be given."""

from __future__ import annotations

from typing import Final

# Only EBS volumes take a key. Instance types with a local store encrypt that in hardware, and a
# request that names a key for it is refused (API reference, ResourceConfig; which types have a
# store: EC2 user guide, "Instance store volumes").
LOCAL_STORE: Final = frozenset(
    {
        "g4dn", "g5", "g6", "g6e", "g7", "g7e", "p3dn", "p4d", "p4de", "p5", "p5e", "p5en",
        "p6-b200", "p6-b300", "p6e-gb200", "r5d", "trn1", "trn1n", "trn2",
    }
)  # fmt: skip


def volume(key: str | None, instance_type: str) -> dict[str, str]:
    """The field of a job's resources that encrypts its volume, if it may be given."""
    family = instance_type.split(".")[1]
    return {} if key is None or family in LOCAL_STORE else {"VolumeKmsKeyId": key}


def output(key: str | None) -> dict[str, str]:
    """The field that encrypts what a job writes to S3.

    Without it a job takes the account's own key for S3 (API reference, OutputDataConfig).
    """
    return {} if key is None else {"KmsKeyId": key}
