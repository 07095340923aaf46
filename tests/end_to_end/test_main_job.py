"""The main job with the real AWS client: data lands, a model serves only after it earned it."""

from __future__ import annotations

import hashlib
import json
import random
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from workplace import (
    ROOT,
    UCI_FILE,
    Stack,
    bank_rows,
    csv_bytes,
    is_closed,
    pipeline_folder,
    until,
)

PIPELINE, TWIN = "bank-marketing", "twin"
OLDER_SHARE = 0.7
MOST_TRANSITIONS = 36
OF_A_FURTHER_PASS = 8  # of one candidate: the Map, its four states, and three to judge it
PADDED_BYTES = 9_000_000
needs_the_real_file = pytest.mark.skipif(
    not UCI_FILE.exists(), reason=f"the figures are those of UCI's file, and {UCI_FILE} is absent"
)


@dataclass(frozen=True)
class Run:
    """A run that has ended, and what the endpoint said before and after it."""

    id: str
    shown: dict[str, Any]
    before: bytes | None = None
    after: bytes | None = None

    @property
    def record(self) -> dict[str, Any]:
        return self.shown["record"]

    def metric(self, model: str, holdout: str = "fresh") -> float:
        """The AUC of challenger or champion."""
        return float(self.record["metrics"][holdout][model])


@pytest.fixture(scope="module")
def drops(stack: Stack) -> dict[str, Path]:
    """The older part, the newer part, and the newer part with its labels shuffled."""
    header, rows = bank_rows(stack.place)
    middle = int(len(rows) * OLDER_SHARE)
    older, newer = rows[:middle], rows[middle:]
    calls, labels = zip(*(row.rsplit(";", 1) for row in newer), strict=True)
    dealt = random.Random(20101101).sample(labels, len(labels))
    shuffled = [f"{call};{label}" for call, label in zip(calls, dealt, strict=True)]
    contents = {"older": older, "newer": newer, "shuffled": shuffled}
    paths = {name: stack.place.work / f"{name}.csv" for name in contents}
    for name, lines in contents.items():
        paths[name].write_bytes(csv_bytes(header, lines))
    return paths


@pytest.fixture(scope="module")
def first_runs(stack: Stack, drops: dict[str, Path]) -> dict[str, Run]:
    """The same rows for two pipelines at once, alike but for the name.

    The awscli copies one file whole and the other, padded with blank lines, in parts.
    """
    stack.ratchet("push", str(ROOT / "pipelines" / PIPELINE))
    stack.ratchet("push", str(pipeline_folder(stack.place, TWIN)))
    rows, padded = drops["older"].read_bytes(), drops["older"].with_name("padded.csv")
    padded.write_bytes(rows + b"\n" * (PADDED_BYTES - len(rows)))
    stack.copy(drops["older"], f"s3://{stack.landing}/{PIPELINE}/2009/")
    stack.copy(padded, f"s3://{stack.landing}/{TWIN}/")
    runs = {name: f"{name}-000001" for name in (PIPELINE, TWIN)}
    return {name: Run(run, stack.ended(run)) for name, run in runs.items()}


@pytest.fixture(scope="module")
def first(first_runs: dict[str, Run]) -> Run:
    """The first champion."""
    return first_runs[PIPELINE]


@pytest.fixture(scope="module")
def twin(first_runs: dict[str, Run]) -> Run:
    """The twin's first champion, from the same rows."""
    return first_runs[TWIN]


@pytest.fixture(scope="module")
def second(stack: Stack, drops: dict[str, Path], first: Run) -> Run:
    """The challenger that knows the newer part, against the first champion."""
    return _followed(stack, f"{PIPELINE}-000002", drops["newer"])


@pytest.fixture(scope="module")
def poisoned(stack: Stack, drops: dict[str, Path], second: Run) -> Run:
    """A challenger that learnt from shuffled labels."""
    return _followed(stack, f"{PIPELINE}-000003", drops["shuffled"])


def _followed(stack: Stack, run: str, file: Path) -> Run:
    before = _answer(stack)
    stack.copy(file, f"s3://{stack.landing}/{PIPELINE}/")
    return Run(run, stack.ended(run), before, _answer(stack))


def _golden(stack: Stack) -> list[dict[str, Any]]:
    """The rows that the first promotion was verified with, and their scores."""
    uri = f"s3://{stack.bucket}/runs/{PIPELINE}/000001/golden.json"
    return json.loads(stack.read(uri))["rows"]


def _answer(stack: Stack) -> bytes:
    """What `aws sagemaker-runtime invoke-endpoint` writes for these rows."""
    asked, told = stack.place.folder / "asked.csv", stack.place.folder / "told.csv"
    asked.write_text("\n".join(row["features"] for row in _golden(stack)))
    stack.aws(
        "sagemaker-runtime", "invoke-endpoint", "--endpoint-name", stack.name(PIPELINE),
        "--content-type", "text/csv", "--body", f"fileb://{asked}", str(told),
    )  # fmt: skip
    return told.read_bytes()


def _numbers(body: bytes) -> list[float]:
    return [float(part) for part in body.decode().replace(",", "\n").split()]


def test_the_awscli_lists_the_state_machines(stack: Stack) -> None:
    listed = stack.aws("stepfunctions", "list-state-machines")["stateMachines"]
    assert {one["stateMachineArn"] for one in listed} == set(stack.machines.values())


def test_a_copied_file_becomes_an_execution_that_succeeds(stack: Stack, first: Run) -> None:
    described = stack.execution(first.id)
    assert described is not None
    assert described["status"] == "SUCCEEDED"
    assert json.loads(described["input"]) == {"pipeline": PIPELINE, "token": 1}
    assert first.record["outcome"] == "PROMOTED", first.record
    assert first.record["rows"]["rejected"] == 0


def test_two_pipelines_at_once_make_the_same_split_metric_and_model_of_the_same_rows(
    stack: Stack, first: Run, twin: Run
) -> None:
    head = stack.aws(
        "s3api", "head-object", "--bucket", stack.landing, "--key", f"{TWIN}/padded.csv"
    )
    assert head["ETag"].endswith('-2"'), "this file was to land by a multipart upload"
    assert twin.record["outcome"] == first.record["outcome"]
    assert twin.record["rows"] == first.record["rows"]
    assert twin.record["metrics"] == first.record["metrics"]
    assert twin.record["sentence"] == first.record["sentence"]
    ours, theirs = (
        stack.files(f"s3://{stack.bucket}/runs/{name}/000001/prepared/")
        for name in (PIPELINE, TWIN)
    )
    assert _by_folder(ours) == _by_folder(theirs)
    accepted = (f"s3://{stack.bucket}/accepted/{name}/" for name in (PIPELINE, TWIN))
    assert len({hashlib.sha256(b"".join(stack.files(a).values())).digest() for a in accepted}) == 1
    ours_sha256, theirs_sha256 = (
        stack.aws(
            "sagemaker", "describe-model-package", "--model-package-name", run.record["package"]
        )["CustomerMetadataProperties"]["artifact_sha256"]
        for run in (first, twin)
    )
    assert ours_sha256 == theirs_sha256


def _by_folder(files: dict[str, bytes]) -> list[tuple[str, bytes]]:
    """Contents with their folders; Spark's names of parts are never the same."""
    return sorted((key.partition("/")[0], body) for key, body in files.items())


def test_the_newer_challenger_is_promoted_over_the_first_champion(
    stack: Stack, second: Run
) -> None:
    assert second.record["outcome"] == "PROMOTED", second.record
    assert second.metric("challenger") > second.metric("champion")
    assert second.record["rows"]["holdout_reference"] > 0
    assert second.before != second.after


def test_every_row_of_each_drop_is_accounted_for(first: Run, second: Run, poisoned: Run) -> None:
    for run in (first, second, poisoned):
        account = run.record["account"]
        assert is_closed(account), account
        assert account["landed"] == run.record["rows"]["accepted"]
        assert account["holdout"] == run.record["rows"]["holdout_fresh"]


@needs_the_real_file
def test_on_the_newest_rows_the_first_champion_is_beaten_by_far(second: Run) -> None:
    assert second.metric("challenger") > 0.78
    assert second.metric("champion") < 0.62


def test_each_run_says_what_the_champion_had_promised_and_how_it_did(
    first: Run, second: Run, poisoned: Run
) -> None:
    assert first.record["arrival"] is None
    for before, run in ((first, second), (second, poisoned)):
        arrival = run.record["arrival"]
        assert arrival["champion"] == before.id
        assert arrival["promised"] == before.record["promise"]["value"]
        assert arrival["rows"] == run.record["rows"]["arrival"]
        assert arrival["value"] == run.metric("champion", "arrival")
    assert second.record["settings"] == first.record["settings"]


def test_predictions_of_the_awscli_are_the_batch_scores(stack: Stack, second: Run) -> None:
    assert second.before is not None
    scores = [row["answer"][0] for row in _golden(stack)]
    assert _numbers(second.before) == pytest.approx(scores, abs=1e-6)


def test_a_promotion_is_proven_by_bytes(stack: Stack, second: Run) -> None:
    about = json.load(urllib.request.urlopen(f"{stack.endpoint}/_ratchet", timeout=10))
    loaded = about["endpoints"][stack.name(PIPELINE)]["artifact_sha256"]
    champion = stack.item(PIPELINE, "champion")
    newest = _newest_approved(stack)
    assert champion["run"]["S"] == second.id
    assert newest["ModelPackageArn"] == champion["package"]["S"] == second.record["package"]
    proofs = {
        "what the serving process loaded": loaded,
        "what the endpoint's model names": hashlib.sha256(_served_artifact(stack)).hexdigest(),
        "the registry": newest["CustomerMetadataProperties"]["artifact_sha256"],
        "the ledger": champion["artifact_sha256"]["S"],
    }
    assert len(set(proofs.values())) == 1, proofs


def _newest_approved(stack: Stack) -> dict[str, Any]:
    packages = stack.aws(
        "sagemaker", "list-model-packages", "--model-package-group-name", stack.name(PIPELINE),
        "--model-approval-status", "Approved",
    )["ModelPackageSummaryList"]  # fmt: skip
    newest = max(packages, key=lambda package: package["ModelPackageVersion"])
    return stack.aws(
        "sagemaker", "describe-model-package", "--model-package-name", newest["ModelPackageArn"]
    )


def _served_artifact(stack: Stack) -> bytes:
    """The object behind endpoint, config and model."""
    endpoint = stack.aws("sagemaker", "describe-endpoint", "--endpoint-name", stack.name(PIPELINE))
    assert endpoint["EndpointStatus"] == "InService"
    config = stack.aws(
        "sagemaker", "describe-endpoint-config",
        "--endpoint-config-name", endpoint["EndpointConfigName"],
    )  # fmt: skip
    (variant,) = config["ProductionVariants"]
    model = stack.aws("sagemaker", "describe-model", "--model-name", variant["ModelName"])
    return stack.read(model["PrimaryContainer"]["ModelDataUrl"])


def test_a_promoted_run_takes_few_transitions(stack: Stack, second: Run) -> None:
    """In one pass; a candidate that the gate asks for takes a pass of its own."""
    kept = json.loads(stack.read(f"{second.record['uri']}/candidates.json"))["candidates"]
    asked = [one["role"] for one in kept if one["role"] == "alone"]
    taken = stack.transitions(second.id) - OF_A_FURTHER_PASS * len(asked)
    assert 20 < taken <= MOST_TRANSITIONS


def test_shuffled_labels_are_suspect_and_the_endpoint_answers_as_before(
    stack: Stack, second: Run, poisoned: Run
) -> None:
    """The champion finds nothing in them, nor does a model of them alone."""
    assert poisoned.record["outcome"] == "SUSPECT", poisoned.record
    kept = json.loads(stack.read(f"{poisoned.record['uri']}/candidates.json"))["candidates"]
    assert [one["role"] for one in kept] == ["champion", "challenger", "alone"]
    assert poisoned.record["package"] is None
    assert 0.45 <= poisoned.metric("challenger") <= 0.55
    assert poisoned.before == poisoned.after == second.after
    assert stack.item(PIPELINE, "champion")["run"]["S"] == second.id


def test_data_without_signal_are_suspect_and_that_of_the_others_trained(
    stack: Stack, poisoned: Run
) -> None:
    assert poisoned.record["data_state"] == "SUSPECT"
    manifests = [
        json.loads(stack.read(f"s3://{stack.bucket}/runs/{PIPELINE}/{token:06d}/manifest.json"))
        for token in (1, 2, 3)
    ]
    states = [
        stack.item(PIPELINE, f"object#{one['id']}")["state"]["S"]
        for manifest in manifests
        for one in manifest["objects"]
    ]
    assert states == ["TRAINED", "TRAINED", "SUSPECT"]


def test_a_duplicate_arrival_and_a_wake_too_many_start_no_run(stack: Stack, poisoned: Run) -> None:
    runs = _run_ids(stack)
    arrivals, wakes = _queue(stack, "ArrivalsQueue"), _queue(stack, "WakesQueue")
    manifest = f"s3://{stack.bucket}/runs/{PIPELINE}/000001/manifest.json"
    (landed,) = json.loads(stack.read(manifest))["objects"]
    _send(stack, arrivals, _event(stack, landed))
    _send(stack, wakes, {"pipeline": PIPELINE, "reason": "a wake too many"})
    for queue in (arrivals, wakes):  # an arrival would have sent its wake before it is deleted
        until(lambda queue=queue: _is_empty(stack, queue), f"{queue} is empty")
    assert _run_ids(stack) == runs
    (pipeline,) = (one for one in stack.info()["pipelines"] if one["name"] == PIPELINE)
    assert pipeline["open_run"] is None
    assert pipeline["waiting_objects"] == stack.pending(PIPELINE) == 0
    assert "lease" not in stack.item(PIPELINE, "state")


def _run_ids(stack: Stack) -> list[str]:
    listed = stack.aws(
        "stepfunctions", "list-executions", "--state-machine-arn", stack.machines["retraining"]
    )
    return sorted(one["name"] for one in listed["executions"])


def _queue(stack: Stack, logical: str) -> str:
    answer = stack.aws(
        "cloudformation", "describe-stack-resource", "--stack-name", "ratchet",
        "--logical-resource-id", logical,
    )  # fmt: skip
    url: str = answer["StackResourceDetail"]["PhysicalResourceId"]
    return url


def _event(stack: Stack, landed: dict[str, Any]) -> dict[str, Any]:
    """The event that EventBridge sent when this object landed."""
    event = json.loads((ROOT / "events" / "object-created-put.json").read_text())
    event["detail"]["bucket"]["name"] = stack.landing
    names = {"key": "key", "size": "size", "etag": "etag", "version-id": "version"}
    event["detail"]["object"] = {name: landed[ours] for name, ours in names.items()}
    return event


def _send(stack: Stack, queue: str, message: dict[str, Any]) -> None:
    stack.aws("sqs", "send-message", "--queue-url", queue, "--message-body", json.dumps(message))


def _is_empty(stack: Stack, queue: str) -> bool:
    answer = stack.aws(
        "sqs", "get-queue-attributes", "--queue-url", queue, "--attribute-names", "All"
    )
    counts = {k: v for k, v in answer["Attributes"].items() if k.startswith("ApproximateNumber")}
    return set(counts.values()) == {"0"}
