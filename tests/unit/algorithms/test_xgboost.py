"""Built-in XGBoost takes what its image takes, and refuses the rest in one short sentence each."""

from __future__ import annotations

import pytest

from retraining.algorithms.catalog import ALGORITHMS
from retraining.algorithms.hyperparameters import Value
from retraining.rules.metrics import METRICS

XGBOOST = ALGORITHMS["xgboost"]


@pytest.mark.parametrize(
    "chosen",
    [
        {"learning_rate": 0.1, "min_split_loss": 1, "reg_alpha": 0.5, "reg_lambda": 2},
        {"sampling_method": "gradient_based", "num_parallel_tree": 4},
        {"objective": "reg:pseudohubererror", "huber_slope": 1.5},
        {"objective": "survival:aft", "aft_loss_distribution": "normal",
         "aft_loss_distribution_scale": 1.2, "eval_metric": "aft-nloglik"},
        {"save_model_on_termination": "true", "max_depth": "6", "csv_weights": 0},
        {"save_model_on_termination": True},
        {"objective": "binary:logistic", "eval_metric": "error@0.7, auc"},
        {"objective": "multi:softmax", "num_class": 3},
        {"tree_method": "hist", "monotone_constraints": "(1,0,-1)"},
        {"tree_method": "hist", "interaction_constraints": "[[1, 2], [3, 4]]"},
    ],
)  # fmt: skip
def test_what_the_image_takes_is_accepted(chosen: dict[str, Value]) -> None:
    assert XGBOOST.problems({"num_round": 9, **chosen}) == []


@pytest.mark.parametrize(
    ("chosen", "problem"),
    [
        ({"eta_": 0.1}, "eta_: not a hyperparameter of built-in XGBoost; did you mean eta?"),
        ({"Eta": 1}, "Eta: not a hyperparameter of built-in XGBoost; did you mean eta?"),
        ({"zzz": 1}, "zzz: not a hyperparameter of built-in XGBoost"),
        ({"eta": 0.1, "learning_rate": 0.2},
         "learning_rate: another name of eta, which is given too; keep one"),
        ({"sketch_eps": 0.1}, "sketch_eps: XGBoost 3 no longer has it; use max_bin"),
        ({"process_type": "update"},
         "process_type: not supported: a run trains from scratch and updates no earlier model"),
        ({"eta": 1.5}, "eta: must be a number, 0 to 1, not 1.5"),
        ({"subsample": 0}, "subsample: must be a number, above 0 and at most 1, not 0"),
        ({"max_depth": 2.5}, "max_depth: must be a whole number, at least 0, not 2.5"),
        ({"one_drop": True}, "one_drop: must be a whole number, 0 to 1, not true"),
        ({"eta": "nan"}, "eta: must be a number, 0 to 1, not nan"),
        ({"booster": "forest"}, "booster: must be one of gbtree, gblinear, dart, not forest"),
        ({"csv_weights": 1}, "csv_weights: must be 0: prepared data has no weight column, not 1"),
        ({"objective": "reg:quantile"},
         "objective: must be one that XGBoost knows, not reg:quantile"),
        ({"eval_metric": "roc"},
         "eval_metric: must be metrics that XGBoost knows, between commas, not roc"),
        ({"eval_metric": "auc@0.5"},
         "eval_metric: must be metrics that XGBoost knows, between commas (auc?), not auc@0.5"),
        ({"objective": "binary:logistics"},
         "objective: must be one that XGBoost knows (binary:logistic?), not binary:logistics"),
        ({"eval_metric": "auc"},
         "eval_metric: auc needs an objective binary:... or rank:..., not reg:squarederror"),
        ({"objective": "multi:softmax"},
         "num_class: missing; objective multi:softmax requires it"),
        ({"monotone_constraints": "(1,0)"},
         "monotone_constraints: needs tree_method exact or hist"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence_with_the_way_out(
    chosen: dict[str, Value], problem: str
) -> None:
    assert XGBOOST.problems({"num_round": 9, **chosen}) == [problem]


def test_rounds_are_required() -> None:
    missing = "num_round: missing; built-in XGBoost requires it (for example num_round: 100)"
    assert XGBOOST.problems({}) == [missing]


@pytest.mark.parametrize(
    ("metric", "fitting"),
    [
        ("auc", "binary:logistic, binary:hinge, binary:logitraw, reg:squarederror and 9 more"),
        ("accuracy", "binary:logistic, binary:hinge, reg:logistic, multi:softmax and 1 more"),
        ("macro_f1", "multi:softmax, multi:softprob"),
        ("mlogloss", "multi:softprob"),
        ("f1", "binary:logistic, binary:hinge, reg:logistic"),
        ("logloss", "binary:logistic, reg:logistic"),
        ("mae", "reg:squarederror, reg:logistic, reg:gamma, reg:linear and 4 more"),
    ],
)  # fmt: skip
def test_a_metric_reads_the_scores_of_some_objectives(metric: str, fitting: str) -> None:
    reads = METRICS[metric].reads
    for objective, kinds in XGBOOST.objectives.items():
        found = XGBOOST.score_problems({"objective": objective}, metric, reads)
        assert bool(found) == (not kinds & reads)
    (problem,) = XGBOOST.score_problems({"objective": "survival:cox"}, metric, reads)
    assert problem == (
        f"objective: survival:cox gives no scores that metric {metric} can read; "
        f"objectives that do: {fitting}"
    )
