"""benchmarks/online_retail.py: what its models know of the lines they are judged on."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "online_retail.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    found = importlib.util.spec_from_file_location("online_retail_benchmark", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return module


def invoices() -> pd.DataFrame:
    """200 lines of 5 products and two kinds of bookkeeping."""
    chance = np.random.default_rng(1)
    count = 200
    invoice = chance.integers(536365, 536400, count).astype(str)
    return pd.DataFrame(
        {
            "InvoiceNo": np.where(chance.random(count) < 0.1, np.char.add("C", invoice), invoice),
            "StockCode": chance.choice(["85123A", "71053", "84406B", "22752", "POST", "M"], count),
            "CustomerID": np.where(chance.random(count) < 0.3, None, "17850.0"),
            "Quantity": chance.integers(-5, 40, count),
            "UnitPrice": chance.lognormal(1, 1, count).round(2),
        }
    )


def test_the_sides_are_seven_two_and_one_tenths_of_the_lines(script: ModuleType) -> None:
    given = script.cut(invoices(), script.SPLIT)
    sizes = {side: len(given.lines[part]) for side, part in given.sides.items()}
    assert sizes == {"train": 140, "validation": 40, "test": 20}
    assert sorted(given.price) == sorted(invoices()["UnitPrice"])


def test_features_are_learnt_from_the_training_lines_alone(script: ModuleType) -> None:
    """Held-out lines of another price, with a product of no training line, or gone: the features
    of all that are left stay as they were, but for the lines of their invoice."""
    given = script.cut(invoices(), script.SPLIT)
    train = given.lines[given.sides["train"]]
    features = script.ours(given.lines, train)
    dearer = given.lines.copy()
    dearer.loc[dearer.index >= len(train), "UnitPrice"] *= 1000
    pd.testing.assert_frame_equal(script.ours(dearer, train), features)
    dearer.loc[dearer.index[-1], "StockCode"] = "AAA"
    left = dearer.drop(dearer.index[-20:-1])
    again = script.ours(left, train)
    unseen = again.iloc[-1]
    assert np.isnan(unseen["product"])
    assert unseen["usual"] == pytest.approx(train["UnitPrice"].mean())
    fixed = features.columns.drop("lines")
    wanted = features.loc[again.index[:-1], fixed]
    pd.testing.assert_frame_equal(again[:-1][fixed], wanted, check_dtype=False)


def test_the_share_of_the_few_and_the_error_without_them_add_up(script: ModuleType) -> None:
    given = script.cut(invoices(), script.SPLIT)
    said = script.mean_price(given)
    held, rest = script.share(given, said)
    whole = script.errors(given, said)["validation"]
    assert 0 < held < 1
    assert rest**2 * (40 - script.FEW) == pytest.approx((1 - held) * whole**2 * 40)
