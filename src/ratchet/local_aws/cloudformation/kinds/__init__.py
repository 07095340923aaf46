"""The resource types that local AWS can deploy."""

from __future__ import annotations

from ratchet.local_aws.cloudformation.kinds import (
    dynamodb,
    events,
    functions,
    glue,
    iam,
    keys,
    messaging,
    s3,
    states,
    watching,
)

_MODULES = (s3, messaging, dynamodb, iam, functions, states, events, glue, watching, keys)
KINDS = {kind.type: kind for module in _MODULES for kind in module.KINDS}
"""Type -> how it is made, changed and removed."""
