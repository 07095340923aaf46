"""Who is judged in a run: what each candidate is trained on, and which rows it scores.

The model that would serve has the run's own name, the others have their role behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from retraining.documents.candidates import Candidate
from retraining.rules.candidates import CHALLENGER, CHAMPION, REFIT

ROLES: Final = (CHAMPION, CHALLENGER, REFIT)
SERVING: Final = (REFIT, CHALLENGER)
"""Who would serve: the first of these that there is."""
Settings = dict[str, str]
"""Hyperparameters as text."""


@dataclass(frozen=True)
class Run:
    """A run's name, with which the names of its models begin, and the URI of its folder."""

    name: str
    uri: str

    def champion(self, model: str) -> Candidate:
        """The model that serves."""
        return Candidate(
            role=CHAMPION,
            model=model,
            train=None,
            validation=None,
            hyperparameters={},
            score=self._rows("holdout"),
        )

    def challenger(self, settings: Settings) -> Candidate:
        """A model of all the data that is not held out."""
        return Candidate(
            role=CHALLENGER,
            model=self.name,
            train=self._rows("train"),
            validation=self._rows("validation"),
            hyperparameters=settings,
            score=self._rows("holdout"),
        )

    def _rows(self, folder: str) -> str:
        return f"{self.uri}/prepared/{folder}/"


def first_pass(run: Run, settings: Settings, champion: str | None) -> tuple[Candidate, ...]:
    """The candidates before the gate has seen any; the champion scores meanwhile."""
    served = () if champion is None else (run.champion(champion),)
    return (*served, run.challenger(settings))
