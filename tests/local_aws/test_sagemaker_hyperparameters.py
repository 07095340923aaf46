"""Built-in XGBoost's hyperparameters are read as its container reads them."""

from __future__ import annotations

import pytest

from ratchet.local_aws.sagemaker.containers.errors import UserError
from ratchet.local_aws.sagemaker.containers.xgboost.hyperparameters import read, unsupported


def test_texts_become_numbers_lists_and_canonical_names() -> None:
    raw = {
        "num_round": "50",
        "learning_rate": "0.2",
        "objective": "binary:logistic",
        "eval_metric": "error@0.7, auc",
        "seed": "7",
    }
    assert read(raw) == {
        "num_round": 50,
        "eta": 0.2,
        "objective": "binary:logistic",
        "eval_metric": ["error@0.7", "auc"],
        "seed": 7,
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"num_rounds": "5"}, "hyperparameter found: num_rounds (did you mean num_round?)"),
        ({"subsample": "0"}, "subsample: 0 is not in (0, 1]"),
        ({"max_depth": "deep"}, "max_depth: could not parse value 'deep'"),
        ({"booster": "forest"}, "booster: forest is not in"),
        ({"eval_metric": "roc"}, "eval_metric: value roc is not in"),
        ({"eval_metric": "auc@0.5"}, "Metric 'auc@0.5' is not supported"),
        ({"eval_metric": "auc"}, "'auc' can only be applied for classification"),
        ({"objective": "multi:softmax"}, "Require input for parameter 'num_class'"),
        ({"monotone_constraints": "(1,0)"}, "only when the tree_method parameter is set"),
        ({"monotone_constraints": "(1,2)", "tree_method": "hist"}, "must hold -1, 0 and 1"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_value(changes: dict[str, str], expected: str) -> None:
    with pytest.raises(UserError) as caught:
        read({"num_round": "5", **changes})
    assert expected in str(caught.value)


def test_rounds_are_required() -> None:
    with pytest.raises(UserError, match="Missing required hyperparameter: num_round"):
        read({})


def test_what_only_the_container_on_aws_can_do_has_another_refusal() -> None:
    assert unsupported({"num_round": "5", "max_dept": "3"}) is None
    assert "scikit-learn" in str(unsupported({"eval_metric": "auc,accuracy"}))
    assert "GPU" in str(unsupported({"tree_method": "gpu_hist"}))
