"""The hyperparameters of SageMaker's built-in XGBoost, whose images fail a job that has others.

Source: the images' own table, `algorithm_mode/hyperparameter_validation.py` in
github.com/aws/sagemaker-xgboost-container, and the developer guide's "XGBoost hyperparameters".
"""

from __future__ import annotations

from typing import Final

from ratchet.workflow.similar_names import did_you_mean

XGBOOST: Final = frozenset(
    """
    _kfold _num_cv_round _tuning_objective_metric aft_loss_distribution aft_loss_distribution_scale
    alpha base_score booster colsample_bylevel colsample_bynode colsample_bytree csv_weights
    deterministic_histogram dsplit early_stopping_rounds eta eval_metric gamma grow_policy
    huber_slope interaction_constraints lambda lambda_bias learning_rate max_bin max_delta_step
    max_depth max_leaves min_child_weight min_split_loss monotone_constraints normalize_type
    nthread num_class num_parallel_tree num_round objective one_drop predictor prob_buffer_row
    process_type rate_drop refresh_leaf reg_alpha reg_lambda sample_type sampling_method
    save_model_on_termination scale_pos_weight seed single_precision_histogram sketch_eps skip_drop
    subsample tree_method tweedie_variance_power updater use_dask_gpu_training verbosity
    """.split()  # noqa: SIM905 - a page of names is easier to read than a page of quotes
)
OF_SOME_IMAGES: Final = frozenset(
    {"max_cat_threshold", "max_cat_to_onehot", "seed_per_iteration", "silent"}
)
"""What images of other versions take: no warning, as the image is yours to choose."""


def problem(name: str) -> str | None:
    """What is wrong with a hyperparameter's name for built-in XGBoost; None: nothing."""
    if name in XGBOOST or name in OF_SOME_IMAGES:
        return None
    hint = did_you_mean(name, XGBOOST)
    return f"'{name}' is not a hyperparameter of built-in XGBoost: the job would fail{hint}"
