"""The hyperparameters of built-in XGBoost: names, kinds, ranges, as its container checks them.

Source: the container's `algorithm_mode/hyperparameter_validation.py` and the developer guide's
page "XGBoost hyperparameters". xgboost itself silently ignores a name it does not know.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.local_aws.sagemaker.containers.errors import UserError

MAXIMIZE = ("auc", "aucpr", "map", "ndcg")
MINIMIZE = (
    "aft-nloglik", "cox-nloglik", "error", "gamma-deviance", "gamma-nloglik",
    "interval-regression-accuracy", "logloss", "mae", "mape", "merror", "mlogloss", "mphe",
    "poisson-nloglik", "rmse", "rmsle", "tweedie-nloglik",
)  # fmt: skip
THRESHOLD_METRICS = ("error", "ndcg", "map")
SCIKIT_LEARN_METRICS = (
    "accuracy", "balanced_accuracy", "f1", "f1_binary", "f1_macro", "mse", "precision",
    "precision_macro", "precision_micro", "r2", "recall", "recall_macro", "recall_micro",
)  # fmt: skip
OBJECTIVES = (
    "binary:logistic", "binary:logitraw", "binary:hinge", "count:poisson", "multi:softmax",
    "multi:softprob", "rank:pairwise", "rank:ndcg", "rank:map", "reg:squarederror", "reg:linear",
    "reg:logistic", "reg:gamma", "reg:pseudohubererror", "reg:squaredlogerror", "reg:tweedie",
    "survival:aft", "survival:cox",
)  # fmt: skip

UNSUPPORTED = {
    "_kfold": "cross validation is not part of local AWS",
    "_num_cv_round": "cross validation is not part of local AWS",
    "_tuning_objective_metric": "a tuning job names its metric itself; name others in eval_metric",
    "use_dask_gpu_training": "there is no GPU training on local AWS",
    "deterministic_histogram": "xgboost 3.2 has dropped it",
    "dsplit": "xgboost 3.2 has dropped it",
    "predictor": "xgboost 3.2 has dropped it",
    "prob_buffer_row": "xgboost 3.2 has dropped it",
    "single_precision_histogram": "xgboost 3.2 has dropped it",
    "sketch_eps": "xgboost 3.2 has dropped it; use max_bin",
    "process_type": "updating an earlier model is not part of local AWS",
    "updater": "choosing tree updaters is not part of local AWS; use tree_method",
    "refresh_leaf": "updating an earlier model is not part of local AWS",
}
"""Known to the container, not supported here: refused when the job is created."""

ALIASES = {
    "learning_rate": "eta",
    "min_split_loss": "gamma",
    "reg_lambda": "lambda",
    "reg_alpha": "alpha",
}


@dataclass(frozen=True)
class Interval:
    """A range of numbers; an open end is not part of it."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def __contains__(self, value: float) -> bool:
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return above and below

    def __str__(self) -> str:
        left = "(" if self.open_low or self.low == -math.inf else "["
        right = ")" if self.open_high or self.high == math.inf else "]"
        return f"{left}{self.low:g}, {self.high:g}{right}"


@dataclass(frozen=True)
class Hyperparameter:
    """One hyperparameter: how its text is read and which values it may have."""

    read: Callable[[str], Any]
    allowed: Interval | tuple[str, ...]


def _integer(low: float, high: float = math.inf) -> Hyperparameter:
    return Hyperparameter(int, Interval(low, high))


def _number(
    low: float, high: float = math.inf, *, open_low: bool = False, open_high: bool = False
) -> Hyperparameter:
    return Hyperparameter(float, Interval(low, high, open_low, open_high))


def _choice(*values: str) -> Hyperparameter:
    return Hyperparameter(str, values)


def _share() -> Hyperparameter:
    return _number(0, 1, open_low=True)


KNOWN: Mapping[str, Hyperparameter] = {
    "num_round": _integer(1),
    "early_stopping_rounds": _integer(1),
    "csv_weights": _integer(0, 1),
    "booster": _choice("gbtree", "gblinear", "dart"),
    "verbosity": _integer(0, 3),
    "nthread": _integer(1),
    "eta": _number(0, 1),
    "gamma": _number(0),
    "max_depth": _integer(0),
    "min_child_weight": _number(0),
    "max_delta_step": _number(0),
    "subsample": _share(),
    "sampling_method": _choice("uniform", "gradient_based"),
    "colsample_bytree": _share(),
    "colsample_bylevel": _share(),
    "colsample_bynode": _share(),
    "lambda": _number(0),
    "alpha": _number(0),
    "tree_method": _choice("auto", "exact", "approx", "hist"),
    "scale_pos_weight": _number(0, open_low=True),
    "grow_policy": _choice("depthwise", "lossguide"),
    "max_leaves": _integer(0),
    "max_bin": _integer(0),
    "num_parallel_tree": _integer(1),
    "monotone_constraints": Hyperparameter(str, Interval()),
    "interaction_constraints": Hyperparameter(str, Interval()),
    "sample_type": _choice("uniform", "weighted"),
    "normalize_type": _choice("tree", "forest"),
    "rate_drop": _number(0, 1),
    "one_drop": _integer(0, 1),
    "skip_drop": _number(0, 1),
    "lambda_bias": _number(0, 1),
    "objective": _choice(*OBJECTIVES),
    "num_class": _integer(2),
    "base_score": _number(0),
    "eval_metric": Hyperparameter(str, Interval()),
    "tweedie_variance_power": _number(1, 2, open_low=True, open_high=True),
    "aft_loss_distribution": _choice("normal", "logistic", "extreme"),
    "aft_loss_distribution_scale": _number(0),
    "huber_slope": _number(0),
    "seed": Hyperparameter(int, Interval(-(2**31), 2**31 - 1, open_low=True, open_high=True)),
    "save_model_on_termination": _choice("true", "false"),
}


def unsupported(raw: Mapping[str, str]) -> str | None:
    """Why local AWS cannot train with these, though the container on AWS could; None if it can."""
    for name in raw:
        if name in UNSUPPORTED:
            return f"hyperparameter {name}: {UNSUPPORTED[name]}"
    if raw.get("save_model_on_termination") == "true":
        return "hyperparameter save_model_on_termination: local AWS keeps no intermediate model"
    if raw.get("tree_method", "").startswith("gpu"):
        return f"hyperparameter tree_method={raw['tree_method']}: there is no GPU on local AWS"
    return _unsupported_metric(raw.get("eval_metric", ""))


def _unsupported_metric(text: str) -> str | None:
    found = [name for name in _metrics(text) if name in SCIKIT_LEARN_METRICS]
    if not found:
        return None
    known = ", ".join(sorted(MAXIMIZE + MINIMIZE))
    return f"eval_metric {found[0]} needs scikit-learn; local AWS computes {known}"


def read(raw: Mapping[str, str]) -> dict[str, Any]:
    """The typed hyperparameters of a job's text ones; raises UserError naming the first fault."""
    named = {ALIASES.get(name, name): value for name, value in raw.items()}
    if "num_round" not in named:
        raise UserError("Missing required hyperparameter: num_round")
    typed = {name: _read_one(name, value) for name, value in named.items()}
    _check_together(typed)
    return typed


def _read_one(name: str, value: str) -> Any:
    known = KNOWN.get(name)
    if known is None:
        raise UserError(f"Extraneous hyperparameter found: {name}{_nearest(name)}")
    if name in READERS:
        return READERS[name](value)
    try:
        typed = known.read(value)
    except ValueError as error:
        raise UserError(f"Hyperparameter {name}: could not parse value {value!r}") from error
    if typed not in known.allowed:
        raise UserError(f"Hyperparameter {name}: {value} is not in {known.allowed}")
    return typed


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, [*KNOWN, *ALIASES], n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _metrics(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _read_metrics(text: str) -> list[str]:
    names = _metrics(text)
    for name in names:
        _check_metric(name)
    if not names:
        raise UserError("Hyperparameter eval_metric: no metric is named")
    return names


def _check_metric(name: str) -> None:
    base, at, threshold = name.partition("@")
    if not at and name not in MAXIMIZE + MINIMIZE:
        known = ", ".join(sorted(MAXIMIZE + MINIMIZE))
        raise UserError(f"Hyperparameter eval_metric: value {name} is not in {known}")
    if at and base not in THRESHOLD_METRICS:
        allowed = ", ".join(f"{metric}@t" for metric in THRESHOLD_METRICS)
        raise UserError(
            f"Metric '{name}' is not supported. With a threshold it must be one of {allowed}."
        )
    if at:
        _check_threshold(base, threshold)


def _check_threshold(base: str, threshold: str) -> None:
    try:
        float(threshold)
    except ValueError as error:
        raise UserError(f"Threshold value 't' in '{base}@t' expects float input.") from error


def _read_monotone(text: str) -> str:
    values = _numbers(text.strip().strip("()[]"), "monotone_constraints")
    if any(value not in (-1, 0, 1) for value in values):
        raise UserError(f"Hyperparameter monotone_constraints: {text} must hold -1, 0 and 1 only")
    return "(" + ",".join(str(value) for value in values) + ")"


def _read_interactions(text: str) -> str:
    try:
        groups = json.loads(text)
        valid = all(isinstance(index, int) and index >= 1 for group in groups for index in group)
    except (json.JSONDecodeError, TypeError) as error:
        raise UserError(
            f"Hyperparameter interaction_constraints: could not parse value {text!r}"
        ) from error
    if not valid:
        raise UserError(f"Hyperparameter interaction_constraints: value {text} not in [1, inf)")
    return json.dumps(groups)


def _numbers(text: str, name: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise UserError(f"Hyperparameter {name}: could not parse value {text!r}") from error


READERS: Mapping[str, Callable[[str], Any]] = {
    "eval_metric": _read_metrics,
    "monotone_constraints": _read_monotone,
    "interaction_constraints": _read_interactions,
}


def _check_together(typed: Mapping[str, Any]) -> None:
    objective = typed.get("objective", "reg:squarederror")
    if objective.startswith("multi:") and "num_class" not in typed:
        raise UserError("Require input for parameter 'num_class' for multi-classification")
    if "auc" in typed.get("eval_metric", []) and objective.split(":")[0] not in ("binary", "rank"):
        raise UserError("Metric 'auc' can only be applied for classification and ranking problems.")
    if "aft-nloglik" in typed.get("eval_metric", []) and objective != "survival:aft":
        raise UserError("Metric 'aft-nloglik' can only be applied for 'survival:aft' objective.")
    _check_constraints(typed)


def _check_constraints(typed: Mapping[str, Any]) -> None:
    method = typed.get("tree_method")
    if "monotone_constraints" in typed and method not in ("exact", "hist"):
        raise UserError(
            "monotone_constraints can be used only when the tree_method parameter is set to "
            "either 'exact' or 'hist'."
        )
    if "interaction_constraints" in typed and method not in ("exact", "hist", "approx"):
        raise UserError(
            "interaction_constraints can be used only when the tree_method parameter is set to "
            "either 'exact', 'hist' or 'approx'."
        )


def aimed_at(metric: str, kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """Such that training reports the metric of a tuning job, as the container evaluates it beside
    those of eval_metric (`get_union_metrics` in its `train_utils.py`)."""
    channel, _, name = metric.partition(":")
    known = [*MAXIMIZE, *MINIMIZE]
    if channel not in ("train", "validation") or name not in known:
        shown = ", ".join(f"validation:{one}" for one in sorted(known))
        raise UserError(
            f"The objective metric for the hyperparameter tuning job, [{metric}], isn't valid for "
            f"the [xgboost] algorithm. Choose a valid objective metric: [{shown}]."
        )
    if kind != ("Maximize" if maximizes(name) else "Minimize"):
        raise UserError(
            f"The objective metric type, [{kind}], that you specified for objective metric, "
            f"[{metric}], isn't valid for the [xgboost] algorithm. Choose a valid objective metric "
            "type."
        )
    named = _metrics(given.get("eval_metric", ""))
    return {**given, "eval_metric": ",".join(dict.fromkeys([*named, name]))}


def maximizes(metric: str) -> bool:
    """Whether a larger value of the metric is better (early stopping needs to know)."""
    return metric.partition("@")[0] in MAXIMIZE
