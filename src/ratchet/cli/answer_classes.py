"""The classes that a model of several classes answers with, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Answers = Sequence[float] | Sequence[Sequence[float]]


def told(answers: Answers, definition: dict[str, Any]) -> list[str] | None:
    """The class of each answer, the likeliest of several; None where answers are not classes."""
    names, one_class = names_of(definition), _answers_one_class(definition["training"])
    found = []
    for answer in answers:
        if not isinstance(answer, (int, float)):
            found.append(name_of(names, answer.index(max(answer))))
        elif one_class:
            found.append(name_of(names, int(answer)))
        else:
            return None
    return found


def _answers_one_class(training: dict[str, Any]) -> bool:
    """Whether an answer is a class: of a script that says so, or of an objective that does."""
    if training.get("scores") == "class":
        return True
    return (training.get("hyperparameters") or {}).get("objective") == "multi:softmax"


def shown(answers: Answers, classes: Sequence[str] | None) -> list[str]:
    """Each answer as a table has it: a number, a class, or a class with its probability."""
    if classes is None:
        return [f"{answer:.6f}" for answer in answers]
    several = [
        "" if isinstance(answer, (int, float)) else f" {max(answer):.4f}" for answer in answers
    ]
    return [name + share for name, share in zip(classes, several, strict=True)]


def names_of(definition: dict[str, Any]) -> list[str]:
    """The label's values in the order of their numbers; none where numbers are made of it."""
    data, etl = definition.get("data"), definition.get("etl") or {}
    if not data or etl.get("recipe") or etl.get("transform"):
        return []
    found: list[str] = (data["columns"].get(data["label"]) or {}).get("values") or []
    return found


def name_of(names: Sequence[str], number: int) -> str:
    """The class of this number."""
    return names[number] if number < len(names) else str(number)
