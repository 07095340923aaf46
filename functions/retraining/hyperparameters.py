"""The hyperparameters of SageMaker's built-in XGBoost, which accepts unknown ones silently.

Source: Amazon SageMaker AI developer guide, "XGBoost hyperparameters".
"""

from __future__ import annotations

import difflib
from typing import Final

NAMES: Final = """
    alpha base_score booster colsample_bylevel colsample_bynode colsample_bytree csv_weights
    deterministic_histogram early_stopping_rounds eta eval_metric gamma grow_policy
    interaction_constraints lambda lambda_bias max_bin max_delta_step max_depth max_leaves
    min_child_weight monotone_constraints normalize_type nthread num_class num_round objective
    one_drop process_type rate_drop refresh_leaf sample_type scale_pos_weight seed
    single_precision_histogram sketch_eps skip_drop subsample tree_method
    tweedie_variance_power updater use_dask_gpu_training verbosity
    """
XGBOOST: Final = frozenset(NAMES.split())

PROBABILITIES: Final = ("binary:logistic", "reg:logistic")
METRIC_OBJECTIVES: Final = {
    "auc": ("binary:", "reg:", "rank:"),
    "logloss": PROBABILITIES,
    "f1": (*PROBABILITIES, "binary:hinge"),
    "accuracy": (*PROBABILITIES, "binary:hinge", "multi:softmax"),
    "rmse": ("reg:", "count:"),
    "mae": ("reg:", "count:"),
}

Value = str | int | float | bool


def problems(chosen: dict[str, Value], metric: str) -> list[str]:
    """What is wrong with the hyperparameters of a pipeline whose gate reads `metric`, by name."""
    found = [_unknown(name) for name in sorted(set(chosen) - XGBOOST)]
    found += _num_round(chosen)
    if str(chosen.get("csv_weights", "0")) not in ("0", "False", "false"):
        found.append("csv_weights: not supported: the prepared data carries no weight column")
    objective = str(chosen.get("objective", "reg:squarederror"))
    if not objective.startswith(METRIC_OBJECTIVES[metric]):
        fitting = ", ".join(METRIC_OBJECTIVES[metric])
        found.append(
            f"objective: {objective} gives no scores that metric {metric} can read;"
            f" objectives that do begin with: {fitting}"
        )
    return found


def as_text(value: Value) -> str:
    """A hyperparameter as CreateTrainingJob wants it: always text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, sorted(XGBOOST), n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(XGBOOST))}"
    return f"{name}: no hyperparameter of built-in XGBoost; {hint}"


def _num_round(chosen: dict[str, Value]) -> list[str]:
    if "num_round" not in chosen:
        return ["num_round: missing; built-in XGBoost requires it (for example num_round: 100)"]
    text = str(chosen["num_round"])
    return (
        [] if text.isdigit() and int(text) > 0 else [f"num_round: must be at least 1, not {text}"]
    )
