"""The picture of a run: the retraining machine as it was when it ran, in the run's colours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ratchet.cli.run_report import metric_sentence, metric_values
from ratchet.workflow.drawing.draw import draw

if TYPE_CHECKING:
    from ratchet.cli.connection import Stack
    from ratchet.cli.ledger import RunRef
    from ratchet.workflow.history.timeline import Timeline


def draw_run(stack: Stack, ref: RunRef, record: dict[str, Any], timeline: Timeline) -> str:
    """The SVG of a run: the retraining machine as it was when it ran."""
    described = stack.client("stepfunctions").describe_state_machine_for_execution(
        executionArn=stack.execution_arn(ref.id)
    )
    title = f"{ref.id}: {record.get('outcome') or 'running'}"
    challenger, champion = metric_values(record)
    known = challenger is not None
    subtitle = metric_sentence(record, "fresh", challenger, champion) if known else ""
    return draw(json.loads(described["definition"]), timeline, title=title, subtitle=subtitle)
