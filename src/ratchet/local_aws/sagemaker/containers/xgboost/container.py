"""SageMaker's built-in XGBoost, in the version of xgboost that is installed here."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ratchet.local_aws.sagemaker.containers.artifacts import read_single
from ratchet.local_aws.sagemaker.containers.container import Container, Framework, Predictor
from ratchet.local_aws.sagemaker.containers.xgboost import hyperparameters
from ratchet.local_aws.sagemaker.containers.xgboost.formats import format_of

MODEL_FILE = "xgboost-model"
CSV = "text/csv"
ROUND = re.compile(r"^\[\d+\]\t")
METRIC = re.compile(r"\t(train|validation)-([^:\t]+(?:@[^:\t]+)?):(\S+)")


@dataclass(frozen=True)
class BuiltInXGBoost:
    """The image's algorithm mode."""

    training_program: str = f"{__package__}.train"
    content_type: str = CSV

    def unsupported(self, given: Mapping[str, str]) -> str | None:
        return hyperparameters.unsupported(given)

    def check_channel(self, content_type: str | None) -> None:
        format_of(content_type)

    def metrics(self, line: str) -> list[tuple[str, float]]:
        """Those of a boosting round. CloudWatch takes no NaN, such as the AUC of one class."""
        found = METRIC.findall(line) if ROUND.match(line) else []
        values = [(f"{data}:{metric}", float(value)) for data, metric, value in found]
        return [(name, value) for name, value in values if math.isfinite(value)]

    def aimed_at(self, metric: str, kind: str, given: Mapping[str, str]) -> dict[str, str]:
        return hyperparameters.aimed_at(metric, kind, given)

    def load(self, archive: Path) -> tuple[Predictor, str]:
        from ratchet.local_aws.sagemaker.containers.xgboost.predictor import XGBoostPredictor

        model, digest = read_single(archive, MODEL_FILE)
        return XGBoostPredictor(model), digest


CONTAINERS = (
    Container(
        images=("sagemaker-xgboost:3.2-0",),
        framework=Framework("XGBoost", "xgboost", f"{__package__}.handlers"),
        algorithm=BuiltInXGBoost(),
    ),
)
