"""Our two machines, and what their integrations answer in a run that goes well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ratchet.workflow.testing import Mock, fails, machine_of, payload, returns, sample

FOLDER = Path(__file__).parents[2] / "statemachines"
RETRAINING = machine_of(FOLDER / "retraining.asl.yaml")
PROMOTION = machine_of(FOLDER / "promotion.asl.yaml")
SAGEMAKER = "arn:aws:states:::sagemaker:"
METADATA = {"SdkHttpMetadata": {"HttpStatusCode": 200}, "SdkResponseMetadata": {"RequestId": "r"}}
TRANSIENT = "Lambda.TooManyRequestsException"
DIED = ("Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError", "Runtime.OutOfMemory")
"""A function that ran out of time or memory: as older and as current runtimes report it."""

Mocks = dict[str, Any]


# the retraining machine

STARTED = {"pipeline": "bank", "token": 7}
RUN: dict[str, Any] = {
    "pipeline": "bank",
    "token": 7,
    "run": "bank-000007",
    "name": "ratchet--bank--rfjp-000007",
    "uri": "s3://work/runs/bank/000007",
    "manifest": "s3://work/runs/bank/000007/manifest.json",
    "batch": "run-000007",
    "chunks": [{"chunk": 0}, {"chunk": 1}],
    "recipe_jobs": [],
    "source": "s3://work/accepted/bank/",
    "champions_source": None,
    "transform": None,
    "label": "y",
    "parts": "none",
    "code": None,
    "slices": None,
    "training": {
        "image": "image",
        "instance_type": "ml.m5.large",
        "score_instance_type": "ml.m5.xlarge",
        "max_runtime": 3600,
        "workflow": None,
        "tuning": None,
    },
    "keys": {"training_volume": {}, "score_volume": {}, "output": {}},
    "isolation": True,
    "candidates": [],
    "endpoint_kind": "serverless",
    "tags": [{"Key": "ratchet:stack", "Value": "ratchet"}],
}
PREPARED = f"{RUN['uri']}/prepared"
CHALLENGER: dict[str, Any] = {
    "role": "challenger",
    "model": RUN["name"],
    "train": f"{PREPARED}/train/",
    "validation": f"{PREPARED}/validation/",
    "hyperparameters": {"num_round": "5"},
    "score": f"{PREPARED}/holdout/",
    "answers": 1,
    "training_image": "image",
    "serving_image": "image",
    "code": None,
    "features": None,
    "variables": {},
    "tuned": False,
}
NOT_TRAINED = dict.fromkeys(
    ("train", "validation", "training_image", "serving_image", "code", "features", "variables")
)
UNTRAINED = {**NOT_TRAINED, "hyperparameters": {}}
CHAMPION = {**CHALLENGER, **UNTRAINED, "role": "champion", "model": "champion"}
REFIT = {**CHALLENGER, "role": "refit", "train": f"{PREPARED}/refit/train/"}
RUN["candidates"] = [CHALLENGER]
CHUNK = {
    "chunk": 0,
    "report": "s3://work/runs/bank/000007/check/chunk-0.json",
    "objects_accepted": 1,
    "objects_rejected": 0,
    "rows_accepted": 500,
    "rows_rejected": 3,
    "labels": ["0", "1"],
}
ACCEPTED = {"landed": 1003, "rows": 1000, "conclusion": None}
PROMOTE = {"decision": "promote", "outcome": "PROMOTED", "data_state": "TRAINED"}
UNDECIDED = {"decision": "inconclusive", "outcome": "INCONCLUSIVE", "data_state": "TRAINED"}
REJECT = {"decision": "reject", "outcome": "MODEL_REJECTED", "data_state": "SUSPECT"}


def verdict(answer: dict[str, Any]) -> Mock:
    more = {"sentence": "It was judged.", "verdict": "s3://work/verdict.json", "next": []}
    return payload({**more, **answer})


def unfit(outcome: str, data_state: str) -> Mock:
    """JudgeData's answer that ends a run."""
    how = {"outcome": outcome, "data_state": data_state, "sentence": "The batch was judged."}
    return payload({"landed": 1003, "rows": 1000, "conclusion": how})


def trained() -> Mock:
    resource = f"{SAGEMAKER}createTrainingJob.sync"
    model = {"S3ModelArtifacts": "s3://work/model.tar.gz"}
    name = "ratchet--bank--rfjp-000007-challenger-0"
    return returns(sample(resource, TrainingJobName=name, ModelArtifacts=model))


def searched() -> Mock:
    resource = f"{SAGEMAKER}createHyperParameterTuningJob.sync"
    best = {
        "TrainingJobName": "best",
        "TrainingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/best",
        "CreationTime": "2026-01-01T00:00:00Z",
        "TrainingJobStatus": "Completed",
        "TunedHyperParameters": {"eta": "0.2"},
    }
    return returns(sample(resource, BestTrainingJob=best))


def recipe_run() -> Mock:
    return returns(sample("arn:aws:states:::databrew:startJobRun.sync", State="SUCCEEDED"))


def ended(output: Any) -> Mock:
    """A nested execution that succeeded."""
    resource = "arn:aws:states:::states:startExecution.sync:2"
    return returns(sample(resource, ExecutionArn="arn:nested", Output=output))


def retraining_mocks(**others: Any) -> Mocks:
    """What a run whose model is promoted meets; `others` replace the answers of single states."""
    mocks: Mocks = {
        "ClaimData": payload(RUN),
        "CheckChunk": payload(CHUNK),
        "JudgeData": payload(ACCEPTED),
        "RunRecipe": recipe_run(),
        "RunChampionsRecipe": recipe_run(),
        "PrepareDataset": returns({"JobName": "prepare", "JobRunState": "SUCCEEDED"}),
        "TrainModel": trained(),
        "TuneModel": searched(),
        "CreateModel": returns({"ModelArn": "arn:aws:sagemaker:model/m", **METADATA}),
        "ScoreModel": returns(sample(f"{SAGEMAKER}createTransformJob.sync")),
        "ExtractMetrics": payload({"metrics": "s3://work/metrics.json"}),
        "Gate": verdict(PROMOTE),
        "RegisterModel": payload({"package": "arn:package/1", "version": 1}),
        "SettleData": payload({"settled": True, "follow_up": False}),
        "TrainWithWorkflow": ended({"artifact": f"{RUN['uri']}/model/challenger/m.tar.gz"}),
        "Promote": ended({"endpoint": "ratchet--bank--rfjp"}),
        "FinishRun": payload({"outcome": "the run record"}),
    }
    return {**mocks, **others}


CLAIMED = ["ClaimData", "CheckData", "CheckChunk", "CheckChunk", "JudgeData", "DataAccepted?"]
JUDGED = [
    "PrepareDataset", "Candidates", "NeedsTraining?", "TrainModel", "CreateModel", "ScoreModel",
    "ExtractMetrics", "Gate", "Verdict?",
]  # fmt: skip
FINISHED = ["FinishRun"]
FAILED = ["FinishRun", "RunFailed"]
FAILS = fails("RunFailed", '{"errorMessage": "It is recorded."}')
"""What FinishRun answers for a run that failed."""
PROMOTED = ["RegisterModel", "SettleData", "Promote?", "Promote", *FINISHED]
SETTLED = ["SettleData", "Promote?", *FINISHED]
SEARCH = {
    "name": "ratchet--0123456789ab",
    "config": {"Strategy": "Random"},
    "metrics": {},
    "max_runtime": 900,
}
TUNED = {
    **RUN,
    "training": {**RUN["training"], "tuning": SEARCH},
    "candidates": [{**CHALLENGER, "tuned": True}],
}
WORKFLOW = "arn:aws:states:us-east-1:123456789012:stateMachine:ratchet--bank--rfjp"
OWN = {**RUN, "training": {**RUN["training"], "workflow": WORKFLOW}}


# the promotion machine

ASKED = {
    "pipeline": "bank",
    "token": 7,
    "manifest": RUN["manifest"],
    "package": "arn:package/2",
}
STOPPED = {**ASKED, "ended": {"execution": "arn:bank-000007", "status": "ABORTED"}}
"""What a recovery is given."""

PLAN = {
    "endpoint": "ratchet--bank--rfjp",
    "config": "ratchet--bank--rfjp-000007",
    "check_endpoint": "ratchet--bank--rfjp-check",
    "check_config": "ratchet--bank--rfjp-000007-check",
    "golden": "s3://work/golden-7.json",
    "check": True,
}
FIRST = {**PLAN, "check": False}
NO_ENDPOINT = {**dict.fromkeys(PLAN, None), "golden": PLAN["golden"], "check": False}
BACK = {
    "endpoint": "ratchet--bank--rfjp",
    "config": "ratchet--bank--rfjp-000006",
    "golden": "s3://work/golden-6.json",
}
CLEARED = {**BACK, "config": None}
REJECTION = {"package": "arn:package/2", "promoted": False, "reason": "Broken: it broke"}
DECIDED = ["DecidePromotion", "CheckFirst?"]
CHECKED = [
    "MoveCheckEndpoint", "AwaitCheckEndpoint", "VerifyCheckEndpoint", "RemoveCheckEndpoint",
]  # fmt: skip
SERVED = ["MoveEndpoint", "AwaitEndpoint", "VerifyEndpoint", "RecordChampion"]
RETURNED = ["MoveEndpointBack", "Returned?", "AwaitReturnedEndpoint", "VerifyReturnedEndpoint"]
CLOSED = ["ClosePromotion", "Promoted?"]
REJECTED = [*CLOSED, "PromotionFailed"]


def promotion_mocks(plan: dict[str, Any], **others: Any) -> Mocks:
    moved, in_service, same = payload({}), payload({"status": "InService"}), payload({"rows": 20})
    mocks: Mocks = {
        "DecidePromotion": payload(plan),
        **dict.fromkeys(["MoveCheckEndpoint", "RemoveCheckEndpoint", "MoveEndpoint"], moved),
        "MoveEndpointBack": payload(BACK),
        **dict.fromkeys(["AwaitEndpoint", "AwaitCheckEndpoint"], in_service),
        "AwaitReturnedEndpoint": in_service,
        **dict.fromkeys(["VerifyEndpoint", "VerifyCheckEndpoint"], same),
        "VerifyReturnedEndpoint": same,
        "RecordChampion": payload({"champion": "arn:package/2"}),
        "ClosePromotion": payload(REJECTION),
    }
    return {**mocks, **others}
