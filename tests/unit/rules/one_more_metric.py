"""Adds a metric as a release would, by one row, and lets the contract and the gate use it.

Usage: python one_more_metric.py DEFINITION (JSON, whose gate reads `mape`); prints JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from retraining.rules import metrics


def _absolute_share(label: float, score: float) -> float:
    return abs(score - label) / abs(label)


metrics.METRICS["mape"] = metrics.Metric(
    "mape",
    False,
    metrics.AT_LEAST_0,
    metrics.NUMBERS,
    *metrics.row_mean(_absolute_share),
    metrics.median_distance,
)

from retraining.errors import PipelineRejected  # noqa: E402
from retraining.rules import contracts, scores  # noqa: E402 - they read the row
from retraining.rules.gate.decisions import Decision  # noqa: E402
from retraining.rules.gate.judge import judge  # noqa: E402
from retraining.rules.gate.terms import Facts, Terms  # noqa: E402
from retraining.rules.measuring import measure  # noqa: E402


def accepted(definition: dict[str, Any]) -> dict[str, Any]:
    """The definition's gate, every default written out."""
    gate: dict[str, Any] = contracts.as_document(
        contracts.parse_definition(json.dumps(definition))
    )["gate"]
    return gate


def refusal(definition: dict[str, Any], section: str, key: str, value: object) -> str:
    """What the contract says to the definition with another value."""
    try:
        accepted({**definition, section: {**definition[section], key: value}})
    except PipelineRejected as error:
        return str(error)
    return ""


def scored(factor: float) -> Iterator[scores.Row]:
    """A model whose every answer is `factor` times the label."""
    labels = [float(100 + row) for row in range(60)]
    lines = [f"r{label},fresh,-,{label},{label * factor}" for label in labels]
    return scores.read(lines, "scores.csv")


def judged(terms: dict[str, Any], ours: float, theirs: float) -> Decision:
    """The decision on two such models."""
    kept = scores.gather({"challenger": scored(ours), "champion": scored(theirs)})
    facts = Facts(measure(terms["metric"], kept), {"fresh": 60}, 16, 0, True, False)
    return judge(Terms.of(terms), facts).decision


def main(definition: dict[str, Any]) -> dict[str, Any]:
    """All of it."""
    terms = accepted(definition)
    binary = {"num_round": 1, "objective": "binary:logistic"}
    schema = contracts.schemas()["pipeline.schema.json"]["$defs"]["Gate"]["properties"]
    return {
        "minimum": refusal(definition, "gate", "minimum", -1),
        "objective": refusal(definition, "training", "hyperparameters", binary),
        "schema": schema,
        "better": judged(terms, 1.1, 1.4).sentence,
        "worse": judged(terms, 1.1, 1.01).name,
        "too_bad": judged(terms, 1.5, 1.6).sentence,
    }


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
