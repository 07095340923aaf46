"""How a hyperparameter's value is checked: as the text that a training job gets.

A check takes the text and answers what the value must be; None: the text is such a value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from retraining.algorithms.ranges import Range

Value = str | int | float | bool
Check = Callable[[str], str | None]
STOPS_EARLY: Final = "early_stopping_rounds"
"""The hyperparameter by which a model stops on rows that it is not fitted on."""


def as_text(value: Value) -> str:
    """A hyperparameter as CreateTrainingJob wants it: always text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def whole(allowed: Range) -> Check:
    """A whole number."""
    return _number(int, "a whole number", allowed)


def number(allowed: Range) -> Check:
    """A number."""
    return _number(float, "a number", allowed)


def _number(read: Callable[[str], float], kind: str, allowed: Range) -> Check:
    unlimited = allowed == Range()
    wanted = kind if unlimited else f"{kind}, {allowed}"

    def check(text: str) -> str | None:
        try:
            return None if read(text) in allowed else wanted
        except ValueError:
            return wanted

    return check


def choice(*values: str) -> Check:
    """One of these texts."""
    wanted = f"one of {', '.join(values)}"
    return lambda text: None if text in values else wanted
