"""The classes of a label: their texts, their numbers, and how many the objective must know.

A label of texts is a category whose `values` are listed; their order gives the numbers that are
trained on, 0 and up. A recipe or a transform makes numbers itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from retraining.algorithms.catalog import counts_classes, trainer

NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
TWO: Final = 2
WHOLE: Final = ("integer", "boolean", "category")
"""The types of a label that several classes may have."""


def as_landed(etl: Mapping[str, Any]) -> bool:
    """Whether labels are trained on as they landed."""
    return not (etl.get("recipe") or etl.get("transform"))


def coded(definition: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The label's texts in the order of their numbers; None where it is a number already.

    For one of several classes even numbers are but names: 3, 5 and 7 become 0, 1 and 2. So they
    are where the objective does not take them: 1 and 2 become the 0 and 1 of two classes.
    """
    data = definition["data"]
    label = data["columns"].get(data["label"]) or {}
    values = label.get("values") if label.get("type") == "category" else None
    if not values or not as_landed(definition["etl"]):
        return None
    if counts_classes(definition["training"]) is None and all(map(NUMBER.fullmatch, values)):
        return tuple(values) if _are_names(values, definition["training"]) else None
    return tuple(values)


def renumbered(former: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The label's texts that would stand for another number, each with both; None: for none.

    Further texts behind the former ones change nothing. What a recipe or a transform makes of a
    text is not known.
    """
    before, after = coded(former), coded(new)
    if as_landed(former["etl"]) != as_landed(new["etl"]):
        return {} if before == after else dict.fromkeys(before or after or (), (None, None))
    numbers = {
        text: (_number(text, before), _number(text, after)) for text in before or after or ()
    }
    return {text: both for text, both in numbers.items() if both[0] != both[1]}


def _number(text: str, texts: tuple[str, ...] | None) -> float | None:
    """What a label's text is trained on as: its place among `texts`, or itself."""
    if texts is not None:
        return float(texts.index(text)) if text in texts else None
    return float(text) if NUMBER.fullmatch(text) else None


def _are_names(numbers: list[str], training: Mapping[str, Any]) -> bool:
    """Whether two numbers, not 0 and 1, are the labels of an objective that takes these alone."""
    least, greatest = trainer(dict(training)).labels
    if greatest is None or len(numbers) != greatest + 1:
        return False
    return not all((least or 0) <= float(number) <= greatest for number in numbers)


def count(label: Mapping[str, Any]) -> int | None:
    """How many classes a label's contract speaks of; None where it does not say."""
    if label.get("type") == "boolean":
        return 2
    if label.get("type") == "category":
        return len(label.get("values") or ()) or None
    if label.get("type") == "integer" and label.get("min") == 0 and label.get("max"):
        return int(label["max"]) + 1
    return None


def problems(definition: Mapping[str, Any]) -> list[str]:
    """Why the objective does not take the label's classes, in sentences."""
    data, training = definition["data"], definition["training"]
    label = data["columns"].get(data["label"])
    if label is None or not as_landed(definition["etl"]):
        return []
    where = f"data.columns.{data['label']}"
    if name := counts_classes(training):
        return _of_several(where, label, name, int(training["hyperparameters"][name]))
    texts = coded(definition)
    return _of_more_than_two(where, texts, training) if texts and len(texts) > TWO else []


def _of_more_than_two(where: str, texts: tuple[str, ...], training: dict[str, Any]) -> list[str]:
    """Their numbers would be read as amounts, or not at all, by what does not tell them apart."""
    if training.get("workflow") or training.get("scores") == "class":
        return []
    told, advice = f"scores: {training.get('scores')}", "scores: class"
    if not training.get("script"):
        objective = training["hyperparameters"].get("objective")
        told = f"the objective {objective}" if objective else "the default objective"
        advice = "objective: multi:softprob"
    _, greatest = trainer(training).labels
    does = "predicts an amount" if greatest is None else "tells two classes apart"
    return [f"{where}: {len(texts)} values, but {told} {does}: set {advice}"]


def _of_several(where: str, label: Mapping[str, Any], name: str, said: int) -> list[str]:
    if label["type"] not in WHOLE:
        what = f"this is a {label['type']}"
        return [f"{where}: a class is an integer from 0, or a category with values; {what}"]
    there = count(label)
    if there in (None, said) or (label["type"] == "boolean" and said >= 2):
        return []
    which = "values" if label["type"] == "category" else "numbers from its min to its max"
    what = f"{said}, but {where} has {there} {which}"
    return [f"training.hyperparameters.{name}: {what}: leave it out, and the label says it"]
