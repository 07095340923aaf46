"""What the scores of a model are: an objective gives some kinds, a metric reads some."""

from __future__ import annotations

from enum import Enum


class ScoreKind(Enum):
    """What one score of a row says about its label."""

    PROBABILITY = "the probability of the positive class"
    BINARY_CLASS = "the class, 0 or 1"
    CLASS = "the class, one of several"
    PROBABILITIES = "the probability of each class"
    ORDER = "only which of two rows is more likely to be positive"
    NUMBER = "an estimate of the label itself"
    COUNT = "the expected count"
