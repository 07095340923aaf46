"""What a job does while it is told to stop: it may end, or not have begun."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ratchet.local_aws.sagemaker.service import SageMaker
from ratchet.local_aws.sagemaker.tuning import Tuning


class Turns:
    """A lock for which another thread waits: it does its work as soon as the lock is free."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self._lock, self._depth, self._meanwhile = threading.RLock(), 0, meanwhile

    def __enter__(self) -> None:
        self._lock.acquire()
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if not self._depth:
            meanwhile, self._meanwhile = self._meanwhile, lambda: None
            meanwhile()
        self._lock.release()


@pytest.fixture
def service(tmp_path: Path) -> Any:
    clock = SimpleNamespace(now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    local: Any = SimpleNamespace(
        folder=tmp_path, clock=clock, region="us-east-1", account="1", emit=lambda *_: None
    )
    return SageMaker(local)


def job(**record: Any) -> Any:
    run = SimpleNamespace(stopped=False, stop=lambda: None)
    return SimpleNamespace(name="job", arn="arn", record=record, run=run, metrics={})


def tuning(**record: Any) -> Any:
    objective = {"MetricName": "loss", "Type": "Minimize"}
    config = {"HyperParameterTuningJobObjective": objective}
    run: Any = SimpleNamespace(stopped=False, stop=lambda: None)
    return Tuning("job", "arn", {**record, "HyperParameterTuningJobConfig": config}, run)


@pytest.mark.parametrize(
    ("kind", "jobs", "operation", "made"),
    [
        ("TrainingJob", "_trainings", "stop_training_job", job),
        ("ProcessingJob", "_processings", "stop_processing_job", job),
        ("TransformJob", "_transforms", "stop_transform_job", job),
        ("HyperParameterTuningJob", "_tunings", "stop_hyper_parameter_tuning_job", tuning),
    ],
)
def test_a_job_that_ends_while_it_is_told_to_stop_stays_ended(
    service: Any, kind: str, jobs: str, operation: str, made: Callable[..., Any]
) -> None:
    one = made(**{f"{kind}Status": "InProgress", "SecondaryStatusTransitions": []})
    getattr(service, jobs)["job"] = one

    def end() -> None:
        one.record |= {f"{kind}Status": "Completed", "SecondaryStatus": "Completed"}

    service._lock = Turns(end)
    getattr(service, operation)({f"{kind}Name": "job"})
    assert one.record[f"{kind}Status"] == "Completed"
    assert one.record["SecondaryStatus"] == "Completed"


def test_a_tuning_job_whose_time_is_up_is_stopped_and_keeps_what_it_found(service: Any) -> None:
    one, due = tuning(HyperParameterTuningJobStatus="InProgress"), []
    service.local.clock.at = lambda *given: due.append(given)
    one.config["ResourceLimits"] = {"MaxParallelTrainingJobs": 1}
    service._limit(one)
    assert due == []
    one.config["ResourceLimits"] |= {"MaxRuntimeInSeconds": 7200}
    service._limit(one)
    ((moment, end),) = due
    assert moment == datetime(2026, 1, 1, 2, tzinfo=UTC)
    stopped: list[str] = []
    one.run.stop = lambda: stopped.append("search")
    one.trained["job-001"] = {"x": "1"}
    done = job(TrainingJobStatus="Completed")
    done.metrics = {"loss": {"Value": 0.1}}
    done.run.stop = lambda: stopped.append("job-001")
    service._trainings["job-001"] = done
    end()
    assert stopped == ["search", "job-001"]
    found = service._described(one)
    assert found["HyperParameterTuningJobStatus"] == "Stopping"
    assert found["BestTrainingJob"]["TunedHyperParameters"] == {"x": "1"}
    one.record["HyperParameterTuningJobStatus"] = "Completed"
    end()
    assert stopped == ["search", "job-001"], "one that has ended stays ended"


def test_a_tuning_job_stops_though_a_training_job_is_not_created_yet(service: Any) -> None:
    one = tuning(HyperParameterTuningJobStatus="InProgress")
    one.trained["job-001"] = {}
    service._tunings["job"] = one
    service.stop_hyper_parameter_tuning_job({"HyperParameterTuningJobName": "job"})
    assert one.record["HyperParameterTuningJobStatus"] == "Stopping"
