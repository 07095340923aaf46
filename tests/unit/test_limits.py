"""Limits that stand in the state machines, the template and the code agree with each other."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import yaml_parse

from retraining.adapters import recipe_jobs, run_folder
from retraining.rules import claims, durations, names, promotion, settlement, sweeping
from retraining.rules.sections import training

ROOT = Path(__file__).parents[2]
MACHINES = {
    name: yaml.safe_load((ROOT / "statemachines" / f"{name}.asl.yaml").read_text())
    for name in ("retraining", "promotion")
}
STATES = MACHINES["retraining"]["States"]
RESOURCES = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]


def seconds(state: dict[str, Any]) -> int:
    """How long a state may take; where the pipeline says so, the most that it may say."""
    limit = state.get("TimeoutSeconds", 0)
    if isinstance(limit, int):
        return limit
    own, _, more = limit.strip("{% }").partition(" + ")
    most = {
        "$run.training.max_runtime": durations.LONGEST_RUNTIME,
        "$run.training.tuning.max_runtime": durations.LONGEST_RUNTIME,
    }
    return durations.seconds(most[own]) + int(more or 0)


def test_a_name_of_a_tuning_job_has_32_characters_at_most() -> None:
    made = names.Names("a" * 15, names.generation(0))
    assert len(made.longest_tuning("b" * names.LONGEST_PIPELINE)) == names.LONGEST_TUNING
    assert made.tuning("bank", 1) != made.tuning("bank", 2)


def within(states: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every state, those of a Map's passes included."""
    for state in states.values():
        yield state
        yield from within(state.get("ItemProcessor", {}).get("States", {}))


def listed(one: Any) -> list[Any]:
    """A member of a policy that may be one thing or a list of them."""
    return one if isinstance(one, list) else [one]


def test_what_a_run_prepared_for_itself_is_all_that_expires_before_it_is_replaced() -> None:
    """A rule of a prefix alone would take models and records with it."""
    rules = RESOURCES["WorkBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (rule,) = (one for one in rules if "ExpirationInDays" in one)
    assert rule["TagFilters"] == [names.PASSING_TAG]
    assert rule["Prefix"] == names.run_prefix("bank", 1).partition("/")[0] + "/"
    for function in ("FinishRunFunction", "RecoverRunFunction"):
        statements = RESOURCES[function]["Properties"]["Policies"][0]["Statement"]
        marked = [
            resource
            for one in statements
            if one["Action"] == "s3:PutObjectTagging"
            for resource in listed(one["Resource"])
        ]
        places = [resource["Fn::Sub"].partition("/runs/*/")[2] for resource in marked]
        made = names.Names("${AWS::StackName}", names.generation(0))
        searched = made.searched("bank", 1)
        assert not any(
            fnmatchcase(f"bank/000001/model/{made.run('b', 1)}-challenger-0/a", f"*/{place}")
            for place in places
        )
        for folder in (*run_folder.PASSING, searched):
            assert any(fnmatchcase(f"bank/000001/{folder}a", f"*/{place}") for place in places)


def test_a_promotion_holds_its_lock_for_as_long_as_its_machine_may_run() -> None:
    """Or a second promotion would take the lock while the first still moves the endpoint."""
    machine = MACHINES["promotion"]["TimeoutSeconds"]
    assert STATES["Promote"]["TimeoutSeconds"] >= machine
    assert STATES["Promote"]["TimeoutSeconds"] < promotion.LONGEST_PROMOTION


def waiting(block: dict[str, Any]) -> float:
    """How long a Retry waits at most, without the jitter that shortens it."""
    rate, most = block.get("BackoffRate", 2), block.get("MaxDelaySeconds", float("inf"))
    attempts = range(block["MaxAttempts"])
    return sum(min(block["IntervalSeconds"] * rate**attempt, most) for attempt in attempts)


def test_a_job_waits_for_an_instance_as_long_as_a_training_of_the_usual_time_may_take() -> None:
    """With a quota of one instance challenger and refit are trained one after the other.

    A wait is random, from nothing to its full length: half of it in the mean. Three standard
    deviations (a uniform one's is its length by the root of 12) below the mean must be enough.
    """
    states = STATES["Candidates"]["ItemProcessor"]["States"]
    usual = durations.seconds(training.BuiltInTraining.model_fields["max_runtime"].default)
    for name in ("TrainModel", "ScoreModel"):
        (block,) = (
            one
            for one in states[name]["Retry"]
            if "SageMaker.ResourceLimitExceededException" in one["ErrorEquals"]
        )
        spread = block["MaxDelaySeconds"] * (block["MaxAttempts"] / 12) ** 0.5
        assert waiting(block) / 2 - 3 * spread >= usual


def test_a_promotion_has_time_for_all_that_it_waits_for() -> None:
    """There and back, each state as long as its longest Retry; else only its time-out ends it."""
    states = MACHINES["promotion"]["States"].values()
    longest = sum(max(map(waiting, state["Retry"])) for state in states if "Retry" in state)
    assert longest <= MACHINES["promotion"]["TimeoutSeconds"]


def test_the_next_run_waits_for_a_promotion_as_long_as_it_may_take() -> None:
    promoted = settlement.aftermath(settlement.State(), settlement.PROMOTED, "Promoted.", now=1000)
    assert promoted.retry_at == 1000 + promotion.LONGEST_PROMOTION


def test_a_run_may_take_as_long_as_its_states_together() -> None:
    """One pass; the gate may ask for two more, in which candidates are trained again.

    Changed features are backtested, then the challenger is searched for, then trained on all rows.
    """
    training = STATES["Candidates"]["ItemProcessor"]["States"]
    others = sum(seconds(training[state]) for state in ("TrainWithWorkflow", "TuneModel"))
    assert all(
        seconds(training["TrainModel"]) >= seconds(training[state])
        for state in ("TrainWithWorkflow", "TuneModel")
    )
    once = sum(map(seconds, within(STATES))) - others
    again = [*within(training), STATES["ExtractMetrics"], STATES["Gate"]]
    longest = once + 2 * (sum(map(seconds, again)) - others)
    assert longest <= MACHINES["retraining"]["TimeoutSeconds"]


def test_a_job_gives_up_before_its_state_does() -> None:
    """A job's own time-out says so in its own log; the state's would only stop it."""
    for state in ("RunRecipe", "RunChampionsRecipe"):
        assert seconds(STATES[state]) >= recipe_jobs.TIMEOUT_MINUTES * 60
    glue = RESOURCES["PrepareDatasetJob"]["Properties"]["Timeout"]
    assert glue * 60 <= seconds(STATES["PrepareDataset"])


def test_the_chunks_of_a_run_are_checked_all_at_once() -> None:
    assert STATES["CheckData"]["MaxConcurrency"] == claims.MOST_CHUNKS


def test_a_sweep_leaves_alone_what_happened_since_the_one_before() -> None:
    """Or it would send again what is still on its way."""
    sweep = RESOURCES["SweepSchedule"]["Properties"]
    assert sweep["ScheduleExpression"] == f"rate({sweeping.SLACK // 60} minutes)"


def test_an_alarm_on_ages_sees_every_sweep_and_waits_for_the_longest_run() -> None:
    overdue, open_run = (
        RESOURCES[f"{name}Alarm"]["Properties"] for name in ("RunOverdue", "OpenRun")
    )
    assert overdue["Threshold"] > 2 * sweeping.SLACK, "a sweep may still repair it"
    assert open_run["Threshold"] > MACHINES["retraining"]["TimeoutSeconds"] + 2 * sweeping.SLACK
    for alarm in (overdue, open_run):
        assert alarm["Period"] > sweeping.SLACK
        assert alarm["Statistic"] == "Maximum"
        assert alarm["Dimensions"] == [{"Name": "Stack", "Value": {"Ref": "AWS::StackName"}}]
