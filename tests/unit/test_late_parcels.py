"""The figures of pipelines/late-parcels/README.md, by its own features, settings and split."""

from __future__ import annotations

import importlib.util
import io
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost
import yaml
from unit_world import auc

FOLDER = Path(__file__).parents[2] / "pipelines" / "late-parcels"
MONTHS = 5


def module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"late_parcels_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def month(number: int) -> tuple[Any, Any, Any]:
    """Features, labels and days of a month."""
    data = module("sample_data")
    lines = [data.HEADER, *data.parcels(6000, date(2024, number, 1), 3)]
    rows = pd.read_csv(io.StringIO("\n".join(lines)), sep=";", parse_dates=["day"])
    made = module("features").features(rows).astype(float).to_numpy()
    return made, rows["late"].to_numpy(float), rows["day"].dt.day.to_numpy()


@pytest.fixture(scope="module")
def told() -> list[tuple[float, float]]:
    """Promised, and on arrival one month later, of each month's models."""
    settings = dict(yaml.safe_load((FOLDER / "pipeline.yaml").read_text())["training"])
    parameters = {**settings["hyperparameters"], "nthread": 1}
    rounds = parameters.pop("num_round")
    assert settings["refit"] is True

    def fitted(parts: list[tuple[Any, Any]]) -> xgboost.Booster:
        features, labels = (np.concatenate(both) for both in zip(*parts, strict=True))
        return xgboost.train(parameters, xgboost.DMatrix(features, labels), rounds)

    def value(model: xgboost.Booster, features: Any, labels: Any) -> float:
        return auc(labels, model.predict(xgboost.DMatrix(features)).astype(float))

    known: list[tuple[Any, Any]] = []
    found = []
    for number in range(1, MONTHS + 1):
        features, labels, days = month(number)
        arrived = value(fitted(known), features, labels) if known else 0.0
        held, old = days > np.quantile(days, 0.85), days <= np.quantile(days, 0.70)
        challenger = fitted([*known, (features[old], labels[old])])
        found.append((value(challenger, features[held], labels[held]), arrived))
        known.append((features, labels))
    return found


def test_the_serving_model_does_on_each_new_month_as_the_page_says(
    told: list[tuple[float, float]],
) -> None:
    assert all(0.745 < arrived < 0.785 for _, arrived in told[1:]), told


def test_what_is_promised_is_near_what_comes_true(told: list[tuple[float, float]]) -> None:
    apart = [promised - arrived for (promised, _), (_, arrived) in pairwise(told)]
    assert all(abs(one) < 0.045 for one in apart), apart
    assert abs(float(np.mean(apart))) < 0.02, apart
