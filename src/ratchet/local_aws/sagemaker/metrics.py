"""The metrics of a training job, read from its log line by line.

Source: developer guide, "Monitor and Analyze Training Jobs Using Amazon CloudWatch Metrics": a
definition is a name and a regular expression, whose first group is the value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from ratchet.local_aws.sagemaker.base import Request, invalid
from ratchet.local_aws.sagemaker.containers.container import Algorithm
from ratchet.workflow.asl.patterns import BoundedPattern, PatternError, PatternTimeout


def check_definitions(definitions: Sequence[Request], *, built_in: bool) -> None:
    """Refuse those that AWS refuses, and expressions that can never give a value."""
    if definitions and built_in:
        raise invalid(
            "You can't override the metric definitions for Amazon SageMaker algorithms. "
            "Please retry the request without specifying metric definitions."
        )
    for definition in definitions:
        try:
            groups = BoundedPattern(definition["Regex"]).groups
        except PatternError as error:
            raise invalid(
                f"Metric {definition['Name']}: {definition['Regex']!r} is not a regular "
                f"expression: {error}"
            ) from error
        if not groups:
            raise invalid(
                f"Metric {definition['Name']}: {definition['Regex']!r} has no group; put the "
                "part that is the value into parentheses"
            )


class Metrics:
    """Reads the metrics of a job's log: an algorithm's own, or those that the request defines."""

    def __init__(self, source: Algorithm | Sequence[Request], now: Callable[[], datetime]) -> None:
        self._now = now
        self._algorithm = None if isinstance(source, Sequence) else source
        defined = source if isinstance(source, Sequence) else ()
        self._patterns = [(each["Name"], BoundedPattern(each["Regex"])) for each in defined]

    def of(self, line: str) -> dict[str, dict[str, Any]]:
        """The metrics that a line reports, as FinalMetricDataList has them, by name."""
        found = self._algorithm.metrics(line) if self._algorithm else self._matches(line)
        return {
            name: {"MetricName": name, "Value": value, "Timestamp": self._now()}
            for name, value in found
        }

    def _matches(self, line: str) -> list[tuple[str, float]]:
        """What the definitions find; one whose search takes too long is not looked for any more.

        A group that holds anything but a finite number is left out: CloudWatch refuses NaN.
        """
        found = []
        for name, pattern in tuple(self._patterns):
            try:
                match = pattern.first(line)
                value = float(match[1]) if match and match[1] is not None else math.nan
            except PatternTimeout:
                self._patterns.remove((name, pattern))
            except ValueError:
                continue
            else:
                found += [(name, value)] if math.isfinite(value) else []
        return found
