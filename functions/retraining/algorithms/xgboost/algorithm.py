"""SageMaker's built-in XGBoost: the row that the service reads."""

from __future__ import annotations

from typing import Final

from retraining.algorithms.algorithm import Algorithm, Image
from retraining.algorithms.scores import ScoreKind
from retraining.algorithms.xgboost import hyperparameters

ORDER: Final = frozenset({ScoreKind.ORDER})
ESTIMATE: Final = frozenset({ScoreKind.ORDER, ScoreKind.NUMBER})
NOT_ONE_SCORE: Final[frozenset[ScoreKind]] = frozenset()

OBJECTIVES: Final = {
    "binary:logistic": frozenset({ScoreKind.ORDER, ScoreKind.PROBABILITY}),
    "binary:hinge": frozenset({ScoreKind.ORDER, ScoreKind.BINARY_CLASS}),
    "binary:logitraw": ORDER,
    "reg:squarederror": ESTIMATE,
    "reg:logistic": ESTIMATE | {ScoreKind.PROBABILITY},
    "reg:gamma": ESTIMATE,
    "reg:linear": ESTIMATE,
    "reg:pseudohubererror": ESTIMATE,
    "reg:squaredlogerror": ESTIMATE,
    "reg:tweedie": ESTIMATE,
    "count:poisson": frozenset({ScoreKind.COUNT}),
    "multi:softmax": frozenset({ScoreKind.CLASS}),
    "multi:softprob": frozenset({ScoreKind.PROBABILITIES}),
    "rank:map": ORDER,
    "rank:ndcg": ORDER,
    "rank:pairwise": ORDER,
    "survival:aft": NOT_ONE_SCORE,
    "survival:cox": NOT_ONE_SCORE,
}

TWO_CLASSES: Final = (0, 1)
LABELS: Final = {  # "label must be in [0,1] for logistic regression" is how training would end
    "binary:logistic": TWO_CLASSES,
    "binary:hinge": TWO_CLASSES,
    "binary:logitraw": TWO_CLASSES,
    "reg:logistic": TWO_CLASSES,
}
CLASSES: Final = {"multi:softmax": "num_class", "multi:softprob": "num_class"}

# Developer guide, "Tune an XGBoost Model": what a tuning job may search, and what it may go by.
TUNABLE: Final = {
    **dict.fromkeys(("max_delta_step", "max_depth", "num_round"), "integer"),
    **dict.fromkeys(
        (
            "alpha", "colsample_bylevel", "colsample_bynode", "colsample_bytree", "eta", "gamma",
            "lambda", "min_child_weight", "subsample",
        ),
        "continuous",
    ),
}  # fmt: skip
SEARCHED_BY: Final = {  # of two classes, and of several: the nearest that the image reports
    "auc": ("auc", "auc"),
    "accuracy": ("error", "merror"),
    "f1": ("logloss", "mlogloss"),
    "macro_f1": ("logloss", "mlogloss"),
    "logloss": ("logloss", "mlogloss"),
    "mlogloss": ("logloss", "mlogloss"),
    "rmse": ("rmse", "rmse"),
    "mae": ("mae", "mae"),
}
MAXIMIZED: Final = frozenset(("auc",))

ALGORITHM: Final = Algorithm(
    name="xgboost",
    title="built-in XGBoost",
    image=Image("sagemaker-xgboost:3.2-0"),
    artifact="xgboost-model",
    hyperparameters={**hyperparameters.TABLE, "objective": hyperparameters.one_of(OBJECTIVES)},
    aliases=hyperparameters.ALIASES,
    refused=hyperparameters.REFUSED,
    required={"num_round": "100"},
    objectives=OBJECTIVES,
    default_objective="reg:squarederror",
    labels=LABELS,
    classes=CLASSES,
    tunable=TUNABLE,
    searched_by=SEARCHED_BY,
    maximized=MAXIMIZED,
    together=hyperparameters.TOGETHER,
)
