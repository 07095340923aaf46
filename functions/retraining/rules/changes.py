"""What a push changes, and what it may not: earlier rows and the champion must follow it."""

from __future__ import annotations

from typing import Any, Final

from retraining.algorithms.catalog import scores
from retraining.rules import classes, readable
from retraining.rules.metrics import METRICS
from retraining.rules.sections.data import key_columns

LABEL_VALUES: Final = "values of the label"
FROZEN: Final = ("data.label", LABEL_VALUES, "data.key", "split", "gate.cluster")


def frozen_changes(former: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What a push may not change once data is accepted: rows were identified and split by it."""
    pairs: dict[str, list[Any]] = {
        "data.label": [d["data"]["label"] for d in (former, new)],
        LABEL_VALUES: [{}, classes.renumbered(former, new)],
        "data.key": [key_columns(d["data"]["key"]) for d in (former, new)],
        "split": [d["split"] for d in (former, new)],
        "gate.cluster": [d["gate"]["cluster"] for d in (former, new)],
    }
    return [name for name in FROZEN if pairs[name][0] != pairs[name][1]]


def why_frozen(name: str, former: dict[str, Any], new: dict[str, Any]) -> str:
    """What earlier rows have to do with it."""
    if name != LABEL_VALUES:
        return "earlier rows were identified and split by the former one"
    numbers = [
        f"{text!r} was trained on as {before:g} and would be {after:g}"
        for text, (before, after) in classes.renumbered(former, new).items()
        if before is not None and after is not None
    ]
    if not numbers:
        return "what is trained on in their place would be something else"
    made = "their places in values, from 0" if classes.coded(new) else "themselves"
    return f"{'; '.join(numbers)}, as their numbers are {made}, with what trains now"


def incomparable(former: dict[str, Any], new: dict[str, Any]) -> str | None:
    """Why the answers of a champion of the former definition say nothing by the new one's metric.

    Worded to follow "a champion that".
    """
    label = former["data"]["label"]
    if label != new["data"]["label"]:
        return f"predicts {label}, which is not {new['data']['label']}"
    theirs, metric = scores(former["training"]), METRICS[new["gate"]["metric"]]
    if theirs is not None and not theirs.kinds & metric.reads:
        return f"was trained with {theirs.told}, whose answers metric {metric.name} cannot read"
    if any(None not in both for both in classes.renumbered(former, new).values()):
        return "has learnt other numbers for the values of the label"
    return None


def column_problems(former: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Why earlier batches could not follow these columns; nothing if they can.

    Rows are prepared again in every run, by name: what an earlier batch has not is missing there. A
    recipe reads all batches as one table, and without any ETL the columns are the features.
    """
    before, after = former["data"]["columns"], new["data"]["columns"]
    if list(before) == list(after):
        return []
    following = [name for name in ("transform", "features") if new["etl"][name]]
    if new["etl"]["recipe"] or former["etl"]["recipe"] or not following:
        why = (
            "data.columns: they can change with etl.features or etl.transform, not with a recipe,"
            " and not without any: earlier rows were read by the former ones"
        )
        return [why]
    return [
        f"data.columns.{name}: earlier batches have no such column: make it nullable, or give it a"
        " default"
        for name, column in after.items()
        if name not in before and not column["nullable"] and column["default"] is None
    ]


def gone_columns(former: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Columns that a model of the former definition cannot do without, and that land no more.

    One that lands as another type, whose values it cannot read, is gone too.
    """
    columns, label = former["data"]["columns"], former["data"]["label"]
    landing = new["data"]["columns"]
    return [
        name
        for name, column in columns.items()
        if name != label
        and not column["nullable"]
        and (name not in landing or readable.cannot_follow(column, landing[name]))
    ]


def sections(former: dict[str, Any] | None, new: dict[str, Any]) -> list[str]:
    """The sections in which two definitions differ."""
    return [key for key in new if former is None or former.get(key) != new[key]]
