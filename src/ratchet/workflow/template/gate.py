"""What a trained model must reach before a template creates and serves it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from numbers import Real

from ratchet.workflow.steps import Choice, ChoiceRule, Fail


@dataclass(frozen=True, slots=True)
class Gate:
    """A bound on a metric that the training job reports, by the metric's name.

    `Gate("validation:auc", at_least=0.8)` or `Gate("validation:rmse", at_most=2.3)`. A job that
    does not report the metric does not pass.
    """

    metric: str
    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        bounds = [bound for bound in (self.at_least, self.at_most) if bound is not None]
        named = isinstance(self.metric, str) and self.metric
        if not named or len(bounds) != 1 or not _is_number(bounds[0]):
            raise ValueError(
                "A gate is a metric's name and one bound: Gate('validation:auc', at_least=0.8) "
                f"or Gate('validation:rmse', at_most=2.3), not {self!r}"
            )

    @property
    def rule(self) -> str:
        """In words: 'validation:auc must be at least 0.8'."""
        if self.at_least is not None:
            return f"{self.metric} must be at least {self.at_least}"
        return f"{self.metric} must be at most {self.at_most}"

    def choice(self, job: str) -> Choice:
        """The state after the training job, whose description is at `job` ('' or '.Estimator').

        Its default, the next state in a chain, is for models that pass.
        """
        reported = f"$states.input{job}.FinalMetricDataList"
        sign = f">= {self.at_least}" if self.at_least is not None else f"<= {self.at_most}"
        passing = f"{reported}[MetricName = {json.dumps(self.metric)} and Value {sign}]"
        told = f"$join({reported}.(MetricName & ' ' & $string(Value)), ', ')"
        choice = Choice("Good enough?", query_language="JSONata")
        choice.add_choice(
            ChoiceRule.Condition(f"$not($exists({passing}))"),
            Fail(
                "Model Rejected",
                query_language="JSONata",
                error="ModelRejected",
                cause=f"{{% {json.dumps(self.rule + '; the job reported: ')} & {told} %}}",
            ),
            comment=f"not: {self.rule.replace(' must be', '')}",
        )
        return choice


def _is_number(bound: object) -> bool:
    """True of what JSONata can compare a metric with."""
    return isinstance(bound, Real) and not isinstance(bound, bool) and math.isfinite(bound)
