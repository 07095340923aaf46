"""A pipeline trained by a workflow authored in Python, and one whose workflow gives no model."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from workplace import (
    ROOT,
    Stack,
    Workplace,
    bank_rows,
    csv_bytes,
    is_closed,
    pipeline_folder,
)

OWN, EMPTY = "own", "empty"
MOST_TRANSITIONS = 36
TRAINING = "training: {workflow: training.asl.json, max_runtime: 10m}\n"
README = ROOT / "pipelines" / "README.md"
NO_ARTIFACT = """\
{"QueryLanguage": "JSONata", "StartAt": "Think",
 "States": {"Think": {"Type": "Pass", "Output": {"model": "in my head"}, "End": true}}}
"""


def with_workflow(folder: Path) -> Path:
    """The pipeline of this folder, to be trained by a workflow of its own."""
    text = (folder / "pipeline.yaml").read_text()
    before, _, after = text.partition("training:\n")
    rest = after[after.index("gate:\n") :]
    (folder / "pipeline.yaml").write_text(f"{before}{TRAINING}\n{rest}")
    return folder


def authored(place: Workplace, folder: Path) -> None:
    """Write the workflow as the page on pipelines tells its reader to."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    (code,) = [block for block in blocks if "training.asl.json" in block]
    (folder / "training.py").write_text(code)
    place.run("python", str(folder / "training.py"))


@pytest.fixture(scope="module")
def runs(stack: Stack) -> dict[str, dict[str, Any]]:
    """The first run of each pipeline, side by side, from the same rows."""
    header, rows = bank_rows(stack.place)
    drop = stack.place.work / "calls.csv"
    drop.write_bytes(csv_bytes(header, rows))
    own, empty = (with_workflow(pipeline_folder(stack.place, name)) for name in (OWN, EMPTY))
    authored(stack.place, own)
    (empty / "training.asl.json").write_text(NO_ARTIFACT)
    for folder in (own, empty):
        stack.ratchet("push", str(folder))
        stack.copy(drop, f"s3://{stack.landing}/{folder.name}/")
    return {name: stack.ended(f"{name}-000001") for name in (OWN, EMPTY)}


def machines(stack: Stack) -> dict[str, str]:
    """Every state machine by its name."""
    listed = stack.aws("stepfunctions", "list-state-machines")["stateMachines"]
    return {one["name"]: one["stateMachineArn"] for one in listed}


def test_the_workflows_model_is_promoted_and_answers(
    stack: Stack, runs: dict[str, dict[str, Any]]
) -> None:
    record = runs[OWN]["record"]
    assert record["outcome"] == "PROMOTED", record
    assert is_closed(record["account"])
    artifact = stack.item(OWN, "champion")["artifact"]["S"]
    output = f"s3://{stack.bucket}/runs/{OWN}/000001/model/challenger"
    assert artifact == f"{output}/{stack.name(OWN)}-000001-shallow-0/output/model.tar.gz"
    job = stack.aws(
        "sagemaker", "describe-training-job",
        "--training-job-name", f"{stack.name(OWN)}-000001-shallow-0",
    )  # fmt: skip
    assert job["HyperParameters"]["max_depth"] == "3"
    golden = json.loads(stack.read(f"s3://{stack.bucket}/runs/{OWN}/000001/golden.json"))
    rows = [row["features"] for row in golden["rows"][:2]]
    asked, told = stack.place.folder / "asked.csv", stack.place.folder / "told.csv"
    asked.write_text("\n".join(rows))
    stack.aws(
        "sagemaker-runtime", "invoke-endpoint", "--endpoint-name", stack.name(OWN),
        "--content-type", "text/csv", "--body", f"fileb://{asked}", str(told),
    )  # fmt: skip
    answers = [float(part) for part in told.read_text().replace(",", "\n").split()]
    assert answers == pytest.approx([row["answer"][0] for row in golden["rows"][:2]], abs=1e-6)


def test_the_workflow_is_a_machine_of_its_own_that_the_run_waits_for(
    stack: Stack, runs: dict[str, dict[str, Any]]
) -> None:
    arn = machines(stack)[f"{stack.name(OWN)}-training"]
    tags = stack.aws("stepfunctions", "list-tags-for-resource", "--resource-arn", arn)["tags"]
    assert {"key": "ratchet:pipeline", "value": OWN} in tags
    (nested,) = stack.aws("stepfunctions", "list-executions", "--state-machine-arn", arn)[
        "executions"
    ]
    assert (nested["name"], nested["status"]) == (f"{OWN}-000001-challenger", "SUCCEEDED")
    assert 20 < stack.transitions(f"{OWN}-000001") <= MOST_TRANSITIONS
    shown = stack.ratchet("show", f"{OWN}-000001").stdout
    assert "Train by the pipeline's workflow" in shown


def test_a_workflow_without_an_artifact_fails_the_run_and_its_data_waits(
    stack: Stack, runs: dict[str, dict[str, Any]]
) -> None:
    record = runs[EMPTY]["record"]
    assert record["outcome"] == "FAILED"
    assert record["sentence"].startswith(
        'Candidates failed: the workflow must end with {"artifact": "<S3 URI of a model'
        f".tar.gz below s3://{stack.bucket}/runs/{EMPTY}/000001/model/challenger/>"
    )
    assert record["data_state"] == "PENDING"
    assert stack.pending(EMPTY) == 1


def test_back_at_the_algorithm_no_machine_is_left_and_the_data_is_trained_on(
    stack: Stack, runs: dict[str, dict[str, Any]]
) -> None:
    folder = stack.place.folder / "pipelines" / EMPTY
    text = (folder / "pipeline.yaml").read_text()
    built_in = "training: {hyperparameters: {num_round: 60, objective: 'binary:logistic'}}\n"
    (folder / "pipeline.yaml").write_text(text.replace(TRAINING, built_in))
    run = pushed_between_runs(stack, folder, 2)
    assert f"{stack.name(EMPTY)}-training" not in machines(stack)
    record = stack.ended(run)["record"]
    assert record["outcome"] == "PROMOTED", record


def pushed_between_runs(stack: Stack, folder: Path, number: int) -> str:
    """Push, and say which run comes next: this one, or the one after it if by then it has begun.

    Failed data is tried again after a minute, and a push is refused while that run is open.
    """
    run = f"{folder.name}-{number:06d}"
    pushed = stack.ratchet("push", str(folder), code=None)
    if pushed.returncode == 0:
        return run
    assert f"run {run} trains with the workflow: push again when it has ended" in pushed.stderr
    stack.ended(run)
    return pushed_between_runs(stack, folder, number + 1)
