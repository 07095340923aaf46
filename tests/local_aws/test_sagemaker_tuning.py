"""Hyperparameter tuning jobs: what they try, what they find, and how Step Functions waits."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from lambda_world import until
from sagemaker_world import BUCKET, IMAGE, PARAMETERS, ROLE, World, channel, world_of
from script_mode import SKLEARN, packed

from ratchet.cli.report import searches
from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.running.local import LocalAws
from ratchet.local_aws.sagemaker.searching import Search, ranges_of

PARABOLA = """
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--x-value", type=float)
parser.add_argument("--kind")
args = parser.parse_args()
if args.kind == "broken":
    raise ValueError("broken")
print(f"loss={(args.x_value - 0.3) ** 2};")
"""
LOSS = {"Name": "loss", "Regex": "loss=([^;]+);"}
UNIT = {"Name": "x-value", "MinValue": "0", "MaxValue": "1", "ScalingType": "Linear"}


@pytest.fixture(scope="module")
def world(local_aws: LocalAws) -> World:
    return world_of(local_aws)


def config(ranges: dict[str, Any], metric: str, kind: str, **changes: Any) -> dict[str, Any]:
    return {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"Type": kind, "MetricName": metric},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 2},
        "ParameterRanges": ranges,
        **changes,
    }


def definition(image: str, static: dict[str, str], *metrics: dict[str, str]) -> dict[str, Any]:
    algorithm = {"TrainingImage": image, "TrainingInputMode": "File"}
    return {
        "AlgorithmSpecification": {
            **algorithm, **({"MetricDefinitions": list(metrics)} if metrics else {})
        },
        "StaticHyperParameters": static,
        "RoleArn": ROLE,
        "InputDataConfig": [
            channel("train", f"s3://{BUCKET}/data/train/"),
            channel("validation", f"s3://{BUCKET}/data/validation/"),
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/tuned"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }  # fmt: skip


def built_in(name: str, **changes: Any) -> dict[str, Any]:
    """CreateHyperParameterTuningJob of the built-in algorithm."""
    ranges = {
        "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "1", "MaxValue": "4"}],
        "ContinuousParameterRanges": [
            {"Name": "eta", "MinValue": "0.01", "MaxValue": "0.5", "ScalingType": "Logarithmic"}
        ],
    }
    static = {key: PARAMETERS[key] for key in ("num_round", "objective")}
    static["eval_metric"] = "logloss"
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": config(ranges, "validation:auc", "Maximize", **changes),
        "TrainingJobDefinition": definition(IMAGE, static),
    }


def scripted(world: World, name: str, kinds: list[str], **changes: Any) -> dict[str, Any]:
    """CreateHyperParameterTuningJob of a script, whose loss is least at 0.3."""
    uri = world.put(f"code/{name}/sourcedir.tar.gz", packed(train__py=PARABOLA))
    static = {"sagemaker_program": "train.py", "sagemaker_submit_directory": uri}
    ranges = {
        "ContinuousParameterRanges": [UNIT],
        "CategoricalParameterRanges": [{"Name": "kind", "Values": kinds}],
    }
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": config(ranges, "loss", "Minimize", **changes),
        "TrainingJobDefinition": definition(SKLEARN, static, LOSS),
    }


def ended(world: World, name: str) -> dict[str, Any]:
    describe = world.sagemaker.describe_hyper_parameter_tuning_job
    found: dict[str, Any] = world.ended(
        lambda: describe(HyperParameterTuningJobName=name), "HyperParameterTuningJobStatus"
    )
    return found


def test_the_best_training_job_is_named_with_what_it_tried(world: World) -> None:
    world.sagemaker.create_hyper_parameter_tuning_job(**built_in("tune"))
    job = ended(world, "tune")
    assert job["HyperParameterTuningJobStatus"] == "Completed", job
    assert job["TrainingJobStatusCounters"]["Completed"] == 3
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 3, "Pending": 0, "Failed": 0}
    list_jobs = world.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job
    trials = list_jobs(HyperParameterTuningJobName="tune")["TrainingJobSummaries"]
    values = [trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for trial in trials]
    best = job["BestTrainingJob"]
    assert best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == max(values)
    told = searches.Search.of(world.sagemaker, "tune")
    assert [one.value for one in told.ranked] == sorted(values, reverse=True)
    assert told.ranked[0].best
    assert told.ranked[0].tried == best["TunedHyperParameters"]
    assert all(one.seconds > 0 for one in told.trials)
    trained = world.sagemaker.describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert best["TunedHyperParameters"].items() <= trained["HyperParameters"].items()
    assert trained["HyperParameters"]["eval_metric"] == "logloss,auc"
    assert trained["TuningJobArn"] == job["HyperParameterTuningJobArn"]
    assert trained["ModelArtifacts"]["S3ModelArtifacts"].startswith(f"s3://{BUCKET}/tuned/tune-00")
    listed = world.sagemaker.list_hyper_parameter_tuning_jobs(NameContains="tun")
    names = [
        row["HyperParameterTuningJobName"] for row in listed["HyperParameterTuningJobSummaries"]
    ]
    assert "tune" in names


def test_a_training_job_that_fails_counts_and_the_others_continue(world: World) -> None:
    wanted = scripted(world, "tune-script", ["fine", "broken"], RandomSeed=2)
    world.sagemaker.create_hyper_parameter_tuning_job(**wanted)
    job = ended(world, "tune-script")
    assert job["HyperParameterTuningJobStatus"] == "Completed", job
    counted = job["TrainingJobStatusCounters"]
    assert (counted["Completed"] > 0, counted["Completed"] + counted["NonRetryableError"]) == (
        True, 3
    )  # fmt: skip
    assert job["BestTrainingJob"]["TunedHyperParameters"]["kind"] == "fine"


def test_a_tuning_job_fails_when_all_its_training_jobs_do(world: World) -> None:
    limits = {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1}
    wanted = scripted(world, "tune-broken", ["broken"], ResourceLimits=limits)
    world.sagemaker.create_hyper_parameter_tuning_job(**wanted)
    job = ended(world, "tune-broken")
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("All training jobs failed.")


def test_an_execution_that_is_stopped_stops_what_it_searches(world: World) -> None:
    wanted = built_in("tune-aborted")
    wanted["TrainingJobDefinition"]["StaticHyperParameters"]["num_round"] = "1000000"
    tune = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createHyperParameterTuningJob.sync",
        "Parameters": wanted,
        "End": True,
    }
    steps = world.local.client("stepfunctions")
    definition = json.dumps({"StartAt": "Tune", "States": {"Tune": tune}})
    made = steps.create_state_machine(name="abort", definition=definition, roleArn=ROLE)
    execution = steps.start_execution(stateMachineArn=made["stateMachineArn"])["executionArn"]
    listed = world.sagemaker.list_hyper_parameter_tuning_jobs
    until(lambda: listed(NameContains="aborted")["HyperParameterTuningJobSummaries"])
    steps.stop_execution(executionArn=execution)
    assert ended(world, "tune-aborted")["HyperParameterTuningJobStatus"] == "Stopped"


def test_an_execution_hears_the_best_so_far_of_a_search_that_was_stopped(world: World) -> None:
    limits = {"MaxNumberOfTrainingJobs": 100, "MaxParallelTrainingJobs": 1}
    tune = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createHyperParameterTuningJob.sync",
        "Parameters": scripted(world, "tune-enough", ["fine"], ResourceLimits=limits),
        "End": True,
    }
    steps = world.local.client("stepfunctions")
    definition = json.dumps({"StartAt": "Tune", "States": {"Tune": tune}})
    made = steps.create_state_machine(name="enough", definition=definition, roleArn=ROLE)
    execution = steps.start_execution(stateMachineArn=made["stateMachineArn"])["executionArn"]
    name = {"HyperParameterTuningJobName": "tune-enough"}
    list_jobs = world.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job

    def found() -> Any:
        with contextlib.suppress(ClientError):  # not created yet
            return list_jobs(**name, StatusEquals="Completed")["TrainingJobSummaries"]

    until(found)
    world.sagemaker.stop_hyper_parameter_tuning_job(**name)
    done = world.ended(
        lambda: steps.describe_execution(executionArn=execution), "status", ("RUNNING",)
    )
    assert (done["status"], done["error"]) == ("FAILED", "States.TaskFailed")
    told = json.loads(done["cause"])
    assert told["HyperParameterTuningJobStatus"] == "Stopped"
    assert told["BestTrainingJob"]["TunedHyperParameters"]["kind"] == "fine"


def test_step_functions_waits_for_the_best_training_job(world: World) -> None:
    machine = {
        "StartAt": "Tune",
        "States": {
            "Tune": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sagemaker:createHyperParameterTuningJob.sync",
                "Parameters": scripted(world, "tune-followed", ["fine"]),
                "ResultSelector": {"best.$": "$.BestTrainingJob.TrainingJobName"},
                "End": True,
            }
        },
    }
    steps = world.local.client("stepfunctions")
    made = steps.create_state_machine(name="tune", definition=json.dumps(machine), roleArn=ROLE)
    execution = steps.start_execution(stateMachineArn=made["stateMachineArn"])["executionArn"]
    done = world.ended(
        lambda: steps.describe_execution(executionArn=execution), "status", ("RUNNING",)
    )
    assert done["status"] == "SUCCEEDED", done
    assert json.loads(done["output"])["best"].startswith("tune-followed-00")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [("0", "inf", "has no end"), ("nan", "1", "has no end"), ("2", "1", "is empty"),
     ("a", "1", "is not one of numbers")],
)  # fmt: skip
def test_a_range_has_two_ends(low: str, high: str, words: str) -> None:
    with pytest.raises(ServiceError, match=words):
        ranges_of({"ContinuousParameterRanges": [{**UNIT, "MinValue": low, "MaxValue": high}]})


REVERSED = {**UNIT, "MaxValue": "1", "ScalingType": "ReverseLogarithmic"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Strategy": "Hyperband"}, "Strategy=Hyperband; use Random or Bayesian"),
        ({"TrainingJobEarlyStoppingType": "Auto"}, "TrainingJobEarlyStoppingType=Auto; use Off"),
        ({"HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "auc"}},
         "isn't valid for the [xgboost] algorithm. Choose a valid objective metric: ["),
        ({"HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:auc"}},
         "Choose a valid objective metric type"),
        ({"ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 2}},
         "MaxParallelTrainingJobs (2) is larger than MaxNumberOfTrainingJobs (1)"),
        ({"ParameterRanges": {}}, "without ParameterRanges"),
        ({"ParameterRanges": {"ContinuousParameterRanges": [REVERSED]}}, "from 0 to below 1"),
        ({"ParameterRanges": {"CategoricalParameterRanges": [
            {"Name": "num_round", "Values": ["1"]}]}}, "num_round is given twice"),
        ({"ParameterRanges": {"ContinuousParameterRanges": [UNIT, UNIT]}},
         "x-value is given twice"),
    ],
)  # fmt: skip
def test_what_cannot_be_tuned_is_refused_by_name(
    world: World, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClientError) as caught:
        world.sagemaker.create_hyper_parameter_tuning_job(**built_in("never", **changes))
    assert words in str(caught.value)


def best_of(strategy: str, name: str, *, maximize: bool = False) -> tuple[float, list[str]]:
    """The best value after 30 trials of a parabola, and all values that were tried."""
    search = Search(
        name, strategy, ranges_of({"ContinuousParameterRanges": [UNIT]}), None, maximize=maximize
    )
    values, tried = [], []
    for _ in range(30):
        trial, chosen = search.ask()
        tried.append(chosen["x-value"])
        values.append((float(chosen["x-value"]) - 0.3) ** 2)
        search.tell(trial, values[-1])
    return min(values), tried


def test_a_bayesian_search_learns_and_both_repeat_under_the_same_name() -> None:
    assert best_of("Bayesian", "a")[0] < 1e-3
    for strategy in ("Random", "Bayesian"):
        assert best_of(strategy, "a")[1] == best_of(strategy, "a")[1] != best_of(strategy, "b")[1]


@pytest.mark.parametrize(
    ("scaling", "low", "high", "small"),
    [
        ("Linear", "0.001", "1", range(10)),
        ("Auto", "0.001", "1", range(25, 45)),
        ("Logarithmic", "0.001", "1", range(25, 45)),
        ("ReverseLogarithmic", "0", "0.999", range(5)),
    ],
)
def test_scaling_says_where_a_search_looks_more_closely(
    scaling: str, low: str, high: str, small: range
) -> None:
    given = {"Name": "x", "MinValue": low, "MaxValue": high, "ScalingType": scaling}
    ranges = ranges_of({"ContinuousParameterRanges": [given]})
    search = Search("s", "Random", ranges, 1, maximize=True)
    values = [float(search.ask()[1]["x"]) for _ in range(60)]
    assert all(float(low) <= value <= float(high) + 1e-9 for value in values)
    assert sum(value < 0.05 for value in values) in small
