"""What a run costs at AWS's list prices: as it was to be expected, and by the times it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Service = Literal["glue", "databrew", "training", "transform"]

REGION = "us-east-1"
AS_OF = "29 November 2026"
"""When these prices were looked up; docs/verified.md says how sure they are."""
TRANSITION = 0.000025  # a transition of a Standard workflow; aws.amazon.com/step-functions/pricing
# A G.1X worker is one DPU, and at least a minute is billed; aws.amazon.com/glue/pricing
DPU_HOUR = 0.44
# A job has five nodes unless it is told otherwise; aws.amazon.com/glue/pricing, under DataBrew
NODE_HOUR = 0.48
# Training and batch transform; aws.amazon.com/sagemaker/ai/pricing
INSTANCE_HOUR = {"ml.m5.large": 0.115, "ml.m5.xlarge": 0.23}
LEAST_SECONDS = {"glue": 60.0, "databrew": 60.0, "training": 0.0, "transform": 0.0}
EXPECTED_SECONDS = {"glue": 180.0, "databrew": 180.0, "training": 300.0, "transform": 300.0}
"""What such a job takes on AWS as a rule, its start included where that is billed."""


@dataclass(frozen=True)
class Job:
    """One job of a run, or several alike: how long, on how many workers or which instance."""

    name: str
    service: Service
    seconds: float
    workers: int = 1
    instance: str = ""
    jobs: int = 1

    @property
    def rate(self) -> float | None:
        """Dollars an hour; None for an instance whose price is not listed here."""
        if self.service == "glue":
            return DPU_HOUR * self.workers
        if self.service == "databrew":
            return NODE_HOUR * self.workers
        price = INSTANCE_HOUR.get(self.instance)
        return None if price is None else price * self.workers

    @property
    def size(self) -> str:
        """'2 workers' or the instance."""
        plural = "" if self.workers == 1 else "s"
        return self.instance or f"{self.workers} worker{plural}"

    @property
    def cost(self) -> float | None:
        """By the time it took."""
        return self._dollars(max(self.seconds, LEAST_SECONDS[self.service]))

    @property
    def estimate(self) -> float | None:
        """By the time that such jobs take."""
        return self._dollars(EXPECTED_SECONDS[self.service] * self.jobs)

    def _dollars(self, seconds: float) -> float | None:
        return None if self.rate is None else self.rate * seconds / 3600


@dataclass(frozen=True)
class Cost:
    """All jobs of a run and its transitions."""

    jobs: Sequence[Job]
    transitions: int

    @property
    def moves(self) -> float:
        """Dollars of the transitions."""
        return self.transitions * TRANSITION

    @property
    def actual(self) -> float:
        """Dollars by the times it took, of the jobs whose price is known."""
        return self.moves + sum(job.cost or 0 for job in self.jobs)

    @property
    def estimate(self) -> float:
        """Dollars to be expected, of the jobs whose price is known."""
        return self.moves + sum(job.estimate or 0 for job in self.jobs)

    @property
    def unknown(self) -> list[str]:
        """Instances without a price here."""
        return sorted({job.instance for job in self.jobs if job.rate is None})
