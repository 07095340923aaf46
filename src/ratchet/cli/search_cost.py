"""What the search of `training.tuning` may take in each run, before anything is paid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

from ratchet.cli.report import costs

MAX_RUNTIME: Final = "1h"  # these three: what the contract says where pipeline.yaml does not
INSTANCE: Final = "ml.m5.large"
PARALLEL: Final = 2
SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class SearchCost:
    """So many training jobs, each of at most so long."""

    jobs: int
    parallel: int
    max_runtime: str
    instance: str

    @classmethod
    def of(cls, definition: dict[str, Any]) -> Self | None:
        """Of a pipeline's definition; None where nothing is searched."""
        training = definition.get("training") or {}
        tuning = training.get("tuning")
        if not tuning:
            return None
        return cls(
            tuning["jobs"],
            tuning.get("parallel", PARALLEL),
            training.get("max_runtime", MAX_RUNTIME),
            training.get("instance", INSTANCE),
        )

    @property
    def hours(self) -> float:
        """Of all jobs together, at most."""
        longest = int(self.max_runtime[:-1]) * SECONDS[self.max_runtime[-1]]
        return self.jobs * longest / 3600

    @property
    def sentence(self) -> str:
        """'Each challenger is searched for: 20 training jobs of at most 20m on ml.m5.large ...'."""
        price = costs.INSTANCE_HOUR.get(self.instance)
        told = f"at most {self.hours:.3g} hours in each run"
        if price is not None:
            told += f", ${self.hours * price:.2f} at the list price in {costs.REGION}"
        return (
            f"Each challenger is searched for: {self.jobs} training jobs of at most"
            f" {self.max_runtime} on {self.instance}, {self.parallel} at a time: {told}"
            " (as much again where SageMaker loses a search and it is started again)."
        )
