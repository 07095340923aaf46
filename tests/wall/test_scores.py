"""What scores and answers say is known alike to the service and to the command line."""

from __future__ import annotations

import pytest

from ratchet.cli import answer_classes
from ratchet.cli.report import measures
from retraining.algorithms.catalog import ALGORITHMS
from retraining.algorithms.frameworks import ANSWERS
from retraining.algorithms.scores import ScoreKind
from retraining.rules.metrics import METRICS

OF_SEVERAL = frozenset({ScoreKind.CLASS, ScoreKind.PROBABILITIES})
BY_OBJECTIVE = {
    objective: kinds
    for algorithm in ALGORITHMS.values()
    for objective, kinds in algorithm.objectives.items()
}


@pytest.mark.parametrize("objective", BY_OBJECTIVE)
def test_one_number_is_a_class_where_the_objective_answers_classes(objective: str) -> None:
    definition = {"training": {"hyperparameters": {"objective": objective}}}
    is_class = ScoreKind.CLASS in BY_OBJECTIVE[objective]
    assert answer_classes.told([2.0], definition) == (["2"] if is_class else None)


@pytest.mark.parametrize("scores", ANSWERS)
def test_one_number_is_a_class_where_a_script_says_so(scores: str) -> None:
    is_class = ScoreKind.CLASS in ANSWERS[scores].kinds
    told = answer_classes.told([2.0], {"training": {"scores": scores}})
    assert told == (["2"] if is_class else None)


def test_the_report_knows_which_metrics_are_of_several_classes() -> None:
    several = {name for name, metric in METRICS.items() if metric.reads <= OF_SEVERAL}
    assert set(measures.OF_CLASSES) == several


@pytest.mark.parametrize("name", METRICS)
def test_the_report_takes_for_classes_what_the_metric_takes_for_classes(name: str) -> None:
    rows = [measures.Row("fresh", float(label), float(label)) for label in range(4)]
    reads = METRICS[name].reads
    if reads & OF_SEVERAL:
        assert measures.kind_of(rows, name) == "class"
    if ScoreKind.NUMBER in reads:
        assert measures.kind_of(rows, name) == "number"
