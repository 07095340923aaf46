"""Every branch of our own two machines, run whole with mocked integrations on a turned clock."""

from __future__ import annotations

import json
from typing import Any

import pytest
from our_machines import (
    ASKED,
    BACK,
    CHALLENGER,
    CHAMPION,
    CHECKED,
    CLAIMED,
    CLEARED,
    CLOSED,
    DECIDED,
    DIED,
    FAILED,
    FAILS,
    FINISHED,
    FIRST,
    JUDGED,
    NO_ENDPOINT,
    OWN,
    PLAN,
    PREPARED,
    PROMOTE,
    PROMOTED,
    PROMOTION,
    REFIT,
    REJECT,
    REJECTED,
    REJECTION,
    RETRAINING,
    RETURNED,
    RUN,
    SAGEMAKER,
    SEARCH,
    SERVED,
    SETTLED,
    STARTED,
    STOPPED,
    TRANSIENT,
    TUNED,
    UNDECIDED,
    WORKFLOW,
    ended,
    promotion_mocks,
    retraining_mocks,
    searched,
    trained,
    unfit,
    verdict,
)

from ratchet.local_aws.sagemaker.containers.filters import parse_filter
from ratchet.workflow.testing import (
    Coverage,
    MachineRun,
    fails,
    payload,
    returns,
    run_machine,
    sample,
)
from retraining.rules.scores import MOST_NAMED

RECIPE = "ratchet--bank--rfjp"
BESIDE_CHAMPION = {**RUN, "candidates": [CHAMPION, CHALLENGER]}
OF_CANDIDATES = ("TrainModel", "CreateModel", "ScoreModel")
ROLES_TRAINED = ("challenger", "refit")
TRAINED = {
    "artifact": "s3://work/model.tar.gz",
    "image": RUN["training"]["image"],
    "training_job": f"{RUN['name']}-challenger-0",
}


@pytest.fixture(scope="module")
def retraining() -> Coverage:
    return Coverage(RETRAINING)


@pytest.fixture(scope="module")
def promotion() -> Coverage:
    return Coverage(PROMOTION)


def retrain(coverage: Coverage, **others: Any) -> MachineRun:
    return coverage.add(run_machine(RETRAINING, STARTED, retraining_mocks(**others)))


def concluded(run: MachineRun, state: str = "FinishRun") -> Any:
    """What a state was told of the run's end."""
    return run.arguments(state)["Payload"]["conclusion"]


def packaged(run: MachineRun) -> Any:
    return run.arguments("FinishRun")["Payload"]["package"]


def test_a_job_that_refuses_the_data_ends_a_run_that_did_not_fail(retraining: Coverage) -> None:
    refused = fails("States.TaskFailed", '{"ErrorMessage": "DataRefused: Label y is 2"}')
    record = payload({"outcome": "DATA_REJECTED"})
    run = retrain(retraining, PrepareDataset=refused, FinishRun=record)
    assert run.path[-3:] == ["SettleData", "Promote?", *FINISHED]
    assert run.status == "SUCCEEDED"
    assert concluded(run)["State"] == "PrepareDataset"


def test_a_first_champion_is_promoted_in_few_transitions(retraining: Coverage) -> None:
    run = retrain(retraining)
    assert run.path == [*CLAIMED, *JUDGED, *PROMOTED]
    assert run.output == {"outcome": "the run record"}
    assert concluded(run)["outcome"] == "PROMOTED"
    assert packaged(run) == "arn:package/1"
    assert run.arguments("Promote")["Name"] == "bank-000007"
    scored = run.arguments("ScoreModel")
    assert scored["ModelName"] == RUN["name"]
    trained_on = run.arguments("TrainModel")["ResourceConfig"]["InstanceType"]
    scored_on = scored["TransformResources"]["InstanceType"]
    assert (trained_on, scored_on) == ("ml.m5.large", "ml.m5.xlarge")
    assert run.transitions() <= 36
    assert run.seconds == 0


def test_a_challenger_and_the_champion_score_the_same_holdout(retraining: Coverage) -> None:
    run = retrain(retraining, ClaimData=payload(BESIDE_CHAMPION))
    assert run.status == "SUCCEEDED"
    scored = [call.arguments for call in run.calls if call.state == "ScoreModel"]
    assert {call["ModelName"] for call in scored} == {RUN["name"], "champion"}
    assert len({str(call["TransformInput"]) for call in scored}) == 1
    told = run.arguments("ExtractMetrics")["Payload"]["candidates"]
    untrained = {"artifact": None, "image": None, "training_job": None}
    assert told[0] == {**CHAMPION, **untrained}
    assert told[1] == {**CHALLENGER, **TRAINED}
    assert run.transitions() <= 36


def test_the_gate_may_ask_for_more_candidates_and_sees_all_of_them(retraining: Coverage) -> None:
    """Whoever is trained and scored later goes through the same states."""
    more = verdict({**UNDECIDED, "decision": "more", "next": [REFIT]})
    run = retrain(retraining, ClaimData=payload(BESIDE_CHAMPION), Gate=[more, verdict(PROMOTE)])
    assert run.status == "SUCCEEDED"
    assert run.path.count("Candidates") == run.path.count("Gate") == 2
    assert run.arguments("TrainModel")["TrainingJobName"] == f"{RUN['name']}-refit-0"
    told = [call.arguments for call in run.calls if call.state == "ExtractMetrics"]
    roles = [[one["role"] for one in given["Payload"]["candidates"]] for given in told]
    assert roles == [["champion", "challenger"], ["refit"]]
    assert concluded(run)["outcome"] == "PROMOTED"


def test_every_candidate_is_trained_on_its_own_rows_with_its_own_settings(
    retraining: Coverage,
) -> None:
    other = {**REFIT, "hyperparameters": {"num_round": "9"}, "model": "another"}
    run = retrain(retraining, ClaimData=payload({**RUN, "candidates": [CHALLENGER, other]}))
    jobs = [call.arguments for call in run.calls if call.state == "TrainModel"]
    rows = [job["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] for job in jobs]
    assert sorted(rows) == sorted([CHALLENGER["train"], other["train"]])
    assert sorted(job["HyperParameters"]["num_round"] for job in jobs) == ["5", "9"]
    made = [call.arguments["ModelName"] for call in run.calls if call.state == "CreateModel"]
    assert sorted(made) == sorted([CHALLENGER["model"], "another"])


def test_a_recipe_and_a_transform_run_when_the_pipeline_has_them(retraining: Coverage) -> None:
    claimed = {**RUN, "recipe_jobs": [RECIPE], "transform": "s3://work/transform.py"}
    run = retrain(retraining, ClaimData=payload(claimed))
    assert run.path[6:8] == ["RunRecipe", "PrepareDataset"]
    assert run.arguments("RunRecipe") == {"Name": RECIPE}
    glue = run.arguments("PrepareDataset")["Arguments"]
    assert glue["--transform"] == "s3://work/transform.py"
    assert retrain(retraining).arguments("PrepareDataset")["Arguments"]["--transform"] == "none"


def test_a_champion_of_another_recipe_costs_one_transition_and_has_its_own_rows(
    retraining: Coverage,
) -> None:
    alone = retrain(retraining, ClaimData=payload({**RUN, "recipe_jobs": [RECIPE]}))
    theirs = {"champions_source": "s3://work/runs/bank/000007/champion/recipe/"}
    claimed = {**RUN, **theirs, "recipe_jobs": [RECIPE, f"{RECIPE}-champion"]}
    run = retrain(retraining, ClaimData=payload(claimed))
    assert run.path[6:9] == ["RunChampionsRecipe", "RunRecipe", "PrepareDataset"]
    assert run.arguments("RunChampionsRecipe") == {"Name": f"{RECIPE}-champion"}
    assert run.arguments("RunRecipe") == {"Name": RECIPE}
    assert run.transitions() == alone.transitions() + 1
    told = run.arguments("PrepareDataset")["Arguments"]["--champions_source"]
    assert told == theirs["champions_source"]
    same = alone.arguments("PrepareDataset")["Arguments"]["--champions_source"]
    assert same == "none"


@pytest.mark.parametrize(
    ("outcome", "data_state"),
    [("DATA_REJECTED", "QUARANTINED"), ("WAITING", "WAITING"), ("SUSPECT", "SUSPECT")],
)
@pytest.mark.parametrize("recipes", [[], [RECIPE], [RECIPE, f"{RECIPE}-champion"]])
def test_a_batch_that_cannot_be_trained_on_ends_the_run_in_few_transitions(
    retraining: Coverage, outcome: str, data_state: str, recipes: list[str]
) -> None:
    claimed = payload({**RUN, "recipe_jobs": recipes})
    run = retrain(retraining, ClaimData=claimed, JudgeData=unfit(outcome, data_state))
    assert run.path == [*CLAIMED, *SETTLED]
    settled = concluded(run, "SettleData")
    assert (settled["outcome"], settled["data_state"]) == (outcome, data_state)
    assert settled["sentence"] == "The batch was judged."
    assert concluded(run) == settled
    assert run.status == "SUCCEEDED"
    assert run.transitions() <= 12


def test_a_run_that_repeats_another_checks_and_trains_nothing(retraining: Coverage) -> None:
    claimed, unchanged = payload({**RUN, "chunks": []}), unfit("UNCHANGED", "SUPERSEDED")
    run = retrain(retraining, ClaimData=claimed, JudgeData=unchanged)
    assert run.path == ["ClaimData", "CheckData", "JudgeData", "DataAccepted?", *SETTLED]
    assert concluded(run, "SettleData")["outcome"] == concluded(run)["outcome"] == "UNCHANGED"
    assert run.transitions() <= 12


def test_only_a_verdict_to_promote_registers_and_promotes(retraining: Coverage) -> None:
    for answer in (REJECT, UNDECIDED, {**UNDECIDED, "decision": "anything else"}):
        run = retrain(retraining, Gate=verdict(answer))
        assert run.path == [*CLAIMED, *JUDGED, *SETTLED]
        assert packaged(run) is None
        assert concluded(run)["outcome"] == answer["outcome"]


def test_a_model_fits_to_train_stops_on_validation_and_is_scored_on_holdout(
    retraining: Coverage,
) -> None:
    run = retrain(retraining)
    channels = {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in run.arguments("TrainModel")["InputDataConfig"]
    }
    prepared = f"{RUN['uri']}/prepared"
    assert channels == {"train": f"{prepared}/train/", "validation": f"{prepared}/validation/"}
    scored = run.arguments("ScoreModel")["TransformInput"]["DataSource"]["S3DataSource"]
    assert scored["S3Uri"] == f"{prepared}/holdout/"


@pytest.mark.parametrize("given", [("code",), ("code", "features")])
def test_a_script_and_its_features_py_are_channels_of_the_job(
    retraining: Coverage, given: tuple[str, ...]
) -> None:
    archives = {name: f"s3://work/pipelines/bank/1/{name}.tar.gz" for name in given}
    candidates = [{**CHALLENGER, **archives}]
    run = retrain(retraining, ClaimData=payload({**RUN, "candidates": candidates}))
    channels = {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in run.arguments("TrainModel")["InputDataConfig"][2:]
    }
    assert channels == archives


def test_a_model_that_is_scored_sees_the_features_alone(retraining: Coverage) -> None:
    """A holdout line through the job's filters, as local AWS and SageMaker apply them."""
    line = ["r1", "fresh", "cluster", "the label", "the first feature", "the last feature"]
    job = retrain(retraining).arguments("ScoreModel")
    chosen = job["DataProcessing"]
    assert parse_filter(chosen["InputFilter"]).choose(line) == line[4:]
    joined = parse_filter(chosen["OutputFilter"]).choose([*line, "the score"])
    assert chosen["JoinSource"] == "Input"
    assert joined == ["r1", "fresh", "cluster", "the label", "the score"]
    scored = job["TransformOutput"]["S3OutputPath"]
    assert scored == f"{RUN['uri']}/scores/challenger/"


@pytest.mark.parametrize("answers", [2, 15, 16, 100])
def test_the_answers_of_many_classes_are_kept_within_the_bounds_of_a_filter(
    retraining: Coverage, answers: int
) -> None:
    """A filter has at most 63 characters (API reference, DataProcessing)."""
    asked = {**RUN, "candidates": [{**CHALLENGER, "answers": answers}]}
    run = retrain(retraining, ClaimData=payload(asked))
    chosen = run.arguments("ScoreModel")["DataProcessing"]["OutputFilter"]
    assert len(chosen) <= 63
    shares = [f"share {n}" for n in range(answers)]
    line = ["r1", "fresh", "cluster", "0", "the first feature", "the last", *shares]
    kept = parse_filter(chosen).choose(line)
    assert kept == ([*line[:4], *shares] if answers <= MOST_NAMED else line)


def test_a_customer_key_encrypts_volumes_and_output_of_every_job(retraining: Coverage) -> None:
    volume, output = {"VolumeKmsKeyId": "arn:key"}, {"KmsKeyId": "arn:key"}
    keys = {"training_volume": volume, "score_volume": volume, "output": output}
    run = retrain(retraining, ClaimData=payload({**RUN, "keys": keys}))
    training, scoring = run.arguments("TrainModel"), run.arguments("ScoreModel")
    assert training["ResourceConfig"] == {
        "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30, **volume
    }  # fmt: skip
    assert scoring["TransformResources"]["VolumeKmsKeyId"] == "arn:key"
    assert training["OutputDataConfig"]["KmsKeyId"] == "arn:key"
    assert scoring["TransformOutput"]["KmsKeyId"] == "arn:key"
    plain = retrain(retraining).arguments("TrainModel")
    assert "VolumeKmsKeyId" not in plain["ResourceConfig"]


def test_the_job_that_accounts_for_the_rows_is_told_how_many_there_are(
    retraining: Coverage,
) -> None:
    told = retrain(retraining).arguments("PrepareDataset")["Arguments"]
    assert (told["--landed"], told["--accepted"]) == ("1003", "1000")


def test_what_was_trained_is_what_is_scored_and_registered(retraining: Coverage) -> None:
    run = retrain(retraining)
    trained_model = "s3://work/model.tar.gz"
    assert run.arguments("TrainModel")["EnableNetworkIsolation"] is True
    output = run.arguments("TrainModel")["OutputDataConfig"]["S3OutputPath"]
    assert output == f"{RUN['uri']}/model"
    container = run.arguments("CreateModel")["PrimaryContainer"]
    assert container == {
        "Image": RUN["training"]["image"],
        "ModelDataUrl": trained_model,
        "Environment": {},
    }
    assert run.arguments("ExtractMetrics")["Payload"]["candidates"] == [
        {
            **CHALLENGER,
            "artifact": trained_model,
            "image": RUN["training"]["image"],
            "training_job": f"{RUN['name']}-challenger-0",
        }
    ]


def test_a_rejected_model_leaves_suspect_data_and_no_package(retraining: Coverage) -> None:
    run = retrain(retraining, Gate=verdict(REJECT))
    assert run.path == [*CLAIMED, *JUDGED, *SETTLED]
    assert concluded(run, "SettleData")["data_state"] == "SUSPECT"
    assert (packaged(run), concluded(run)["outcome"]) == (None, "MODEL_REJECTED")


@pytest.mark.parametrize(
    "state",
    [
        "ClaimData", "CheckChunk", "JudgeData", "RunChampionsRecipe", "RunRecipe",
        "PrepareDataset", "TrainModel", "CreateModel", "ScoreModel", "ExtractMetrics", "Gate",
        "RegisterModel",
    ],
)  # fmt: skip
def test_a_failure_settles_the_data_and_is_recorded(retraining: Coverage, state: str) -> None:
    claimed = payload({**RUN, "recipe_jobs": [RECIPE, f"{RECIPE}-champion"]})
    broken = {"ClaimData": claimed, state: fails("Broken", "it broke"), "FinishRun": FAILS}
    run = retrain(retraining, **broken)
    assert run.path[-4:] == ["SettleData", "Promote?", *FAILED]
    assert (run.status, run.error, run.cause) == ("FAILED", "Broken", "it broke")
    inside = {"CheckChunk": "CheckData", **dict.fromkeys(OF_CANDIDATES, "Candidates")}
    outer = inside.get(state, state)
    caught = {"State": outer, "Error": "Broken", "Cause": "it broke"}
    assert concluded(run, "SettleData") == caught
    assert concluded(run) == caught


def test_a_winner_that_a_person_must_approve_is_registered_and_not_promoted(
    retraining: Coverage,
) -> None:
    waits = verdict({**PROMOTE, "outcome": "APPROVAL_PENDING"})
    run = retrain(retraining, Gate=waits, FinishRun=payload({"outcome": "APPROVAL_PENDING"}))
    assert run.path[-5:] == ["Verdict?", "RegisterModel", "SettleData", "Promote?", *FINISHED]
    assert run.status == "SUCCEEDED"
    for state in ("SettleData", "FinishRun"):
        assert concluded(run, state)["outcome"] == "APPROVAL_PENDING"
    assert run.arguments("FinishRun")["Payload"]["package"] == "arn:package/1"


def test_a_failure_without_a_cause_tells_its_name(retraining: Coverage) -> None:
    run = retrain(retraining, TrainModel=fails("States.Timeout"), FinishRun=FAILS)
    assert (run.error, run.cause) == ("States.Timeout", "States.Timeout")


@pytest.mark.parametrize("state", ["SettleData", "Promote"])
def test_a_failure_after_the_verdict_ends_in_a_failed_run(retraining: Coverage, state: str) -> None:
    run = retrain(retraining, **{state: fails("Broken", "it broke"), "FinishRun": FAILS})
    assert run.path[-3:] == [state, *FAILED]
    assert concluded(run)["State"] == state
    assert run.error == "Broken"


@pytest.mark.parametrize("outcome", ["PROMOTED", "POSTPONED"])
def test_a_run_whose_model_was_not_refused_succeeds_whatever_failed_later(
    retraining: Coverage, outcome: str
) -> None:
    recorded = payload({"outcome": outcome})
    run = retrain(retraining, Promote=fails("States.Timeout"), FinishRun=recorded)
    assert run.path[-2:] == ["Promote", *FINISHED]
    assert run.status == "SUCCEEDED"


def test_data_that_cannot_be_settled_fails_the_run(retraining: Coverage) -> None:
    broken = fails("Broken", "it broke")
    run = retrain(retraining, Gate=verdict(REJECT), SettleData=broken, FinishRun=FAILS)
    assert run.path[-3:] == ["SettleData", *FAILED]
    assert concluded(run) == {"State": "SettleData", "Error": "Broken", "Cause": "it broke"}


def test_a_workflow_of_the_pipeline_trains_in_place_of_the_job(retraining: Coverage) -> None:
    run = retrain(retraining, ClaimData=payload(OWN))
    assert run.status == "SUCCEEDED"
    assert "TrainModel" not in run.path
    given = run.arguments("TrainWithWorkflow")
    assert given["StateMachineArn"] == WORKFLOW
    assert given["Input"]["train"] == f"{RUN['uri']}/prepared/train/"
    container = run.arguments("CreateModel")["PrimaryContainer"]
    made = f"{RUN['uri']}/model/challenger/m.tar.gz"
    assert container == {"Image": "image", "ModelDataUrl": made, "Environment": {}}
    (told,) = run.arguments("ExtractMetrics")["Payload"]["candidates"]
    assert told["training_job"] == "arn:nested"


def test_every_candidate_of_a_workflow_has_its_own_execution_and_place(
    retraining: Coverage,
) -> None:
    claimed = {**OWN, "candidates": [CHALLENGER, {**REFIT, "model": "another"}]}
    answers = [ended({"artifact": f"{RUN['uri']}/model/{role}/m"}) for role in ROLES_TRAINED]
    run = retrain(retraining, ClaimData=payload(claimed), TrainWithWorkflow=answers)
    assert run.status == "SUCCEEDED"
    calls = [call.arguments for call in run.calls if call.state == "TrainWithWorkflow"]
    assert {call["Name"] for call in calls} == {f"bank-000007-{role}" for role in ROLES_TRAINED}
    assert {call["Input"]["name"] for call in calls} == {RUN["name"], "another"}
    assert len({call["Input"]["output"] for call in calls}) == 2


def test_a_workflow_may_name_the_image_that_serves(retraining: Coverage) -> None:
    output = {"artifact": f"{RUN['uri']}/model/challenger/m.tar.gz", "image": "its own"}
    run = retrain(retraining, ClaimData=payload(OWN), TrainWithWorkflow=ended(output))
    assert run.arguments("CreateModel")["PrimaryContainer"]["Image"] == "its own"


@pytest.mark.parametrize(
    "output",
    [
        {},
        {"artifact": 7},
        {"artifact": "s3://work/runs/other/000001/model/model.tar.gz"},
        {"artifact": f"{RUN['uri']}/model/challenger/"},
        {"artifact": f"{RUN['uri']}/model/refit/m.tar.gz"},
        {"artifact": f"{RUN['uri']}/model/challenger/m.tar.gz", "image": 7},
        {"artifact": [f"{RUN['uri']}/model/challenger/m.tar.gz"]},
        {"artifact": None},
        {"artifact": {"uri": f"{RUN['uri']}/model/challenger/m.tar.gz"}},
        f"{RUN['uri']}/model/challenger/m.tar.gz",
        [],
        None,
    ],
)
def test_a_workflow_that_answers_anything_else_fails_the_run(
    retraining: Coverage, output: Any
) -> None:
    wrong = ended(output)
    run = retrain(retraining, ClaimData=payload(OWN), TrainWithWorkflow=wrong, FinishRun=FAILS)
    refused = ["OutputAccepted?", "OutputRefused"]
    assert run.path[-6:] == [*refused, "SettleData", "Promote?", *FAILED]
    assert run.error == "WorkflowOutputRefused"
    assert run.cause is not None
    assert "model.tar.gz below" in run.cause
    assert concluded(run) == {"State": "Candidates", "Error": run.error, "Cause": run.cause}


def test_a_workflow_that_fails_settles_the_data(retraining: Coverage) -> None:
    broken = fails("States.TaskFailed", "it broke")
    run = retrain(retraining, ClaimData=payload(OWN), TrainWithWorkflow=broken, FinishRun=FAILS)
    assert run.path[-4:] == ["SettleData", "Promote?", *FAILED]
    assert concluded(run) == {
        "State": "Candidates",
        "Error": "States.TaskFailed",
        "Cause": "it broke",
    }


def test_a_run_that_cannot_be_recorded_fails_all_the_same(retraining: Coverage) -> None:
    run = retrain(retraining, FinishRun=fails("Broken", "no table"))
    assert run.path[-2:] == ["FinishRun", "RunFailed"]
    assert (run.error, run.cause) == ("Broken", "no table")
    gone = fails("Gone", "still no table")
    run = retrain(retraining, Gate=fails("Broken"), FinishRun=gone)
    assert run.path[-2:] == ["FinishRun", "RunFailed"]
    assert (run.error, run.cause) == ("Gone", "still no table")


@pytest.mark.parametrize(
    "state",
    [
        "ClaimData", "CheckChunk", "JudgeData", "ExtractMetrics", "Gate", "RegisterModel",
        "SettleData", "FinishRun",
    ],
)  # fmt: skip
def test_a_transient_error_of_a_function_is_tried_again(retraining: Coverage, state: str) -> None:
    """Six times for what Lambda says of itself, once where the function may be at fault.

    The check finds out which objects are, and may die twice on each of three.
    """
    deaths = 6 if state == "CheckChunk" else 1
    claimed = payload({**RUN, "chunks": [{"chunk": 0}]})
    mocks = {**retraining_mocks(), "ClaimData": claimed}
    good = mocks[state]
    run = retrain(retraining, **{**mocks, state: [*[fails(TRANSIENT)] * 6, good]})
    assert (run.status, run.retries(state)) == ("SUCCEEDED", 6)
    assert all(wait.seconds <= most for wait, most in zip(run.waits, LONGEST, strict=True))
    for error in DIED:
        run = retrain(retraining, **{**mocks, state: [*[fails(error)] * deaths, good]})
        assert (run.status, run.retries(state)) == ("SUCCEEDED", deaths)
        died = {"FinishRun": FAILS, state: [fails(error)] * (deaths + 1)}
        run = retrain(retraining, **{**mocks, **died})
        assert (run.status, run.retries(state)) == ("FAILED", deaths)


LONGEST = (2, 4, 8, 16, 32, 60)
"""Seconds: 2, doubled each time, at most 60; the jitter makes them shorter."""


@pytest.mark.parametrize(
    ("state", "error", "attempts"),
    [
        ("RunRecipe", "DataBrew.ConflictException", 8),
        ("RunChampionsRecipe", "DataBrew.ConflictException", 8),
        ("PrepareDataset", "Glue.ConcurrentRunsExceededException", 8),
        ("TrainModel", "SageMaker.ResourceLimitExceededException", 40),
        ("TrainModel", "SageMaker.AmazonSageMakerException", 4),
        ("TuneModel", "SageMaker.ResourceLimitExceededException", 40),
        ("TuneModel", "SageMaker.AmazonSageMakerException", 4),
        ("CreateModel", "SageMaker.ThrottlingException", 8),
        ("CreateModel", "SageMaker.AmazonSageMakerException", 4),
        ("ScoreModel", "SageMaker.ThrottlingException", 40),
        ("ScoreModel", "SageMaker.AmazonSageMakerException", 4),
        ("Promote", "StepFunctions.ThrottlingException", 8),
        ("TrainWithWorkflow", "StepFunctions.ThrottlingException", 8),
    ],
)
def test_a_busy_service_is_asked_again(
    retraining: Coverage, state: str, error: str, attempts: int
) -> None:
    recipes = [RECIPE, f"{RECIPE}-champion"]
    trains = {"TrainWithWorkflow": OWN, "TuneModel": TUNED}.get(state, RUN)
    claimed = payload({**trains, "recipe_jobs": recipes})
    good = retraining_mocks()[state]
    answers = [fails(error)] * attempts
    run = retrain(retraining, **{"ClaimData": claimed, state: [*answers, good]})
    assert (run.status, run.retries(state)) == ("SUCCEEDED", attempts)
    answers = [*answers, fails(error)]
    run = retrain(retraining, **{"ClaimData": claimed, state: answers, "FinishRun": FAILS})
    assert (run.status, run.error) == ("FAILED", error)


def test_a_search_takes_the_place_of_the_job_and_its_best_model_goes_on(
    retraining: Coverage,
) -> None:
    busy = fails("SageMaker.ThrottlingException")
    run = retrain(retraining, ClaimData=payload(TUNED), TuneModel=[busy, searched()])
    searched_for = ("TuneModel", "ModelFound?", "TakeBest")
    assert [state for state in run.path if state not in searched_for] == [
        *CLAIMED, *(state for state in JUDGED if state != "TrainModel"), *PROMOTED,
    ]  # fmt: skip
    calls = [call.arguments for call in run.calls if call.state == "TuneModel"]
    names = [call["HyperParameterTuningJobName"] for call in calls]
    assert names == ["ratchet--0123456789ab-0", "ratchet--0123456789ab-1"]
    job, alone = calls[0], retrain(retraining).arguments("TrainModel")
    definition = job["TrainingJobDefinition"]
    assert job["HyperParameterTuningJobConfig"] == {"Strategy": "Random"}
    assert definition.pop("StaticHyperParameters") == alone.pop("HyperParameters")
    assert {**definition, "Tags": job["Tags"]} == {
        name: value for name, value in alone.items() if name != "TrainingJobName"
    }
    (scored,) = run.arguments("ExtractMetrics")["Payload"]["candidates"]
    artifact = f"{RUN['uri']}/model/best/output/model.tar.gz"
    assert run.arguments("CreateModel")["PrimaryContainer"]["ModelDataUrl"] == artifact
    assert (scored["artifact"], scored["training_job"]) == (artifact, "best")
    assert scored["hyperparameters"] == {"num_round": "5", "eta": "0.2"}


def places(run: MachineRun, state: str) -> dict[str, str]:
    """By channel what a training job reads."""
    given = run.arguments(state)
    channels = given.get("TrainingJobDefinition", given)["InputDataConfig"]
    return {one["ChannelName"]: one["DataSource"]["S3DataSource"]["S3Uri"] for one in channels}


def test_a_search_never_sees_what_its_model_is_judged_on(retraining: Coverage) -> None:
    """The promise is of rows on which no hyperparameter was chosen."""
    run = retrain(retraining, ClaimData=payload(TUNED))
    assert places(run, "TuneModel") == {
        "train": f"{PREPARED}/train/", "validation": f"{PREPARED}/validation/"
    }  # fmt: skip
    assert "holdout" not in json.dumps(run.arguments("TuneModel"))
    judged = run.arguments("ScoreModel")["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    assert judged == f"{PREPARED}/holdout/"


def test_a_script_is_searched_with_its_code_by_what_it_prints(retraining: Coverage) -> None:
    printed = {"MetricDefinitions": [{"Name": "accuracy", "Regex": "accuracy=(.*)"}]}
    archives = {name: f"s3://work/pipelines/bank/1/{name}.tar.gz" for name in ("code", "features")}
    training = {**TUNED["training"], "tuning": {**SEARCH, "metrics": printed}}
    candidates = [{**CHALLENGER, **archives, "tuned": True}]
    claimed = {**RUN, "training": training, "candidates": candidates}
    run = retrain(retraining, ClaimData=payload(claimed))
    algorithm = run.arguments("TuneModel")["TrainingJobDefinition"]["AlgorithmSpecification"]
    image = {"TrainingImage": "image", "TrainingInputMode": "File"}
    assert algorithm == {**image, **printed}
    alone = {**RUN, "candidates": [{**CHALLENGER, **archives}]}
    assert places(run, "TuneModel") == places(
        retrain(retraining, ClaimData=payload(alone)), "TrainModel"
    )


BEST = {"TrainingJobName": "so-far", "TunedHyperParameters": {"eta": "0.3"}}


def described(status: str, **more: Any) -> str:
    """The cause of a search that did not end well, as Step Functions tells it."""
    return json.dumps({"HyperParameterTuningJobStatus": status, **more})


def test_the_best_model_so_far_of_a_search_whose_time_is_up_goes_on(retraining: Coverage) -> None:
    stopped = fails("States.TaskFailed", described("Stopped", BestTrainingJob=BEST))
    run = retrain(retraining, ClaimData=payload(TUNED), TuneModel=stopped)
    assert run.status == "SUCCEEDED"
    assert run.path.count("TuneModel") == 1
    (scored,) = run.arguments("ExtractMetrics")["Payload"]["candidates"]
    assert scored["artifact"] == f"{RUN['uri']}/model/so-far/output/model.tar.gz"
    assert scored["training_job"] == "so-far"
    assert scored["hyperparameters"] == {"num_round": "5", "eta": "0.3"}


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("States.TaskFailed", "All training jobs failed"),
        ("States.TaskFailed", described("Stopped")),
        ("States.TaskFailed", described("Failed", BestTrainingJob=BEST)),
        ("SageMaker.AmazonSageMakerException", "refused"),
        ("States.Timeout", "too long"),
    ],
)
def test_a_search_that_finds_nothing_settles_the_data(
    retraining: Coverage, error: str, cause: str
) -> None:
    broken = [fails(error, cause)] * 5
    run = retrain(retraining, ClaimData=payload(TUNED), TuneModel=broken, FinishRun=FAILS)
    assert run.path[-4:] == ["SettleData", "Promote?", *FAILED]
    assert concluded(run) == {"State": "Candidates", "Error": error, "Cause": cause}


def test_a_search_that_ends_well_without_a_model_says_why(retraining: Coverage) -> None:
    nothing = returns(sample(f"{SAGEMAKER}createHyperParameterTuningJob.sync"))
    run = retrain(retraining, ClaimData=payload(TUNED), TuneModel=nothing, FinishRun=FAILS)
    assert (run.status, run.error) == ("FAILED", "SearchFoundNothing")
    assert "reported the metric" in concluded(run)["Cause"]


def test_every_attempt_of_a_job_has_a_name_of_its_own(retraining: Coverage) -> None:
    busy = fails("SageMaker.ThrottlingException")
    score = retraining_mocks()["ScoreModel"]
    run = retrain(retraining, TrainModel=[busy, trained()], ScoreModel=[busy, score])
    names = [
        call.arguments.get("TrainingJobName") or call.arguments["TransformJobName"]
        for call in run.calls
        if call.state in ("TrainModel", "ScoreModel")
    ]
    assert names == [f"{RUN['name']}-challenger-{attempt}" for attempt in (0, 1, 0, 1)]


# the promotion machine


def promote(
    coverage: Coverage, plan: dict[str, Any] = PLAN, /, asked: Any = ASKED, **others: Any
) -> MachineRun:
    return coverage.add(run_machine(PROMOTION, asked, promotion_mocks(plan, **others)))


@pytest.mark.parametrize(
    ("plan", "path"),
    [
        (FIRST, SERVED),
        (PLAN, [*CHECKED, *SERVED]),
        (NO_ENDPOINT, ["RecordChampion"]),
    ],
)
def test_a_promotion_does_what_was_decided(
    promotion: Coverage, plan: dict[str, Any], path: list[str]
) -> None:
    run = promote(promotion, plan)
    assert run.path == [*DECIDED, *path]
    assert run.output == {"champion": "arn:package/2"}
    recorded = run.arguments("RecordChampion")["Payload"]
    execution = recorded.pop("execution")
    assert recorded == {"pipeline": "bank", "package": "arn:package/2"}
    moving = [call for call in run.calls if "goal" in call.arguments["Payload"]]
    assert {call.arguments["Payload"]["execution"] for call in moving} <= {execution}
    assert run.arguments("DecidePromotion")["Payload"]["execution"] == execution


def test_a_promoted_run_stays_within_its_bar_of_transitions(
    retraining: Coverage, promotion: Coverage
) -> None:
    """Both machines together; waiting for the endpoint is not counted."""
    not_ready = [fails("EndpointNotReady")] * 30
    waited = promote(promotion, AwaitEndpoint=[*not_ready, payload({})])
    beside = [CHAMPION, CHALLENGER, REFIT]
    longest = {"candidates": beside, "chunks": [{"chunk": 0}], "recipe_jobs": [RECIPE]}
    run = retrain(retraining, ClaimData=payload({**RUN, **longest}))
    own = waited.transitions(without_retries_of=("AwaitEndpoint",))
    assert waited.transitions() == own + 30
    assert run.transitions() + own <= 36


def test_waiting_for_an_endpoint_is_patient_and_ends(promotion: Coverage) -> None:
    not_ready = fails("EndpointNotReady", "it is Updating")
    run = promote(promotion, AwaitEndpoint=[not_ready] * 120 + [payload({})])
    assert run.status == "SUCCEEDED"
    assert run.retries("AwaitEndpoint") == 120
    assert max(wait.seconds for wait in run.waits) <= 30
    assert run.seconds < 3600
    run = promote(promotion, AwaitEndpoint=[not_ready] * 121)
    assert (run.status, run.error, run.cause) == ("FAILED", "EndpointNotReady", "it is Updating")


@pytest.mark.parametrize("state", ["AwaitCheckEndpoint", "AwaitReturnedEndpoint"])
def test_the_other_endpoints_are_waited_for_too(promotion: Coverage, state: str) -> None:
    waits = {state: [fails("EndpointNotReady")] * 3 + [payload({})]}
    run = promote(promotion, VerifyEndpoint=fails("GoldenRowsDiffer"), **waits)
    assert run.retries(state) == 3


MOVING = ("MoveCheckEndpoint", "RemoveCheckEndpoint", "MoveEndpoint", "MoveEndpointBack")
VERIFYING = ("VerifyCheckEndpoint", "VerifyEndpoint", "VerifyReturnedEndpoint")


@pytest.mark.parametrize(
    ("state", "error", "attempts"),
    [
        *((state, "EndpointNotReady", 120) for state in MOVING),
        *((state, "EndpointLimitReached", 8) for state in MOVING),
        *((state, "EndpointNotReady", 20) for state in VERIFYING),
    ],
)
def test_what_passes_by_itself_is_waited_for_and_not_for_good(
    promotion: Coverage, state: str, error: str, attempts: int
) -> None:
    """An endpoint that settles, a busy SageMaker, a quota that is full for the moment."""
    back = {} if state in CHECKED + SERVED else {"RecordChampion": fails("Broken", "it broke")}
    good = promotion_mocks(PLAN)[state]
    run = promote(promotion, **back, **{state: [*[fails(error)] * attempts, good]})
    assert run.retries(state) == attempts
    assert run.error == ("Broken" if back else None)
    run = promote(promotion, **back, **{state: [fails(error)] * (attempts + 1)})
    assert run.error == ("EndpointNotRestored" if back else error)


def test_each_state_touches_the_endpoint_that_its_name_says(promotion: Coverage) -> None:
    """The new config on the check endpoint first, and the new model's golden rows on both."""
    run = promote(promotion, RecordChampion=fails("Broken"))
    goals = {state: run.arguments(state)["Payload"]["goal"] for state in MOVING}
    assert goals == dict(zip(MOVING, ("check", "cleared", "serve", "back"), strict=True))
    for state, plan, name in (
        ("CheckEndpoint", PLAN, "check_"),
        ("Endpoint", PLAN, ""),
        ("ReturnedEndpoint", BACK, ""),
    ):
        awaited = run.arguments(f"Await{state}")["Payload"]
        assert awaited == {"endpoint": plan[f"{name}endpoint"], "config": plan[f"{name}config"]}
        verified = run.arguments(f"Verify{state}")["Payload"]
        assert verified == {"endpoint": plan[f"{name}endpoint"], "golden": plan["golden"]}


@pytest.mark.parametrize("state", ["DecidePromotion", *CHECKED, *SERVED])
def test_a_failure_anywhere_leads_back_to_what_the_ledger_says(
    promotion: Coverage, state: str
) -> None:
    run = promote(promotion, **{state: fails("Broken", "it broke")})
    assert run.path[-8:] == [state, *RETURNED, *REJECTED]
    assert ("MoveEndpoint" in run.path) is (state in SERVED)
    closed = run.arguments("ClosePromotion")["Payload"]
    assert closed["failure"] == {"State": state, "Error": "Broken", "Cause": "it broke"}
    assert (closed["pipeline"], closed["token"], closed["package"]) == ("bank", 7, "arn:package/2")
    assert (closed["returned"], closed["replaces"]) == (True, None)
    assert (run.status, run.error, run.cause) == ("FAILED", "Broken", "it broke")


@pytest.mark.parametrize("state", ["DecidePromotion", *CHECKED, *SERVED])
def test_a_failure_after_the_champion_was_named_ends_as_promoted(
    promotion: Coverage, state: str
) -> None:
    """Past the point of no return the ledger says forward, and so the run is told."""
    named = payload({**REJECTION, "promoted": True})
    run = promote(promotion, ClosePromotion=named, **{state: fails("Broken", "it broke")})
    assert run.path[-8:] == [state, *RETURNED, *CLOSED, "Promoted"]
    assert (run.status, run.error) == ("SUCCEEDED", None)


@pytest.mark.parametrize("back", [CLEARED, {**CLEARED, "endpoint": None}])
def test_where_nothing_is_to_serve_nothing_is_waited_for(
    promotion: Coverage, back: dict[str, Any]
) -> None:
    broken = fails("EndpointFailed", "no capacity")
    run = promote(promotion, FIRST, AwaitEndpoint=broken, MoveEndpointBack=payload(back))
    assert run.path[-5:] == ["MoveEndpointBack", "Returned?", *REJECTED]
    assert run.error == "EndpointFailed"


@pytest.mark.parametrize(
    "state", ["MoveEndpointBack", "AwaitReturnedEndpoint", "VerifyReturnedEndpoint"]
)
def test_an_endpoint_that_cannot_be_brought_back_is_the_worse_news(
    promotion: Coverage, state: str
) -> None:
    """And the promotion stays open, for recover_promotion to try again."""
    broken = {state: fails("EndpointFailed", "no capacity")}
    run = promote(promotion, VerifyEndpoint=fails("GoldenRowsDiffer", "row 3"), **broken)
    assert run.path[-5:] == [state, "EndpointNotRestored", *REJECTED]
    assert run.arguments("ClosePromotion")["Payload"]["returned"] is False
    assert run.error == "EndpointNotRestored"
    assert run.cause is not None
    assert "EndpointFailed: no capacity" in run.cause
    assert "GoldenRowsDiffer: row 3" in run.cause


def test_a_rollback_says_which_champion_it_replaces(promotion: Coverage) -> None:
    back = {**ASKED, "replaces": "arn:package/3"}
    run = promote(promotion, asked=back, VerifyEndpoint=fails("Broken", "it broke"))
    for state in ("DecidePromotion", "ClosePromotion"):
        assert run.arguments(state)["Payload"]["replaces"] == "arn:package/3"


def test_a_recovery_knows_what_it_recovers_and_goes_back(promotion: Coverage) -> None:
    stopped = fails("PromotionStopped", "execution arn:bank-000007 was stopped")
    run = promote(promotion, asked=STOPPED, DecidePromotion=stopped)
    assert run.path == ["DecidePromotion", *RETURNED, *REJECTED]
    assert run.arguments("DecidePromotion")["Payload"]["ended"] == STOPPED["ended"]
    assert promote(promotion).arguments("DecidePromotion")["Payload"]["ended"] is None
    assert (run.error, run.cause) == ("PromotionStopped", "execution arn:bank-000007 was stopped")


@pytest.mark.parametrize("error", ["PromotionLocked", "EndpointNotReady"])
def test_another_promotion_is_waited_for(promotion: Coverage, error: str) -> None:
    answers = [fails(error)] * 60
    run = promote(promotion, DecidePromotion=[*answers, payload(NO_ENDPOINT)])
    assert (run.status, run.retries("DecidePromotion")) == ("SUCCEEDED", 60)
    run = promote(promotion, DecidePromotion=[*answers, fails(error)])
    assert run.error == error


@pytest.mark.parametrize("state", ["MoveEndpoint", "DecidePromotion"])
def test_failing_to_clear_up_does_not_hide_the_failure(promotion: Coverage, state: str) -> None:
    worse = fails("Worse", "worse")
    run = promote(promotion, **{state: fails("Broken", "it broke"), "ClosePromotion": worse})
    assert run.path[-1] == "PromotionFailed"
    assert (run.status, run.error, run.cause) == ("FAILED", "Broken", "it broke")


@pytest.mark.parametrize("state", ["DecidePromotion", *CHECKED, *SERVED])
def test_a_promotion_survives_transient_errors_of_its_functions(
    promotion: Coverage, state: str
) -> None:
    good = promotion_mocks(PLAN)[state]
    run = promote(promotion, **{state: [fails(TRANSIENT)] * 6 + [good]})
    assert (run.status, run.retries(state)) == ("SUCCEEDED", 6)
    for error in DIED:
        run = promote(promotion, **{state: [fails(error), good]})
        assert (run.status, run.retries(state)) == ("SUCCEEDED", 1)


# last: what the tests above took


@pytest.fixture
def all_ran(request: pytest.FixtureRequest) -> None:
    """The two tests below judge the others: they have to be there."""
    here = [item for item in request.session.items if item.path == request.path]
    if any("::" in argument for argument in request.config.args) or len(here) < COUNT:
        pytest.skip("only a part of this file's tests was run")


COUNT = 90
"""Fewer tests than this are a selection (-k, a node id)."""


def test_every_state_rule_and_catch_of_the_retraining_machine_was_taken(
    retraining: Coverage, all_ran: None
) -> None:
    assert retraining.missing() == []


def test_every_state_rule_and_catch_of_the_promotion_machine_was_taken(
    promotion: Coverage, all_ran: None
) -> None:
    assert promotion.missing() == []
