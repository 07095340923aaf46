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
BATCHES_SET_ASIDE: Final = "BatchesSetAside"
RUN_OUTCOME: Final = "RunOutcome"
CHAMPIONS_OUT_OF_STEP: Final = "ChampionsOutOfStep"
PENDING_AGE: Final = "PendingAge"
OPEN_RUN_AGE: Final = "OpenRunAge"
RUN_OVERDUE: Final = "RunOverdue"
CHAMPION_ON_ARRIVAL: Final = "ChampionOnArrival"
ARRIVAL_BELOW_MINIMUM: Final = "ArrivalBelowMinimum"

log = Logger(service="ratchet")


def count(metric: str, value: int = 1, **dimensions: str) -> None:
    """Count something once by stack (which alarms can read) and once by `dimensions`."""
    _emit(metric, "Count", value, dimensions)


def gauge(metric: str, seconds: float, **dimensions: str) -> None:
    """Measure an age; the stack's maximum is its oldest, however many others are young."""
    _emit(metric, "Seconds", int(seconds), dimensions)


def level(metric: str, value: float, **dimensions: str) -> None:
    """Measure how good something is, whatever its unit."""
    _emit(metric, "None", value, dimensions)


def _emit(metric: str, unit: str, value: float, dimensions: dict[str, str]) -> None:
    """One line in CloudWatch's embedded metric format.

    Powertools' own Metrics adds a `service` dimension to every set, under which an alarm on the
    stack alone would stay silent.
    """
    known = {"Stack": settings.stack, **dimensions}
    sets = [["Stack"], sorted(known)] if dimensions else [["Stack"]]
    definition = {
        "Namespace": NAMESPACE,
        "Dimensions": sets,
        "Metrics": [{"Name": metric, "Unit": unit}],
    }
    stamp = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [definition]}
    line = json.dumps({"_aws": stamp, **known, metric: value}, separators=(",", ":"))
    print(line, flush=True)  # CloudWatch reads metrics from standard output
