"""Metrics are counted as the alarms of the template read them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from unit_service import Service

from retraining import observability

TEMPLATE = Path(__file__).parents[2] / "template.yaml"


def test_metrics_are_counted_by_stack_alone_too(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    observability.count(observability.RUN_OUTCOME, Pipeline="bank", Outcome="PROMOTED")
    line = json.loads(capsys.readouterr().out)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Ratchet"
    assert directive["Dimensions"] == [["Stack"], ["Outcome", "Pipeline", "Stack"]]
    assert (line["RunOutcome"], line["Stack"], line["Outcome"]) == (1, "ratchet", "PROMOTED")


def test_the_templates_alarms_read_metrics_that_exist() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    named = set(re.findall(r"Namespace: Ratchet[,\s]+MetricName: (\w+)", text))
    known = {v for k, v in vars(observability).items() if k.isupper() and isinstance(v, str)}
    assert named
    assert named <= known
