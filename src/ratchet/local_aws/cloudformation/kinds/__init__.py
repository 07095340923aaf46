"""The resource types that local AWS can deploy."""

from __future__ import annotations

from ratchet.local_aws.cloudformation.kinds import (
    cloudwatch,
    dynamodb,
    events,
    glue,
    iam,
    kms,
    lambda_,
    messaging,
    s3,
    stepfunctions,
)

_MODULES = (s3, messaging, dynamodb, iam, lambda_, stepfunctions, events, glue, cloudwatch, kms)
KINDS = {kind.type: kind for module in _MODULES for kind in module.KINDS}
"""Type -> how it is created, changed and deleted."""
