"""What a user gets wrong is told by what, where and the next step, kept, and survived."""

from __future__ import annotations

import bz2
import gzip
import json
import random
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from workplace import ROOT, Stack, bank_rows, csv_bytes, pipeline_folder, until

PIPELINE = "calls"
MOST_TRANSITIONS = 12
QUIET = "4s"  # so that files copied one after the other are one drop on a busy machine too
LATIN_1 = "Müßiggang"


@dataclass(frozen=True)
class Bad:
    """A file that no data check may accept, and the words its report must have."""

    content: bytes
    words: tuple[str, ...]


@dataclass(frozen=True)
class Rejected:
    """The run of a batch without one good object."""

    files: dict[str, Bad]
    waiting: dict[str, Any]
    told_before: str
    pushed: str
    shown: dict[str, Any]


@pytest.fixture(scope="module")
def bank(stack: Stack) -> tuple[str, list[str]]:
    """Header and rows of good data."""
    return bank_rows(stack.place)


def _bad_files(header: str, rows: list[str]) -> dict[str, Bad]:
    good = csv_bytes(header, rows)
    noise = bytes(random.Random(7).choices(range(256), k=4096))
    latin = good.replace(b'"housemaid"', f'"{LATIN_1}"'.encode("latin-1"), 1)
    unlabelled = [line.rpartition(";")[0] for line in (header, *rows)]
    return {
        "empty.csv": Bad(b"", ("the file is empty", "a header and at least one row")),
        "header alone.csv": Bad(csv_bytes(header, []), ("has a header but no rows",)),
        "no label.csv": Bad(
            csv_bytes(unlabelled[0], unlabelled[1:]), ("the label column 'y' is missing",)
        ),
        "commas.csv": Bad(
            good.replace(b";", b","), ("separated by comma", "pipeline.yaml expects semicolon")
        ),
        "noise.csv": Bad(b"\0" + noise, ("the file is not text", "drop a UTF-8 CSV")),
        "latin 1.csv": Bad(latin, ("column 'job'", "is not UTF-8", "save the file as UTF-8")),
        "packed+100%25 für März.csv": Bad(
            gzip.compress(good)[:-100], ("the gzip file ends in its middle", "drop the whole file")
        ),
    }


def _drop(stack: Stack, name: str, files: dict[str, bytes]) -> None:
    """All files land at once, by `aws s3 cp --recursive`."""
    folder = stack.place.work / name
    for key, content in files.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(content)
    stack.copy(folder, f"s3://{stack.landing}/{PIPELINE}/", "--recursive")


@pytest.fixture(scope="module")
def rejected(stack: Stack, bank: tuple[str, list[str]]) -> Rejected:
    """Bad files that wait under an unknown prefix until its pipeline is pushed."""
    header, rows = bank
    files = _bad_files(header, rows[:300])
    _drop(stack, "bad", {name: bad.content for name, bad in files.items()})
    until(lambda: stack.pending(PIPELINE) == len(files), "the ledger notes every object")
    waiting, told = stack.info()["without_pipeline"], stack.ratchet("info").stdout
    pushed = stack.ratchet("push", str(pipeline_folder(stack.place, PIPELINE, QUIET))).stdout
    return Rejected(files, waiting, told, pushed, stack.ended(f"{PIPELINE}-000001"))


@dataclass(frozen=True)
class Mixed:
    """The run of a batch of good objects and a bad one."""

    rows: dict[str, int]
    broken: str
    shown: dict[str, Any]


@pytest.fixture(scope="module")
def mixed(stack: Stack, bank: tuple[str, list[str]], rejected: Rejected) -> Mixed:
    """Good objects of different lengths under keys that need care, and one bad among them."""
    header, rows = bank
    names = ["a+b c%41.csv", "100 %+.csv", "Zürich März/größer & schöner=ja?.csv", "plain.csv"]
    lengths = {name: 300 + 10 * number for number, name in enumerate(names)}
    parts, used = {}, 0
    for name, length in lengths.items():
        parts[name] = csv_bytes(header, rows[used : used + length])
        used += length
    broken = "Zürich März/a+b c%41.csv"
    parts[broken] = csv_bytes(header, ["no row at all"])
    _drop(stack, "mixed", parts)
    shown = stack.ended(f"{PIPELINE}-000002")
    return Mixed({f"{PIPELINE}/{name}": n for name, n in lengths.items()}, broken, shown)


def test_data_under_an_unknown_prefix_waits_and_is_reported(rejected: Rejected) -> None:
    count = len(rejected.files)
    assert rejected.waiting == {f"{PIPELINE}/": count}
    assert f"{count} objects under {PIPELINE}/ wait" in rejected.told_before
    assert f"Push one named {PIPELINE}" in rejected.told_before


def test_a_push_picks_up_what_waits(rejected: Rejected) -> None:
    assert f"{len(rejected.files)} waiting objects will be trained on" in rejected.pushed
    assert rejected.shown["record"]["objects"] == len(rejected.files)


def test_each_bad_object_has_a_report_that_says_what_and_the_next_step(
    stack: Stack, rejected: Rejected
) -> None:
    files = stack.files(f"s3://{stack.bucket}/quarantine/{PIPELINE}/000001/")
    found = [json.loads(body) for name, body in files.items() if name.endswith("report.json")]
    reports = {report["key"].removeprefix(f"{PIPELINE}/"): report for report in found}
    assert reports.keys() == rejected.files.keys()
    for name, bad in rejected.files.items():
        report = reports[name]
        for words in bad.words:
            assert words in report["sentence"], report
        assert report["run"] == f"{PIPELINE}-000001"
        assert f"s3://{stack.landing}/{PIPELINE}/{name}" in report["next_step"]
        assert files[f"{report['id']}/data"] == bad.content


def test_a_bad_cell_is_reported_by_column_row_and_value(rejected: Rejected) -> None:
    key = f"{PIPELINE}/latin 1.csv"
    (problem,) = (one for one in rejected.shown["problems"] if one["object"] == key)
    _, *rows = rejected.files["latin 1.csv"].content.decode("latin-1").splitlines()
    row = next(number for number, line in enumerate(rows, start=1) if LATIN_1 in line)
    assert (problem["column"], problem["line"], problem["value"]) == ("job", row + 1, LATIN_1)


def test_bad_objects_are_kept_where_they_landed(stack: Stack, rejected: Rejected) -> None:
    landed = stack.files(f"s3://{stack.landing}/{PIPELINE}/")
    for name, bad in rejected.files.items():
        assert landed[name] == bad.content


def test_a_batch_of_bad_objects_costs_no_job_and_few_transitions(
    stack: Stack, rejected: Rejected
) -> None:
    record = rejected.shown["record"]
    assert (record["outcome"], record["data_state"]) == ("DATA_REJECTED", "QUARANTINED")
    assert record["sentence"] == (
        f"All {len(rejected.files)} objects of this batch were rejected by the data check."
    )
    entered = {state["name"] for state in rejected.shown["states"]}
    assert not entered & {"RunRecipe", "PrepareDataset", "TrainModel"}
    assert stack.transitions(f"{PIPELINE}-000001") <= MOST_TRANSITIONS
    shown = stack.ratchet("show", f"{PIPELINE}-000001").stdout
    assert f"Quarantine: s3://{stack.bucket}/quarantine/{PIPELINE}/000001/" in shown


def test_good_data_is_accepted_afterwards_whatever_its_keys(stack: Stack, mixed: Mixed) -> None:
    record = mixed.shown["record"]
    assert (record["outcome"], record["data_state"]) == ("MODEL_REJECTED", "TRAINED"), record
    assert "drop more data" in record["sentence"]
    checks = stack.files(f"s3://{stack.bucket}/runs/{PIPELINE}/000002/check/")
    reports = (body for name, body in checks.items() if re.search(r"chunk-[0-9]+[.]json$", name))
    objects = [one for body in reports for one in json.loads(body)["objects"]]
    accepted = {one["key"]: one["rows"] for one in objects if one["accepted"]}
    assert accepted == mixed.rows, "the right object was read under each key"
    states = {stack.item(PIPELINE, f"object#{o['id']}")["state"]["S"] for o in objects}
    assert states == {"TRAINED", "QUARANTINED"}


def test_a_bad_object_among_good_ones_is_set_aside_alone(mixed: Mixed) -> None:
    (problem,) = mixed.shown["problems"]
    assert problem["object"] == f"{PIPELINE}/{mixed.broken}"
    assert problem["line"] == 2
    assert "has 1 field instead of 21" in problem["sentence"]
    assert mixed.shown["record"]["rows"]["accepted"] == sum(mixed.rows.values())


def test_a_key_without_a_prefix_is_kept_and_told(stack: Stack, bank: tuple[str, list[str]]) -> None:
    header, rows = bank
    file = stack.place.work / "stray.csv"
    file.write_bytes(csv_bytes(header, rows[:10]))
    stack.copy(file, f"s3://{stack.landing}/")
    found = stack.aws(
        "cloudformation", "describe-stack-resource", "--stack-name", "ratchet",
        "--logical-resource-id", "FunctionsLogGroup",
    )  # fmt: skip
    group = found["StackResourceDetail"]["PhysicalResourceId"]
    words = f"s3://{stack.landing}/stray.csv is not trained on"
    told = until(lambda: _logged(stack, group, words), "the log tells of the stray object")
    assert "the key has no prefix that is a pipeline's name" in told
    assert f"copy it to s3://{stack.landing}/<pipeline>/" in told
    shown = stack.ratchet("info").stdout
    assert "1 object at stray.csv: a key without a pipeline's prefix is not read." in shown
    assert "Drop it again under <pipeline>/" in shown
    assert stack.read(f"s3://{stack.landing}/stray.csv") == file.read_bytes()


def _logged(stack: Stack, group: str, words: str) -> str | None:
    events = stack.aws("logs", "filter-log-events", "--log-group-name", group)["events"]
    return next((event["message"] for event in events if words in event["message"]), None)


@pytest.mark.parametrize(
    ("file", "change", "words"),
    [
        (
            "pipeline.yaml",
            ("quiet_period:", "quiet_perod:"),
            "trigger.quiet_perod is not known here (did you mean quiet_period?)",
        ),
        ("pipeline.yaml", ("gate:", "drift: {}\ngate:"), "drift is not known here"),
        (
            "columns.yaml",
            ("  y: ", "  answer: "),
            "data.label: y is not a column of columns.yaml: add it there",
        ),
        ("pipeline.yaml", None, "pipeline.yaml does not exist"),
    ],
    ids=["a misspelt key", "a key of a later release", "no label among the columns", "no file"],
)
def test_a_faulty_pipeline_is_refused_by_file_line_and_key(
    stack: Stack, tmp_path: Path, file: str, change: tuple[str, str] | None, words: str
) -> None:
    folder = Path(shutil.copytree(ROOT / "pipelines" / "bank-marketing", tmp_path / "faulty"))
    if change is None:
        (folder / file).unlink()
    else:
        text = (folder / file).read_text()
        assert change[0] in text
        (folder / file).write_text(text.replace(*change))
    refused = stack.ratchet("push", str(folder), code=1)
    assert words in refused.stderr
    assert f"{folder}/pipeline.yaml" in refused.stderr
    assert "bank-marketing" not in {one["name"] for one in stack.info()["pipelines"]}


def test_an_upload_for_a_pipeline_that_is_not_registered_lands_nothing(stack: Stack) -> None:
    file = stack.place.work / "good.csv"
    file.write_bytes(b"age;y\n1;no\n")
    refused = stack.ratchet("upload", "bank-marketin", str(file), code=1)
    assert "pipeline bank-marketin is not registered in ratchet" in refused.stderr
    assert "ratchet push pipelines/bank-marketin" in refused.stderr
    assert "bank-marketin/" not in stack.info()["without_pipeline"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ("is empty",)),
        (bz2.compress(b"a,b\n"), ("is bzip2-compressed", "bunzip2 --keep")),
    ],
    ids=["empty", "bzip2"],
)
def test_an_upload_of_a_file_that_no_check_would_accept_is_refused_before_it_starts(
    stack: Stack, content: bytes, words: tuple[str, ...]
) -> None:
    file = stack.place.work / "unfit.csv"
    file.write_bytes(content)
    refused = stack.ratchet("upload", PIPELINE, str(file), code=1)
    assert str(file) in refused.stderr
    assert all(word in refused.stderr for word in words)
