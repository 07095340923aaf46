"""A model that takes rows as they land, from the file that was dropped to the endpoint's answer."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from workplace import ROOT, Stack, Workplace

PIPELINE = "late-parcels"
FOLDER = ROOT / "pipelines" / PIPELINE
MONTHS = ("2024-01", "2024-02", "2024-03")


@pytest.fixture(scope="module")
def folder(place: Workplace) -> Path:
    """A copy of the pipeline's folder, to be changed."""
    copy = place.folder / "pipelines" / PIPELINE
    shutil.copytree(FOLDER, copy)
    return copy


@pytest.fixture(scope="module")
def months(place: Workplace) -> dict[str, Path]:
    """A file of parcels for each month."""
    files = {month: place.work / f"{month}.csv" for month in MONTHS}
    for month, file in files.items():
        place.run(
            "python", str(FOLDER / "sample_data.py"),
            "--month", month, "--out", str(file), "--rows", "4000",
        )  # fmt: skip
    return files


@pytest.fixture(scope="module")
def first(stack: Stack, folder: Path, months: dict[str, Path]) -> dict[str, Any]:
    """The record of the first month's run."""
    stack.ratchet("push", str(folder))
    stack.copy(months["2024-01"], f"s3://{stack.landing}/{PIPELINE}/")
    return dict(stack.ended(f"{PIPELINE}-000001")["record"])


def rows_of(file: Path, count: int) -> list[dict[str, str]]:
    """The first rows of a month by column."""
    with file.open(encoding="ascii", newline="") as lines:
        return [
            row for row, _ in zip(csv.DictReader(lines, delimiter=";"), range(count), strict=False)
        ]


def asked(stack: Stack, body: str, content_type: str) -> str:
    """What the endpoint answers to any client."""
    sent, told = stack.place.folder / "asked", stack.place.folder / "told"
    sent.write_text(body)
    stack.aws(
        "sagemaker-runtime", "invoke-endpoint", "--endpoint-name", stack.name(PIPELINE),
        "--content-type", content_type, "--accept", content_type, "--body", f"fileb://{sent}",
        str(told),
    )  # fmt: skip
    return told.read_text()


def test_the_endpoint_answers_rows_as_they_landed(
    stack: Stack, first: dict[str, Any], months: dict[str, Path]
) -> None:
    assert first["outcome"] == "PROMOTED", first["sentence"]
    said = json.loads(stack.ratchet("invoke", PIPELINE, str(months["2024-02"]), "--json").stdout)
    assert len(said["answers"]) == 4000
    rows = rows_of(months["2024-02"], 20)
    columns = [name for name in rows[0] if name != "late"]
    assert said["raw"] == columns
    text = io.StringIO()
    csv.writer(text).writerows([row[name] for name in columns] for row in rows)
    bare = asked(stack, text.getvalue(), "text/csv")
    objects = json.loads(asked(stack, json.dumps(rows), "application/json"))["predictions"]
    expected = [str(answer) for answer in said["answers"][:20]]
    assert bare.split(",") == [str(found["score"]) for found in objects] == expected


def test_batch_and_endpoint_gave_golden_rows_the_same_scores(
    stack: Stack, first: dict[str, Any]
) -> None:
    run = f"s3://{stack.bucket}/runs/{PIPELINE}/000001"
    golden = json.loads(stack.read(f"{run}/golden.json"))["rows"]
    answers = asked(stack, "\n".join(row["features"] for row in golden), "text/csv").split(",")
    assert [float(answer) for answer in answers] == [row["answer"][0] for row in golden]
    scored = stack.files(f"{run}/prepared/holdout/")
    (lines,) = [body.decode().splitlines() for body in scored.values()]
    assert {line.split(",")[5] for line in lines} == {"Albatross", "Badger", "Cheetah"}
    fitted = stack.files(f"{run}/prepared/train/")
    assert all(body.decode().split("\n", 1)[0].count(",") == 7 for body in fitted.values())


def test_the_package_names_the_code_and_the_artifact_is_untouched(
    stack: Stack, first: dict[str, Any]
) -> None:
    package = stack.aws(
        "sagemaker", "describe-model-package", "--model-package-name", first["package"]
    )
    (container,) = package["InferenceSpecification"]["Containers"]
    variables = container["Environment"]
    assert variables["SAGEMAKER_PROGRAM"] == "inference.py"
    model = stack.aws(
        "sagemaker", "describe-model", "--model-name", f"{stack.name(PIPELINE)}-000001"
    )
    assert model["PrimaryContainer"]["Environment"] == variables
    assert model["PrimaryContainer"]["ModelDataUrl"] == container["ModelDataUrl"]
    assert "/output/model.tar.gz" in container["ModelDataUrl"]


def test_changed_features_are_a_push_and_both_models_score_the_same_rows(
    stack: Stack, folder: Path, first: dict[str, Any], months: dict[str, Path]
) -> None:
    text = (folder / "features.py").read_text()
    more = '            "monday": day.dayofweek == 0,\n            "weekday"'
    (folder / "features.py").write_text(text.replace('            "weekday"', more))
    stack.ratchet("push", str(folder))
    stack.copy(months["2024-02"], f"s3://{stack.landing}/{PIPELINE}/")
    record = stack.ended(f"{PIPELINE}-000002")["record"]
    assert record["outcome"] in {"PROMOTED", "INCONCLUSIVE", "MODEL_REJECTED"}, record["sentence"]
    run = f"s3://{stack.bucket}/runs/{PIPELINE}/000002"
    summary = json.loads(stack.read(f"{run}/prepared/summary.json"))
    assert "monday" in summary["features"]
    theirs, ours = (
        {
            line.split(",")[0]
            for body in stack.files(f"{run}/scores/{role}/").values()
            for line in body.decode().splitlines()
        }
        for role in ("champion", "challenger")
    )
    assert ours <= theirs, "the champion scores all new rows beside those that are held out"


def test_changed_columns_are_a_push_and_the_champion_scores_those_it_knows(
    stack: Stack, folder: Path, first: dict[str, Any], months: dict[str, Path]
) -> None:
    champion = [name["S"] for name in stack.item(PIPELINE, "champion")["raw"]["L"]]
    columns, code = ((folder / name).read_text() for name in ("columns.yaml", "features.py"))
    kept = [line for line in columns.splitlines() if not line.startswith("  weight")]
    at = next(place for place, line in enumerate(kept) if line.startswith("  late"))
    kept.insert(at, "  express: {type: integer, min: 0, max: 1}")
    (folder / "columns.yaml").write_text("\n".join(kept) + "\n")
    (folder / "features.py").write_text(
        code.replace('"weight": rows["weight"]', '"express": rows["express"]')
    )
    said = stack.ratchet("push", str(folder), code=1).stderr
    assert "express: earlier batches have no such column: make it nullable, or give it" in said
    kept[at] = kept[at].replace("max: 1", "max: 1, default: 0")
    (folder / "columns.yaml").write_text("\n".join(kept) + "\n")
    stack.ratchet("push", str(folder))
    rows = rows_of(months["2024-03"], 4000)
    drop = stack.place.work / "express.csv"
    with drop.open("w", encoding="ascii", newline="") as lines:
        names = ["day", "carrier", "town", "distance", "promised", "express", "late"]
        writer = csv.DictWriter(lines, names, delimiter=";", extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**row, "express": str(place % 2)} for place, row in enumerate(rows))
    stack.copy(drop, f"s3://{stack.landing}/{PIPELINE}/")
    record = stack.ended(f"{PIPELINE}-000003")["record"]
    assert record["outcome"] in {"PROMOTED", "INCONCLUSIVE", "MODEL_REJECTED"}, record["sentence"]
    run = f"s3://{stack.bucket}/runs/{PIPELINE}/000003"
    summary = json.loads(stack.read(f"{run}/prepared/summary.json"))
    assert summary["raw"] == names[:-1]
    theirs, ours = (
        b"".join(stack.files(f"{run}/prepared/{place}/").values()).decode().splitlines()
        for place in ("champion/holdout", "holdout")
    )
    assert [line.split(",")[0] for line in theirs] == [line.split(",")[0] for line in ours]
    fresh = next(line.split(",") for line in theirs if ",fresh," in line)
    assert dict(zip(champion, fresh[4:], strict=True))["weight"] == ""
    reference = [line.split(",") for line in ours if ",reference," in line]
    assert {row[4 + names.index("express")] for row in reference} == {"0"}


def test_a_row_that_the_model_cannot_take_is_refused_in_words(
    stack: Stack, first: dict[str, Any]
) -> None:
    wrong = stack.place.folder / "wrong.csv"
    wrong.write_text("2024-02-05;Badger;Skye;far;2;1\n")
    said = stack.ratchet("invoke", PIPELINE, str(wrong), code=1).stderr
    assert "row 1, column 'distance': 'far' is not a number" in said


def test_without_features_the_endpoint_takes_prepared_rows_and_says_so(
    stack: Stack, first: dict[str, Any]
) -> None:
    help_text = " ".join(stack.place.run("ratchet", "invoke", "--help").stdout.split())
    assert "it takes prepared rows" in help_text
