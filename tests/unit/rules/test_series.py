"""Promise and truth: what a champion did on the next batch, beside what it had promised."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from unit_model import FORMER

from retraining.documents.run_record import Arrival, RunRecord
from retraining.documents.verdict import Promise
from retraining.rules import series


def run(token: int, value: float, data_state: str = "TRAINED", metric: str = "auc") -> RunRecord:
    arrival = Arrival(
        champion="bank-000001",
        rows=400,
        metric=metric,
        value=value,
        lift=value - 0.5,
        missed=False,
        promised=0.8,
        promised_lift=0.3,
    )
    return RunRecord(pipeline="bank", token=token, data_state=data_state, arrival=arrival)


def test_the_series_is_that_of_the_batches_that_are_trained_on() -> None:
    """A batch that was set aside says nothing about the model; a first run met no champion."""
    first = RunRecord(pipeline="bank", token=1, data_state="TRAINED")
    found = series.earlier([first, run(2, 0.7), run(3, 0.5, "SUSPECT"), run(4, 0.75)], "auc")
    assert [(one.run, one.arrival) for one in found] == [
        ("bank-000002", 0.7),
        ("bank-000004", 0.75),
    ]
    assert {(one.promised, one.promised_lift) for one in found} == {(0.8, 0.3)}


def test_values_of_two_metrics_are_never_in_one_series() -> None:
    """After a push of another metric an auc of 0.8 says nothing about a loss of 0.3."""
    runs = [run(2, 0.7), run(3, 0.3, metric="logloss")]
    assert [one.arrival for one in series.earlier(runs, "logloss")] == [0.3]
    promise = Promise(
        holdout="fresh",
        metric="auc",
        value=0.8,
        lift=0.3,
        expected=None,
        lower=None,
        upper=None,
        promises_kept=0,
    )
    champion = replace(FORMER, promise=promise)
    assert series.promised(champion, "auc") == promise
    assert series.promised(champion, "logloss") is None
    assert series.promised(FORMER, "auc") is None
    assert series.promised(None, "auc") is None


@pytest.mark.parametrize(
    ("champion", "again", "value", "missed"),
    [
        (FORMER, False, 0.7, False),
        (FORMER, False, 0.5, True),
        (FORMER, False, None, False),
        (None, False, 0.7, None),
        (FORMER, True, 0.7, None),
    ],
)
def test_what_a_champion_did_is_told_of_rows_that_have_just_come(
    champion: Any, again: bool, value: float | None, missed: bool | None
) -> None:
    """A batch that is judged again has arrived before; None: nothing is told."""
    gate = {
        "metric": "auc",
        "minimum": 0.6,
        "rule": "guard",
        "margin": 0.01,
        "confidence": 0.95,
        "min_holdout_rows": 100,
        "approval": "auto",
        "undecided_settings": "keep",
        "slices": {},
    }
    definition = SimpleNamespace(section=lambda _: gate)
    manifest: Any = SimpleNamespace(champion=champion, again=again, definition=definition)
    rows = SimpleNamespace(rows=400, value=value, lift=None)
    measured: Any = SimpleNamespace(on=lambda *_: rows)
    found = series.arrival(manifest, measured)
    assert (found.missed if found else None) is missed
    nothing: Any = SimpleNamespace(on=lambda *_: None)
    assert series.arrival(manifest, nothing) is None
