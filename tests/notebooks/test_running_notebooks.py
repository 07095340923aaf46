"""Every notebook runs from its first cell to its last, in one local AWS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from notebooks import ROOT, execute, pictures, stack, texts

from ratchet.local_aws.running.local import LocalAws

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def local() -> Iterator[LocalAws]:
    with stack() as local:
        yield local


def stored(local: LocalAws, prefix: str) -> dict[str, str]:
    """What notebooks have put into the default bucket below a prefix."""
    s3, bucket = local.client("s3"), f"sagemaker-{local.region}-{local.account}"
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]]
    return {
        key: s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode(errors="replace")
        for key in keys
    }


def test_hello_world_takes_both_paths_and_its_default(local: LocalAws) -> None:
    """The classic had no default, and died of States.NoChoiceMatched."""
    notebook = execute("hello-world", local)
    said = texts(notebook)
    assert "SGVsbG8gV29ybGQ=" in said
    assert "FAILED NotHelloWorld" in said
    assert "FAILED NoAnswer" in said
    assert len(pictures(notebook)) == 3
    for data in pictures(notebook):
        assert set(data) == {"image/svg+xml", "text/plain"}, "HTML would be preferred, and removed"
        assert "<script" not in data["image/svg+xml"]


def test_processing_evaluates_the_model_that_the_same_execution_has_trained(
    local: LocalAws,
) -> None:
    """The classic wrote the path of the model into the workflow: later runs judged the first one.
    It judged without a consequence, and its scripts need a scikit-learn of 2018.
    """
    notebook = execute("processing", local)
    said = texts(notebook)
    found = dict(re.findall(r'"(\w+)": ([\d.]+)', said))
    assert set(found) == {"rows", "precision", "recall", "f1", "accuracy", "auc"}
    first, second = map(float, re.findall(r"^auc ([\d.]+), accuracy", said, re.MULTILINE))
    assert first == pytest.approx(float(found["auc"]), abs=0.001)
    assert second < first - 0.02, "another model on the same rows"
    assert "FAILED NotGoodEnough" in said
    assert len(pictures(notebook)) == 3


def test_a_training_pipeline_serves_what_passes_its_gate_and_moves_one_endpoint(
    local: LocalAws,
) -> None:
    """The classic made an endpoint for each execution, judged nothing, and loaded its model in
    another format than it had saved.
    """
    notebook = execute("training-pipeline", local)
    said = texts(notebook)
    assert "It is a 7, and the endpoint says [7]" in said
    first, second, third = re.findall(r"^([\d.]+)% of", said, re.MULTILINE)
    assert float(first) > 90
    assert second == third != first, "moved by the second execution, and not by the third"
    assert "one endpoint: True\nanother model: True" in said
    assert "FAILED ModelRejected - validation:accuracy must be at least 0.9" in said
    assert "models of it: []" in said
    assert len(pictures(notebook)) == 3


def published(file: str) -> Path | None:
    """A published file, or None where it is not: the notebook makes its rows up then."""
    path = ROOT.parent / "shared" / "data" / file
    return path if path.exists() else None


def test_abalone_is_answered_in_every_spelling_and_misspelt_settings_are_refused(
    local: LocalAws,
) -> None:
    """The classic sent the labels along, set "gamme" unnoticed, and had no gate and no seed."""
    notebook = execute("abalone", local, published("abalone/abalone.libsvm"))
    said = texts(notebook)
    judged = re.findall(r"^[\w-]+: RMSE ([\d.]+)$", said, re.MULTILINE)
    assert len(judged) == 3
    assert len(set(judged)) == 1, "libsvm from 0, from 1 and CSV are the same rows"
    (model, mean), *_ = re.findall(r"^RMSE ([\d.]+), of the mean ([\d.]+)$", said, re.MULTILINE)
    assert 2.0 < float(model) < 2.3 < 3.0 < float(mean)
    assert "text/csv True\ntext/libsvm True" in said, "the endpoint answers as the batch did"
    assert "Extraneous hyperparameter found: gamme (did you mean gamma?)" in said
    assert "FAILED ModelRejected []" in said, "a model that was refused is not created"
    sent = stored(local, "abalone/test/")["abalone/test/part"].splitlines()
    assert all(line.startswith("0:") for line in sent), "no line has its label"
    assert len(pictures(notebook)) == 2


def test_retraining_judges_validation_by_name_and_moves_one_endpoint_twice(local: LocalAws) -> None:
    """The classic judged by the first metric, the training error. A second run failed on
    createEndpoint, overwrote the first one's rows, and split them again without a seed.
    """
    notebook = execute("retraining", local)
    said = texts(notebook)
    assert "'Good enough?', 'Not good enough'] ModelRejected" in said, "and no model before"
    found = re.findall(r"'train_auc': ([\d.]+), 'validation_auc': ([\d.]+)", said)
    assert len(found) == 2
    assert all(0.75 < float(validation) < float(train) for train, validation in found)
    made = re.findall(r"^endpoint of (.+) serves this run's model: True$", said, re.MULTILINE)
    assert len(made) == 2
    assert made[0] == made[1], "it is the same endpoint"
    assert "['validation:f1'] not among the metrics of the job, ['train:auc'," in said
    sides: dict[str, dict[str, set[str]]] = {}
    for key, text in stored(local, "churn/runs/").items():
        run, side = key.split("/")[2:4]
        if side in {"train", "validation"}:
            sides.setdefault(run, {}).setdefault(side, set()).update(text.splitlines())
    first, second = sorted(sides.values(), key=lambda run: len(run["train"]))
    assert first["train"] < second["train"], "a row keeps its side in later runs"
    assert first["validation"] < second["validation"]
    assert not second["train"] & second["validation"]
    assert len(pictures(notebook)) == 2


def test_online_retail_asks_for_a_small_error_of_lines_held_out(local: LocalAws) -> None:
    """The classic compared texts, those of the training error, with the wrong side of the bound,
    and ended as a success either way. 49.05 is what it recorded.
    """
    data = published("online-retail/online_retail.csv.gz")
    notebook = execute("online-retail", local, data)
    said = texts(notebook)
    assert "RMSE 60.0, of the mean 64.0: Worse model ModelRejected" in said
    assert "RMSE 9.9, of the mean 4.3: Worse model ModelRejected" in said
    counts = [int(count.replace(",", "")) for count in re.findall(r"': '([\d,]+)'", said)]
    assert sum(counts) == (541_909 if data else 20_000), "every line is on a side or left out"
    (peak,) = map(int, re.findall(r"the function's peak: (\d+) MB", said))
    assert peak < 256
    ((validation, mean),) = re.findall(
        r"^validation: RMSE ([\d.]+), of the mean ([\d.]+),", said, re.MULTILINE
    )
    (test,) = re.findall(r"^test: RMSE ([\d.]+) of [\d,]+ lines$", said, re.MULTILINE)
    assert max(float(validation), float(test)) < 0.8 * float(mean) < 49.05
    assert len(pictures(notebook)) == 2
