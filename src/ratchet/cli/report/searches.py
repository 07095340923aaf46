"""The search of a tuning job: what each of its training jobs tried, and which was best."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ratchet.cli import screen
from ratchet.cli.report.costs import Job
from ratchet.cli.report.markup import Markup, badge, joined, section, table


@dataclass(frozen=True)
class Trial:
    """A training job of a search: what it tried, and what that came to."""

    job: str
    tried: dict[str, str]
    status: str
    value: float | None  # of the search's metric; None where it reported none
    seconds: float
    best: bool


@dataclass(frozen=True)
class Search:
    """A tuning job: the metric that it goes by, its training jobs, and what they run on."""

    name: str
    metric: str  # "validation:auc"
    strategy: str
    higher_is_better: bool
    instance: str
    count: int  # of instances
    trials: tuple[Trial, ...]

    @classmethod
    def of(cls, client: Any, name: str) -> Search:
        """As SageMaker describes it."""
        job = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        config = job["HyperParameterTuningJobConfig"]
        objective = config["HyperParameterTuningJobObjective"]
        resources = job["TrainingJobDefinition"]["ResourceConfig"]
        best = (job.get("BestTrainingJob") or {}).get("TrainingJobName")
        return cls(
            name,
            objective["MetricName"],
            config["Strategy"],
            objective["Type"] == "Maximize",
            resources.get("InstanceType", ""),
            resources.get("InstanceCount", 1),
            tuple(_trial(one, best) for one in _listed(client, name)),
        )

    @property
    def read_on(self) -> str:
        """Where its metric comes from: only a built-in algorithm's names say so."""
        validation = self.metric.startswith("validation:")
        return " on the validation rows" if validation else ", as the script printed it"

    @property
    def ranked(self) -> list[Trial]:
        """The trials, best first; those without a value last."""
        turned = -1 if self.higher_is_better else 1
        known = [one for one in self.trials if one.value is not None]
        known.sort(key=lambda one: turned * (one.value or 0.0))
        return [*known, *(one for one in self.trials if one.value is None)]

    def paid(self, name: str) -> Job:
        """Its training jobs as one line of the costs; `name` is that of the state."""
        number = len(self.trials)
        seconds = sum(one.seconds for one in self.trials)
        told = f"{name}: {screen.plural(number, 'training job')}"
        return Job(told, "training", seconds, self.count, self.instance, jobs=number)


def _listed(client: Any, name: str) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
    for page in pages.paginate(HyperParameterTuningJobName=name):
        yield from page["TrainingJobSummaries"]


def _trial(job: dict[str, Any], best: str | None) -> Trial:
    began, ended = job.get("TrainingStartTime"), job.get("TrainingEndTime")
    final = job.get("FinalHyperParameterTuningJobObjectiveMetric") or {}
    return Trial(
        job["TrainingJobName"],
        dict(job["TunedHyperParameters"]),
        job["TrainingJobStatus"],
        final.get("Value"),
        (ended - began).total_seconds() if began and ended else 0.0,
        job["TrainingJobName"] == best,
    )


def trials(searches: tuple[Search, ...]) -> Markup:
    """What was tried in each search, and which training job's model was judged."""
    return joined(_section(search) for search in searches if search.trials)


def _section(search: Search) -> Markup:
    names = sorted({name for one in search.trials for name in one.tried})
    lines = [
        [
            badge("best", "good") if one.best else "",
            *(_shown(one.tried.get(name)) for name in names),
            screen.number(one.value, 5),
            "" if one.status == "Completed" else one.status,
            screen.duration(one.seconds),
        ]
        for one in search.ranked
    ]
    found = any(one.best for one in search.trials)
    judged = "; the best one's model was judged on rows that no search has seen" if found else ""
    note = (
        f"{screen.plural(len(search.trials), 'training job')} by {search.metric}{search.read_on},"
        f" {search.strategy.lower()}{judged}. Tuning job {search.name}."
    )
    heads = ["", *(f">{name}" for name in names), f">{search.metric}", "", ">took"]
    return section("Search", table(heads, lines), note=note)


def _shown(tried: str | None) -> str:
    """A value as SageMaker writes it, to four digits: those of a logarithmic range may be tiny."""
    if tried is None or tried.isdigit():
        return tried or "-"
    return f"{float(tried):.4g}"
