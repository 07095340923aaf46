"""Promotions that are started by no run of their own."""

from __future__ import annotations

import json
from typing import Final

from retraining import clock
from retraining.adapters import Adapters
from retraining.documents.manifest import Manifest
from retraining.rules import names

RETRY_AFTER: Final = 3600  # seconds


def retry(aws: Adapters, pipeline: str, besides: int | None = None) -> str | None:
    """Try the postponed promotion again, if there is one and none is under way; its execution.

    By a name that counts the tries, so that asking twice starts one. `besides`: the run that has
    just postponed it. After another one's promotion it ends by being rejected.

    An execution that was stopped before it decided anything has used its name up: the next time
    asks for another.
    """
    waiting = aws.ledger.postponed(pipeline)
    if waiting is None or waiting.token == besides or aws.ledger.promotion(pipeline):
        return None
    name = f"{names.run_id(pipeline, waiting.token)}--again-{waiting.tries}"
    if _start(aws, name, pipeline, waiting.token, waiting.package):
        return name
    aws.ledger.count_try(pipeline, waiting, int(clock.now()))
    return None


def retry_later(aws: Adapters, pipeline: str) -> str | None:
    """The same, once some time has passed since it was tried: quotas change slowly."""
    waiting = aws.ledger.postponed(pipeline)
    if waiting is None or clock.now() < waiting.at + RETRY_AFTER:
        return None
    return retry(aws, pipeline)


def _start(aws: Adapters, name: str, pipeline: str, token: int, package: str) -> bool:
    given = {
        "pipeline": pipeline,
        "token": token,
        "manifest": aws.run_folder(pipeline, token).uri_of(Manifest),
        "package": package,
    }
    return aws.promotions.start(name, json.dumps(given))
