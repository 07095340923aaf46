"""Trains built-in XGBoost under the SageMaker container contract.

Usage: python -m ratchet.local_aws.sagemaker.containers.xgboost.train

Reads the folders that SM_INPUT_CONFIG_DIR, SM_CHANNEL_TRAIN, SM_CHANNEL_VALIDATION, SM_MODEL_DIR
and SM_OUTPUT_DIR name; writes `xgboost-model` (UBJSON), or `failure` and an exit code of 1.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ratchet.local_aws.sagemaker.containers.errors import ContainerError, UserError
from ratchet.local_aws.sagemaker.containers.xgboost import hyperparameters
from ratchet.local_aws.sagemaker.containers.xgboost.container import MODEL_FILE
from ratchet.local_aws.sagemaker.containers.xgboost.formats import LIBSVM, format_of, read
from ratchet.local_aws.sagemaker.containers.xgboost.lean import import_xgboost

CHANNELS = ("train", "validation")
THREADS = 2
"""Fixed, not the machine's: sums of floats depend on how many threads share them."""


def main() -> int:
    """Train; 0 when the model is written, 1 after writing why it is not."""
    try:
        train()
    except ContainerError as error:
        return _fail(str(error))
    except Exception:  # noqa: BLE001 - whatever went wrong belongs into output/failure
        return _fail(traceback.format_exc())
    return 0


def train() -> None:
    """Read the configuration and the channels, fit, save."""
    folder = Path(os.environ["SM_INPUT_CONFIG_DIR"])
    typed = hyperparameters.read(json.loads((folder / "hyperparameters.json").read_text()))
    channels = json.loads((folder / "inputdataconfig.json").read_text())
    _check_channels(channels)
    log("Running XGBoost Sagemaker in algorithm mode")
    xgboost = import_xgboost()
    xgboost.set_config(verbosity=typed.get("verbosity", 1))
    weighted = bool(typed.pop("csv_weights", 0))
    matrices = _matrices(channels, weighted=weighted)
    log("Single node training.")
    _log_sizes(matrices)
    _save(_fit(xgboost, typed, matrices))


def _check_channels(channels: dict[str, Any]) -> None:
    extra = sorted(set(channels) - set(CHANNELS))
    if extra:
        raise UserError(f"Extraneous channel found: {extra[0]}")
    if "train" not in channels:
        raise UserError("Missing required channel: train")


def _matrices(channels: dict[str, Any], *, weighted: bool) -> dict[str, Any]:
    """The channels' data, all in the format that the train channel states."""
    kinds = {name: format_of(stated.get("ContentType")) for name, stated in channels.items()}
    if len(set(kinds.values())) > 1:
        raise UserError(f"Channels differ in their format, and the container reads one: {kinds}")
    matrices = {
        name: read(
            Path(os.environ[f"SM_CHANNEL_{name.upper()}"]),
            kinds[name],
            weighted=weighted,
            threads=THREADS,
        )
        for name in CHANNELS
        if name in channels
    }
    if kinds["train"] != LIBSVM:
        _check_widths(matrices)
    return matrices


def _check_widths(matrices: dict[str, Any]) -> None:
    widths = {name: matrix.num_col() for name, matrix in matrices.items()}
    if len(set(widths.values())) > 1:
        raise UserError(f"Channels differ in their number of features: {widths}")


def _log_sizes(matrices: dict[str, Any]) -> None:
    matrix = matrices["train"]
    log(f"Train matrix has {matrix.num_row()} rows and {matrix.num_col()} columns")
    if "validation" in matrices:
        log(f"Validation matrix has {matrices['validation'].num_row()} rows")


def _fit(xgboost: Any, typed: dict[str, Any], matrices: dict[str, Any]) -> Any:
    rounds = typed.pop("num_round")
    typed.pop("save_model_on_termination", None)
    typed["nthread"] = min(typed.get("nthread", THREADS), THREADS)
    stop = _early_stopping(xgboost, typed, matrices)
    monitor = xgboost.callback.EvaluationMonitor(logger=_print)
    try:
        return xgboost.train(
            typed,
            matrices["train"],
            num_boost_round=rounds,
            evals=[(matrix, name) for name, matrix in matrices.items()],
            callbacks=[*stop, monitor],
            verbose_eval=False,
        )
    except xgboost.core.XGBoostError as error:
        raise UserError(f"XGB train call failed with exception:\n {error}") from error


def _early_stopping(xgboost: Any, typed: dict[str, Any], matrices: dict[str, Any]) -> list[Any]:
    """As the container: on the last metric, keeping the best model."""
    rounds = typed.pop("early_stopping_rounds", None)
    if rounds is None:
        return []
    metric = typed["eval_metric"][-1] if typed.get("eval_metric") else None
    return [
        xgboost.callback.EarlyStopping(
            rounds=rounds,
            metric_name=metric,
            data_name="validation" if "validation" in matrices else None,
            maximize=hyperparameters.maximizes(metric) if metric else None,
            save_best=True,
        )
    ]


def _save(booster: Any) -> None:
    path = Path(os.environ["SM_MODEL_DIR"]) / MODEL_FILE
    path.write_bytes(booster.save_raw(raw_format="ubj"))


def log(message: str) -> None:
    """One line in the container's format."""
    now = datetime.now(tz=UTC)
    _print(f"[{now:%Y-%m-%d:%H:%M:%S}:INFO] {message}\n")


def _print(text: str) -> None:
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def _fail(reason: str) -> int:
    text = f"framework error: \n{reason}"
    (Path(os.environ["SM_OUTPUT_DIR"]) / "failure").write_text(text, encoding="utf-8")
    _print(text)
    return 1


if __name__ == "__main__":
    sys.exit(main())
