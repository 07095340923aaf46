"""The hyperparameters of SageMaker's built-in XGBoost 3.2: names, ranges, what excludes what.

Source: the image's own table, `algorithm_mode/hyperparameter_validation.py` in
github.com/aws/sagemaker-xgboost-container, and the developer guide's "XGBoost hyperparameters".
The image fails a job whose hyperparameters it does not know; here a push fails first.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Final

from retraining.algorithms.hyperparameters import Check, choice, number, whole
from retraining.algorithms.ranges import Range

AT_LEAST_0: Final = number(Range(0))
SHARE: Final = number(Range(0, 1))
SHARE_ABOVE_0: Final = number(Range(0, 1, open_low=True))
COUNT: Final = whole(Range(1))
SWITCH: Final = whole(Range(0, 1))

EVAL_METRICS: Final = (
    "accuracy", "aft-nloglik", "auc", "aucpr", "balanced_accuracy", "cox-nloglik", "error", "f1",
    "f1_binary", "f1_macro", "gamma-deviance", "gamma-nloglik", "interval-regression-accuracy",
    "logloss", "mae", "map", "mape", "merror", "mlogloss", "mphe", "mse", "ndcg",
    "poisson-nloglik", "precision", "precision_macro", "precision_micro", "r2", "recall",
    "recall_macro", "recall_micro", "rmse", "rmsle", "tweedie-nloglik",
)  # fmt: skip
WITH_THRESHOLD: Final = ("error", "map", "ndcg")

ALIASES: Final = {
    "learning_rate": "eta",
    "min_split_loss": "gamma",
    "reg_alpha": "alpha",
    "reg_lambda": "lambda",
}

DROPPED: Final = "XGBoost 3 no longer has it"
NO_EARLIER_MODEL: Final = "not supported: a run trains from scratch and updates no earlier model"
NO_CROSS_VALIDATION: Final = "not supported: a run judges one model, on its own holdouts"
REFUSED: Final = {
    "_kfold": NO_CROSS_VALIDATION,
    "_num_cv_round": NO_CROSS_VALIDATION,
    "_tuning_objective_metric": "for tuning jobs only; name the metric in eval_metric",
    "deterministic_histogram": DROPPED,
    "dsplit": DROPPED,
    "predictor": DROPPED,
    "prob_buffer_row": DROPPED,
    "process_type": NO_EARLIER_MODEL,
    "refresh_leaf": NO_EARLIER_MODEL,
    "single_precision_histogram": DROPPED,
    "sketch_eps": f"{DROPPED}; use max_bin",
    "updater": "XGBoost advises against choosing tree updaters; use tree_method",
}


def one_of(names: Iterable[str]) -> Check:
    """One of names too many to list in a message."""
    known = tuple(names)
    return lambda text: None if text in known else f"one that XGBoost knows{_near(text, known)}"


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" ({near[0]}?)" if near else ""


def _eval_metric(text: str) -> str | None:
    unknown = [name for each in text.split(",") if not _is_metric(name := each.strip())]
    if not unknown:
        return None
    return f"metrics that XGBoost knows, between commas{_near(unknown[0], EVAL_METRICS)}"


def _is_metric(name: str) -> bool:
    base, at, threshold = name.partition("@")
    if not at:
        return name in EVAL_METRICS
    return base in WITH_THRESHOLD and number(Range())(threshold) is None


def _no_weights(text: str) -> str | None:
    return None if text == "0" else "0: prepared data has no weight column"


def _monotone(text: str) -> str | None:
    parts = text.strip().strip("()[]").split(",")
    signs = {part.strip() for part in parts if part.strip()}
    return None if signs <= {"-1", "0", "1"} else "-1, 0 or 1 for each feature, such as (1,0,-1)"


def _interactions(text: str) -> str | None:
    wanted = "lists of feature numbers, such as [[1,2],[3,4]]"
    try:
        groups = json.loads(text)
        known = all(isinstance(item, int) and item >= 1 for group in groups for item in group)
    except (json.JSONDecodeError, TypeError):
        return wanted
    return None if known else wanted


TABLE: Final[Mapping[str, Check]] = {
    "aft_loss_distribution": choice("normal", "logistic", "extreme"),
    "aft_loss_distribution_scale": AT_LEAST_0,
    "alpha": AT_LEAST_0,
    "base_score": AT_LEAST_0,
    "booster": choice("gbtree", "gblinear", "dart"),
    "colsample_bylevel": SHARE_ABOVE_0,
    "colsample_bynode": SHARE_ABOVE_0,
    "colsample_bytree": SHARE_ABOVE_0,
    "csv_weights": _no_weights,
    "early_stopping_rounds": COUNT,
    "eta": SHARE,
    "eval_metric": _eval_metric,
    "gamma": AT_LEAST_0,
    "grow_policy": choice("depthwise", "lossguide"),
    "huber_slope": AT_LEAST_0,
    "interaction_constraints": _interactions,
    "lambda": AT_LEAST_0,
    "lambda_bias": SHARE,
    "max_bin": whole(Range(0)),
    "max_delta_step": AT_LEAST_0,
    "max_depth": whole(Range(0)),
    "max_leaves": whole(Range(0)),
    "min_child_weight": AT_LEAST_0,
    "monotone_constraints": _monotone,
    "normalize_type": choice("tree", "forest"),
    "nthread": COUNT,
    "num_class": whole(Range(2)),
    "num_parallel_tree": COUNT,
    "num_round": COUNT,
    "one_drop": SWITCH,
    "rate_drop": SHARE,
    "sample_type": choice("uniform", "weighted"),
    "sampling_method": choice("uniform", "gradient_based"),
    "save_model_on_termination": choice("true", "false"),
    "scale_pos_weight": number(Range(0, open_low=True)),
    "seed": whole(Range(-(2**31), 2**31 - 1, open_low=True, open_high=True)),
    "skip_drop": SHARE,
    "subsample": SHARE_ABOVE_0,
    "tree_method": choice("auto", "exact", "approx", "hist"),
    "tweedie_variance_power": number(Range(1, 2, open_low=True, open_high=True)),
    "use_dask_gpu_training": choice("true", "false"),
    "verbosity": whole(Range(0, 3)),
}


def _classes(texts: Mapping[str, str]) -> list[str]:
    objective = texts.get("objective", "")
    if not objective.startswith("multi:") or "num_class" in texts:
        return []
    return [f"num_class: missing; objective {objective} requires it"]


def _metrics_of_objective(texts: Mapping[str, str]) -> list[str]:
    metrics = [name.strip() for name in texts.get("eval_metric", "").split(",")]
    objective = texts.get("objective", "reg:squarederror")
    found = []
    if "auc" in metrics and not objective.startswith(("binary:", "rank:")):
        found.append(f"eval_metric: auc needs an objective binary:... or rank:..., not {objective}")
    if "aft-nloglik" in metrics and objective != "survival:aft":
        found.append(f"eval_metric: aft-nloglik needs objective survival:aft, not {objective}")
    return found


def _constraints(texts: Mapping[str, str]) -> list[str]:
    needed = {
        "monotone_constraints": ("exact", "hist"),
        "interaction_constraints": ("approx", "exact", "hist"),
    }
    return [
        f"{name}: needs tree_method {' or '.join(methods)}"
        for name, methods in needed.items()
        if name in texts and texts.get("tree_method") not in methods
    ]


TOGETHER: Final = (_classes, _metrics_of_objective, _constraints)
