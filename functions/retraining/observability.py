"""The logger, and every metric's name: template.yaml's alarms and dashboard use these."""

from __future__ import annotations

import json
import time
from typing import Final

from aws_lambda_powertools import Logger

from retraining.settings import settings

NAMESPACE: Final = "Ratchet"
OBJECTS_ARRIVED: Final = "ObjectsArrived"
OBJECTS_WITHOUT_PIPELINE: Final = "ObjectsWithoutPipeline"
RUNS_STARTED: Final = "RunsStarted"
RUNS_FAILED: Final = "RunsFailed"
RUN_OUTCOME: Final = "RunOutcome"

log = Logger(service="ratchet")


def count(metric: str, value: int = 1, **dimensions: str) -> None:
    """Count something once by stack (which alarms can read) and once by `dimensions`.

    One line in CloudWatch's embedded metric format. Powertools' own Metrics adds a `service`
    dimension to every set, under which an alarm on the stack alone would stay silent.
    """
    known = {"Stack": settings.stack, **dimensions}
    sets = [["Stack"], sorted(known)] if dimensions else [["Stack"]]
    definition = {
        "Namespace": NAMESPACE,
        "Dimensions": sets,
        "Metrics": [{"Name": metric, "Unit": "Count"}],
    }
    stamp = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [definition]}
    line = json.dumps({"_aws": stamp, **known, metric: value}, separators=(",", ":"))
    print(line, flush=True)  # CloudWatch reads metrics from standard output
