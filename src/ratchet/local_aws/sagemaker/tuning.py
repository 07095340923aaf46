"""Hyperparameter tuning jobs: training jobs, of which each tries what the search asks for."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.sagemaker.background_jobs import LONGEST_REASON, Job
from ratchet.local_aws.sagemaker.base import Answer, Request, invalid, refuse_members, unsupported
from ratchet.local_aws.sagemaker.containers.errors import UserError
from ratchet.local_aws.sagemaker.listing import page, summary
from ratchet.local_aws.sagemaker.searching import STRATEGIES, Search, ranges_of
from ratchet.local_aws.sagemaker.training import SUMMARY as TRAINING_SUMMARY
from ratchet.local_aws.sagemaker.training import TrainingJobs
from ratchet.local_aws.shared.background import BackgroundRun, RunFailed

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Host

LONGEST_NAME = 32
REQUEST = (
    "HyperParameterTuningJobName", "HyperParameterTuningJobConfig", "TrainingJobDefinition", "Tags",
)  # fmt: skip
CONFIG = (
    "Strategy", "HyperParameterTuningJobObjective", "ResourceLimits", "ParameterRanges",
    "TrainingJobEarlyStoppingType", "RandomSeed",
)  # fmt: skip
LIMITS = ("MaxNumberOfTrainingJobs", "MaxParallelTrainingJobs", "MaxRuntimeInSeconds")
DEFINITION = (
    "StaticHyperParameters", "AlgorithmSpecification", "RoleArn", "InputDataConfig", "VpcConfig",
    "OutputDataConfig", "ResourceConfig", "StoppingCondition", "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption", "Environment",
)  # fmt: skip
SUMMARY = (
    "HyperParameterTuningJobName", "HyperParameterTuningJobArn", "HyperParameterTuningJobStatus",
    "Strategy", "CreationTime", "HyperParameterTuningEndTime", "LastModifiedTime",
    "TrainingJobStatusCounters", "ObjectiveStatusCounters", "ResourceLimits",
)  # fmt: skip
COUNTED = {
    "Completed": "Completed", "InProgress": "InProgress", "Stopping": "InProgress",
    "Failed": "NonRetryableError", "Stopped": "Stopped",
}  # fmt: skip
NO_METRIC = (  # as users report it
    "No objective metrics found after running {count} training jobs. Please ensure that the custom "
    "algorithm is emitting the objective metric as defined by the regular expression provided."
)
ALL_FAILED = (
    "All training jobs failed. Please take a look at the training jobs failures to get more "
    "details."
)


@dataclass
class Tuning:
    """A tuning job; `trained` are its training jobs, by name, with what each tries."""

    name: str
    arn: str
    record: dict[str, Any]
    run: BackgroundRun
    trained: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def config(self) -> Request:
        config: Request = self.record["HyperParameterTuningJobConfig"]
        return config

    @property
    def objective(self) -> Request:
        objective: Request = self.config["HyperParameterTuningJobObjective"]
        return objective


class TuningJobs(TrainingJobs):
    """CreateHyperParameterTuningJob and the training jobs it starts."""

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self._tunings: dict[str, Tuning] = {}

    def create_hyper_parameter_tuning_job(self, request: Request) -> Answer:
        name = request["HyperParameterTuningJobName"]
        definition = self._check_tuning(request)
        now, arn = self._now(), self._arn("hyper-parameter-tuning-job", name)
        record = {
            **{key: request[key] for key in REQUEST if key in request and key != "Tags"},
            "TrainingJobDefinition": definition,
            "HyperParameterTuningJobArn": arn,
            "HyperParameterTuningJobStatus": "InProgress",
            "CreationTime": now,
            "LastModifiedTime": now,
        }
        run = BackgroundRun(self.local, self._folder / "tuning-job" / name)
        tuning = Tuning(name, arn, record, run)
        with self._lock:
            self._check_new_tuning(name)
            self._tunings[name] = tuning
            self._set_tags(arn, request)
        self._change_tuning(tuning)
        run.start(arn, lambda: self._tune(tuning), lambda problem: self._tuned(tuning, problem))
        return {"HyperParameterTuningJobArn": arn}

    def describe_hyper_parameter_tuning_job(self, request: Request) -> Answer:
        return self._described(self._tuning(request["HyperParameterTuningJobName"]))

    def list_hyper_parameter_tuning_jobs(self, request: Request) -> Answer:
        records = [self._described(tuning) for tuning in list(self._tunings.values())]
        for record in records:
            record["Strategy"] = record["HyperParameterTuningJobConfig"]["Strategy"]
            record["ResourceLimits"] = record["HyperParameterTuningJobConfig"]["ResourceLimits"]
        filters = {
            "StatusEquals": lambda record, value: record["HyperParameterTuningJobStatus"] == value,
        }
        found, more = page(records, request, name="HyperParameterTuningJobName", filters=filters)
        shown = [summary(record, SUMMARY) for record in found]
        return {"HyperParameterTuningJobSummaries": shown, **more}

    def list_training_jobs_for_hyper_parameter_tuning_job(self, request: Request) -> Answer:
        tuning = self._tuning(request["HyperParameterTuningJobName"])
        filters = {
            "StatusEquals": lambda record, value: record["TrainingJobStatus"] == value,
        }
        known = ("HyperParameterTuningJobName", "StatusEquals", "MaxResults", "NextToken")
        refuse_members(request, known, "ListTrainingJobsForHyperParameterTuningJob")
        found, more = page(self._trials(tuning), request, name="TrainingJobName", filters=filters)
        return {"TrainingJobSummaries": [dict(trial) for trial in found], **more}

    def stop_hyper_parameter_tuning_job(self, request: Request) -> Answer:
        tuning = self._tuning(request["HyperParameterTuningJobName"])
        with self._lock:
            status = tuning.record["HyperParameterTuningJobStatus"]
            if status != "InProgress":
                raise invalid(
                    f"The request was rejected because the tuning job is in status {status}"
                )
            self._stop_tuning(tuning)
        return {}

    def close(self) -> None:
        for tuning in list(self._tunings.values()):
            tuning.run.stop()
        super().close()

    def _stop_tuning(self, tuning: Tuning) -> None:
        """End the search, unless it is ending: what it has found so far stays."""
        with self._lock:
            if tuning.record["HyperParameterTuningJobStatus"] != "InProgress":
                return
            self._change_tuning(tuning, HyperParameterTuningJobStatus="Stopping")
            tuning.run.stop()
            # One that is chosen and not created yet is stopped by the thread that creates it.
            created = [self._trainings[name] for name in tuning.trained if name in self._trainings]
        for job in created:
            job.run.stop()

    # Checks

    def _check_new_tuning(self, name: str) -> None:
        if name in self._tunings:
            raise ServiceError(
                "ResourceInUse",
                "Hyperparameter tuning job names must be unique within an AWS account and region, "
                f"and a job with this name already exists ({self._tunings[name].arn})",
            )

    def _check_tuning(self, request: Request) -> Request:
        """The definition of the training jobs, with what the objective adds to it."""
        name = request["HyperParameterTuningJobName"]
        self._check_new_tuning(name)
        refuse_members(request, REQUEST, "CreateHyperParameterTuningJob")
        if len(name) > LONGEST_NAME:
            raise invalid(f"The name of a tuning job has at most {LONGEST_NAME} characters")
        config = request["HyperParameterTuningJobConfig"]
        _check_config(config)
        definition = dict(request.get("TrainingJobDefinition", {}))
        refuse_members(definition, DEFINITION, "TrainingJobDefinition")
        static = definition.get("StaticHyperParameters", {})
        names = [*static, *(one.name for one in ranges_of(config["ParameterRanges"]))]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise invalid(
                f"Hyperparameter {twice[0]} is given twice, in StaticHyperParameters or in "
                "ParameterRanges"
            )
        objective = config["HyperParameterTuningJobObjective"]
        definition["StaticHyperParameters"] = self._aimed(definition, static, objective)
        self._check_training(_training_of(definition, definition["StaticHyperParameters"]))
        return definition

    def _aimed(
        self, definition: Request, static: dict[str, str], objective: Request
    ) -> dict[str, str]:
        """The static hyperparameters, such that training reports the objective's metric."""
        metric, kind = objective["MetricName"], objective["Type"]
        algorithm = self._check_algorithm(_training_of(definition, static))
        if algorithm is not None:
            try:
                return algorithm.aimed_at(metric, kind, static)
            except UserError as error:
                raise invalid(str(error)) from error
        metrics = definition["AlgorithmSpecification"].get("MetricDefinitions", [])
        if metric not in {defined["Name"] for defined in metrics}:
            raise invalid(
                "A metric is required for this hyperparameter tuning job objective. Provide a "
                f"metric in the metric definitions: {metric} is not among them."
            )
        return static

    # The job

    def _tune(self, tuning: Tuning) -> None:
        config, limits = tuning.config, tuning.config["ResourceLimits"]
        maximize = tuning.objective["Type"] == "Maximize"
        ranges = ranges_of(config["ParameterRanges"])
        seed = config.get("RandomSeed")
        search = Search(tuning.name, config["Strategy"], ranges, seed, maximize=maximize)
        numbers = itertools.count(1)
        total, parallel = limits[LIMITS[0]], limits[LIMITS[1]]

        def work(_: int) -> None:
            if not tuning.run.stopped:
                self._try(tuning, search, next(numbers))

        timer = self._limit(tuning)
        with ThreadPoolExecutor(parallel, thread_name_prefix=tuning.name) as pool:
            list(pool.map(work, range(total)))
        if timer is not None:
            self.local.clock.cancel(timer)
        trials = [] if tuning.run.stopped else self._trials(tuning)
        if trials and {trial["TrainingJobStatus"] for trial in trials} == {"Failed"}:
            raise RunFailed(ALL_FAILED)
        if trials and all(trial["ObjectiveStatus"] == "Failed" for trial in trials):
            raise RunFailed(NO_METRIC.format(count=len(trials)))

    def _limit(self, tuning: Tuning) -> int | None:
        """The timer of a search that has a limit: it is stopped then, as by hand.

        AWS does not say which status that is; as a failure it is the harder one to deal with.
        """
        longest = tuning.config["ResourceLimits"].get(LIMITS[2])
        if longest is None:
            return None
        clock = self.local.clock
        end = clock.now() + timedelta(seconds=longest)
        return clock.at(end, lambda: self._stop_tuning(tuning))

    def _try(self, tuning: Tuning, search: Search, number: int) -> None:
        trial, chosen = search.ask()
        name = f"{tuning.name}-{number:03}-{uuid.uuid4().hex[:8]}"
        definition = tuning.record["TrainingJobDefinition"]
        static = definition["StaticHyperParameters"]
        request = _training_of(definition, {**static, **chosen})
        with self._lock:
            tuning.trained[name] = chosen
        self.create_training_job({**request, "TrainingJobName": name})
        job = self._trainings[name]
        with self._lock:
            job.record["TuningJobArn"] = tuning.arn
        if tuning.run.stopped:
            job.run.stop()
        job.ended.wait()
        metric = job.metrics.get(tuning.objective["MetricName"])
        completed = job.record["TrainingJobStatus"] == "Completed"
        search.tell(trial, metric["Value"] if metric and completed else None)
        self._change_tuning(tuning)

    def _tuned(self, tuning: Tuning, problem: Exception | None) -> None:
        changes = {"FailureReason": str(problem)[:LONGEST_REASON]} if problem else {}
        status = "Failed" if problem else "Stopped" if tuning.run.stopped else "Completed"
        self._change_tuning(
            tuning,
            HyperParameterTuningJobStatus=status,
            HyperParameterTuningEndTime=self._now(),
            **changes,
        )

    def _change_tuning(self, tuning: Tuning, **changes: Any) -> None:
        with self._lock:
            tuning.record |= {"LastModifiedTime": self._now(), **changes}
        self._emit("HyperParameter Tuning Job", tuning.arn, self._described(tuning))

    # Records

    def _tuning(self, name: str) -> Tuning:
        tuning = self._tunings.get(name)
        if tuning is None:
            raise ServiceError(
                "ResourceNotFound", f"Could not find hyperparameter tuning job {name}"
            )
        return tuning

    def _trials(self, tuning: Tuning) -> list[dict[str, Any]]:
        """Its training jobs, as the API summarizes them."""
        with self._lock:
            jobs = [(self._trainings.get(name), chosen) for name, chosen in tuning.trained.items()]
            return [_trial(job, chosen, tuning.objective) for job, chosen in jobs if job]

    def _described(self, tuning: Tuning) -> Answer:
        trials = self._trials(tuning)
        with self._lock:
            described = dict(tuning.record)
        statuses = [COUNTED[trial["TrainingJobStatus"]] for trial in trials]
        known = ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")
        described["TrainingJobStatusCounters"] = {kind: statuses.count(kind) for kind in known}
        objectives = [trial["ObjectiveStatus"] for trial in trials]
        described["ObjectiveStatusCounters"] = {
            kind: objectives.count(kind) for kind in ("Succeeded", "Pending", "Failed")
        }
        best = _best(trials, maximize=tuning.objective["Type"] == "Maximize")
        return {**described, **({"BestTrainingJob": best} if best else {})}


def _check_config(config: Request) -> None:
    refuse_members(config, CONFIG, "HyperParameterTuningJobConfig")
    if config["Strategy"] not in STRATEGIES:
        raise unsupported(f"Strategy={config['Strategy']}; use {' or '.join(STRATEGIES)}")
    stopping = config.get("TrainingJobEarlyStoppingType", "Off")
    if stopping != "Off":
        raise unsupported(f"TrainingJobEarlyStoppingType={stopping}; use Off")
    limits = config["ResourceLimits"]
    refuse_members(limits, LIMITS, "ResourceLimits")
    total, parallel = limits.get(LIMITS[0]), limits[LIMITS[1]]
    if not total:
        raise unsupported("ResourceLimits without MaxNumberOfTrainingJobs; say how many")
    if parallel > total:
        raise invalid(
            f"MaxParallelTrainingJobs ({parallel}) is larger than MaxNumberOfTrainingJobs ({total})"
        )
    if not ranges_of(config.get("ParameterRanges", {})):
        raise unsupported("HyperParameterTuningJobConfig without ParameterRanges; name some")


def _training_of(definition: Request, hyperparameters: dict[str, str]) -> Request:
    """CreateTrainingJob, without its name."""
    request = {key: value for key, value in definition.items() if key in DEFINITION}
    request.pop("StaticHyperParameters", None)
    return {**request, "HyperParameters": hyperparameters}


def _trial(job: Job, chosen: dict[str, str], objective: Request) -> dict[str, Any]:
    metric, status = job.metrics.get(objective["MetricName"]), job.record["TrainingJobStatus"]
    members = (*TRAINING_SUMMARY, "TrainingStartTime")
    shown = {**summary(job.record, members), "TunedHyperParameters": chosen}
    shown.pop("SecondaryStatus", None)
    shown.pop("LastModifiedTime", None)
    if status == "InProgress":
        return {**shown, "ObjectiveStatus": "Pending"}
    if metric is None or status != "Completed":
        return {**shown, "ObjectiveStatus": "Failed"}
    value = {"MetricName": objective["MetricName"], "Value": metric["Value"]}
    final = {"FinalHyperParameterTuningJobObjectiveMetric": value}
    return {**shown, **final, "ObjectiveStatus": "Succeeded"}


def _best(trials: Iterable[dict[str, Any]], *, maximize: bool) -> dict[str, Any] | None:
    done = [trial for trial in trials if trial["ObjectiveStatus"] == "Succeeded"]

    def worth(trial: dict[str, Any]) -> float:
        value: float = trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        return value if maximize else -value

    return max(done, key=worth, default=None)
