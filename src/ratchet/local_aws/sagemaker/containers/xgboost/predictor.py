"""One loaded model and the text it reads and writes, the same for batch transform and endpoint."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from ratchet.local_aws.sagemaker.containers.errors import BadArtifact, BadPayload
from ratchet.local_aws.sagemaker.containers.xgboost.lean import import_xgboost

Row = Sequence[str]


class XGBoostPredictor:
    """An XGBoost model that answers rows of text.

    `features` is the number of columns it was trained on.
    """

    def __init__(self, model: bytes) -> None:
        xgboost = import_xgboost()
        self._matrix = xgboost.DMatrix
        self._booster = _load(xgboost, model)
        self.features: int = self._booster.num_features()
        config = json.loads(self._booster.save_config())
        self._linear: bool = config["learner"]["gradient_booster"]["name"] == "gblinear"

    def predict(self, rows: Sequence[Row]) -> list[str]:
        """One answer per row, as the container prints it: str() of a float, or of a list of them.

        Empty fields are missing values. Raises BadPayload 415 for text that is not a table of
        numbers, 400 for a number of columns other than the model's.
        """
        import numpy as np

        table: Any = np.asarray(_numbers(rows), dtype=np.float32)
        if table.shape[1] != self.features:
            raise BadPayload(
                400,
                f"Unable to evaluate payload provided: Feature size of csv inference data "
                f"{table.shape[1]} is not consistent with feature size of trained model "
                f"{self.features}.",
            )
        answers: list[Any] = self._scores(table).tolist()
        return [str(answer) for answer in answers]

    def _scores(self, table: Any) -> Any:
        if self._linear:
            return self._booster.predict(self._matrix(table, nthread=1), validate_features=False)
        return self._booster.inplace_predict(table, validate_features=False)


def _load(xgboost: Any, model: bytes) -> Any:
    booster = xgboost.Booster({"nthread": 1})
    try:
        booster.load_model(bytearray(model))
    except (xgboost.core.XGBoostError, ValueError, UnicodeDecodeError) as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else "no reason given"
        raise BadArtifact(f"xgboost-model cannot be loaded as a model: {reason}") from error
    return booster


def _numbers(rows: Sequence[Row]) -> list[list[float]]:
    try:
        table = [[float(text) if text else math.nan for text in row] for row in rows]
    except ValueError as error:
        raise BadPayload(415, _not_csv(error)) from error
    widths = {len(row) for row in table}
    if len(widths) != 1:
        raise BadPayload(415, _not_csv(f"rows have {sorted(widths)} columns"))
    return table


def _not_csv(reason: object) -> str:
    return (
        f"Loading csv data failed with Exception, please ensure data is in csv format:\n {reason}"
    )
