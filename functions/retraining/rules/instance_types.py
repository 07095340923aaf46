"""The instance types of SageMaker's jobs, as its API lists them.

Generated from botocore's enums TrainingInstanceType and TransformInstanceType by
`python tests/wall/instance_types.py`: the functions need not read a model of 2 MB for two lists.
"""

from __future__ import annotations

from typing import Final


def _of(*families: str) -> frozenset[str]:
    """`ml.c4.xlarge` and so on of "c4 xlarge ..."."""
    split = [family.split() for family in families]
    return frozenset(f"ml.{name}.{size}" for name, *sizes in split for size in sizes)


TRAINING: Final = _of(
    "c4 2xlarge 4xlarge 8xlarge xlarge",
    "c5 18xlarge 2xlarge 4xlarge 9xlarge xlarge",
    "c5n 18xlarge 2xlarge 4xlarge 9xlarge xlarge",
    "c6i 12xlarge 16xlarge 24xlarge 2xlarge 32xlarge 4xlarge 8xlarge xlarge",
    "c7i-flex 12xlarge 16xlarge 2xlarge 4xlarge 8xlarge xlarge",
    "c7i 12xlarge 16xlarge 24xlarge 2xlarge 48xlarge 4xlarge 8xlarge large xlarge",
    "c8i-flex 12xlarge 16xlarge 2xlarge 4xlarge 8xlarge xlarge",
    "c8i 12xlarge 16xlarge 24xlarge 2xlarge 32xlarge 48xlarge 4xlarge 8xlarge 96xlarge",
    "c8i xlarge",
    "g4dn 12xlarge 16xlarge 2xlarge 4xlarge 8xlarge xlarge",
    "g5 12xlarge 16xlarge 24xlarge 2xlarge 48xlarge 4xlarge 8xlarge xlarge",
    "g6 12xlarge 16xlarge 24xlarge 2xlarge 48xlarge 4xlarge 8xlarge xlarge",
    "g6e 12xlarge 16xlarge 24xlarge 2xlarge 48xlarge 4xlarge 8xlarge xlarge",
    "g7 12xlarge 24xlarge 2xlarge 48xlarge 4xlarge 8xlarge",
    "g7e 12xlarge 24xlarge 2xlarge 48xlarge 4xlarge 8xlarge",
    "m4 10xlarge 16xlarge 2xlarge 4xlarge xlarge",
    "m5 12xlarge 24xlarge 2xlarge 4xlarge large xlarge",
    "m6i 12xlarge 16xlarge 24xlarge 2xlarge 32xlarge 4xlarge 8xlarge large xlarge",
    "m7i-flex 12xlarge 16xlarge 2xlarge 4xlarge 8xlarge large xlarge",
    "m7i 12xlarge 16xlarge 24xlarge 2xlarge 48xlarge 4xlarge 8xlarge large xlarge",
    "m8i-flex 12xlarge 16xlarge 2xlarge 4xlarge 8xlarge large xlarge",
    "m8i 12xlarge 16xlarge 24xlarge 2xlarge 32xlarge 48xlarge 4xlarge 8xlarge 96xlarge",
    "m8i large xlarge",
    "p2 16xlarge 8xlarge xlarge",
    "p3 16xlarge 2xlarge 8xlarge",
    "p3dn 24xlarge",
    "p4d 24xlarge",
    "p4de 24xlarge",
    "p5 48xlarge 4xlarge",
    "p5e 48xlarge",
    "p5en 48xlarge",
    "p6-b200 48xlarge",
    "p6-b300 48xlarge",
    "p6e-gb200 36xlarge",
    "r5 12xlarge 16xlarge 24xlarge 2xlarge 4xlarge 8xlarge large xlarge",
    "r5d 12xlarge 16xlarge 24xlarge 2xlarge 4xlarge 8xlarge large xlarge",
    "r6i 12xlarge 16xlarge 24xlarge 2xlarge 32xlarge 4xlarge 8xlarge large xlarge",
    "r7i 12xlarge 16xlarge 24xlarge 2xlarge 48xlarge 4xlarge 8xlarge large xlarge",
    "r8i-flex 12xlarge 16xlarge 2xlarge 4xlarge 8xlarge large xlarge",
    "r8i 12xlarge 16xlarge 24xlarge 2xlarge 32xlarge 48xlarge 4xlarge 8xlarge 96xlarge",
    "r8i large xlarge",
    "t3 2xlarge large medium xlarge",
    "trn1 2xlarge 32xlarge",
    "trn1n 32xlarge",
    "trn2 48xlarge",
)

TRANSFORM: Final = _of(
    "c4 2xlarge 4xlarge 8xlarge xlarge",
    "c5 18xlarge 2xlarge 4xlarge 9xlarge xlarge",
    "c6i 12xlarge 16xlarge 24xlarge 2xlarge 32xlarge 4xlarge 8xlarge large xlarge",
    "c7i 12xlarge 16xlarge 24xlarge 2xlarge 48xlarge 4xlarge 8xlarge large xlarge",
    "g4dn 12xlarge 16xlarge 2xlarge 4xlarge 8xlarge xlarge",
    "g5 12xlarge 16xlarge 24xlarge 2xlarge 48xlarge 4xlarge 8xlarge xlarge",
    "g6 12xlarge 16xlarge 24xlarge 2xlarge 48xlarge 4xlarge 8xlarge xlarge",
    "g6e 12xlarge 16xlarge 24xlarge 2xlarge 48xlarge 4xlarge 8xlarge xlarge",
    "inf2 24xlarge 48xlarge 8xlarge xlarge",
    "m4 10xlarge 16xlarge 2xlarge 4xlarge xlarge",
    "m5 12xlarge 24xlarge 2xlarge 4xlarge large xlarge",
    "m6i 12xlarge 16xlarge 24xlarge 2xlarge 32xlarge 4xlarge 8xlarge large xlarge",
    "m7i 12xlarge 16xlarge 24xlarge 2xlarge 48xlarge 4xlarge 8xlarge large xlarge",
    "p2 16xlarge 8xlarge xlarge",
    "p3 16xlarge 2xlarge 8xlarge",
    "r6i 12xlarge 16xlarge 24xlarge 2xlarge 32xlarge 4xlarge 8xlarge large xlarge",
    "r7i 12xlarge 16xlarge 24xlarge 2xlarge 48xlarge 4xlarge 8xlarge large xlarge",
    "trn1 2xlarge 32xlarge",
)
