"""`ratchet try`: problems with their places, the prepared rows, what a failed transform says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from ratchet.cli import pipeline_folder, trial, try_files, up
from ratchet.cli.connection import connect, stack_in
from ratchet.cli.errors import CliError
from ratchet.cli.ledger import RunRef
from ratchet.cli.pipeline_folder import pack
from ratchet.cli.run_report import LEFT_OUT, SIDES
from ratchet.cli.screen import stdout
from retraining.documents.check_report import CheckedObject

from .conftest import Run
from .running import ratchet, surroundings
from .test_new import flights, rows

if TYPE_CHECKING:
    from ratchet.cli.connection import Stack

FAILS = """\
from pyspark.sql import DataFrame


def transform(data: DataFrame) -> DataFrame:
    return data.drop("carrier").withColumn("late", data["never"])
"""


def new(run: Run, name: str) -> Path:
    """A new pipeline's folder for january.csv, named so that no other test's data is its own."""
    made = run("new", name, "--from-csv", str(flights()), "--label", "late", "--key", "id")
    assert made.exit_code == 0, made.output
    return Path("pipelines") / name


def ignored(_text: str) -> None:
    pass


@pytest.fixture(autouse=True)
def a_folder_of_one_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_pipeline_is_found_by_its_folder_and_by_its_name(run: Run) -> None:
    folder = new(run, "flights")
    assert pipeline_folder.find(str(folder)) == pipeline_folder.find("flights") == folder
    assert pipeline_folder.find("bank-marketing").is_absolute()  # the checkout's
    with pytest.raises(CliError, match="there is no pipeline flihgts") as failure:
        pipeline_folder.find("flihgts")
    assert failure.value.next_step == "Pipelines here: flights"
    with pytest.raises(
        CliError, match=r"there is no pipeline .*flihgts \(did you mean flights\?\)"
    ):
        pipeline_folder.find(str(folder.with_name("flihgts")))


def test_a_file_that_no_check_could_read_is_refused_at_once(run: Run) -> None:
    new(run, "flights")
    Path("empty.csv").touch()
    result = run("try", "flights", "empty.csv")
    assert (result.exit_code, "empty.csv is empty" in result.stderr) == (1, True)


def test_the_rows_that_are_prepared_and_those_left_out_are_all_rows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    account = dict.fromkeys(LEFT_OUT, 0) | {"unlabelled": 1_232, "gap": 3}
    account |= {"train": 2_246, "validation": 537, "holdout": 485}
    prepared = trial.Prepared({}, account, ["late", "day"], [["1", "2"]])
    try_files._print_prepared(stdout(), prepared)
    told = capsys.readouterr().out
    assert "Prepared: train 2,246, validation 537, holdout 485\n" in told
    assert "Left out: 1,232 without a label, 3 in the gap\n" in told


@pytest.mark.parametrize(
    ("written", "shown"),
    [("6.71999979019165", "6.72"), ("-0.10000000149011612", "-0.1"), ("16777216.0", "16777216.0"),
     ("3.5", "3.5"), ("nan", "nan"), ("1e-7", "1e-7")],
)  # fmt: skip
def test_a_32_bit_float_is_shown_as_a_person_reads_it(written: str, shown: str) -> None:
    assert try_files.short(written) == shown


def test_more_problems_than_are_listed_are_told_by_their_number(
    capsys: pytest.CaptureFixture[str],
) -> None:
    listed = [
        {"file": "a.csv", "line": n, "sentence": "bad", "object": "k", "of": 7} for n in range(3)
    ]
    checked = {"landed": 7, "accepted": 0, "quarantined": 7}
    try_files._print(stdout(), trial.Trial("f", ("a.csv",), 1.0, checked, listed))
    assert "3 of 7 problems" in capsys.readouterr().out


def test_rows_are_counted_as_the_run_counts_them(stack: str) -> None:
    """A bad row that is tolerated is in quarantine alone, and its object is accepted."""
    checked = [
        CheckedObject(id=str(bad), key="a", version="v", size=9, accepted=accepted, rows=100,
                      bad_rows=bad, notes=(), sentence="")
        for accepted, bad in ((True, 0), (True, 3), (False, 40))
    ]  # fmt: skip
    found, ref = stack_in(connect(None, None, None), stack), RunRef("flights", 1)
    boto3.client("s3").put_object(
        Bucket=found.work_bucket,
        Key=f"{ref.prefix}/check/chunk-0.json",
        Body=json.dumps({"objects": [asdict(one) for one in checked]}),
    )
    assert trial._checked(found, ref) == {
        "landed": 300,
        "accepted": sum(one.accepted_rows for one in checked),
        "quarantined": sum(one.rejected_rows for one in checked),
    }


@pytest.mark.process
class TestOnLocalAws:
    @pytest.fixture(scope="class")
    def live(self) -> Iterator[Stack]:
        with up.running(0, None, announced=False) as (_, stack):
            yield stack

    def test_the_rows_come_out_prepared_and_nothing_waits_for_a_quiet_period(
        self, run: Run, live: Stack
    ) -> None:
        packed = pack(new(run, "flights"))
        assert packed.definition["trigger"]["quiet_period"] == "5s"
        tried = trial.on(live, packed, [Path("january.csv")], ignored)
        assert tried.sentence == ""
        assert tried.checked == {"landed": 200, "accepted": 200, "quarantined": 0}
        assert tried.prepared is not None
        assert tried.prepared.columns == ["late", "carrier", "distance", "delay"]
        assert len(tried.prepared.head) == trial.HEAD_ROWS
        written = {(row["late"], row["carrier"], row["distance"]) for row in rows()}
        coded = {
            ("01"[late == "yes"], float(["AA", "UA", "no"].index(c)), float(d))
            for late, c, d in written
        }
        head = tried.prepared.head
        assert {(row[0], float(row[1]), float(row[2])) for row in head} <= coded
        account = tried.prepared.account
        assert sum(account[name] for name in (*LEFT_OUT, *SIDES)) == account["accepted"] == 200

    def test_problems_are_told_with_the_file_as_it_was_given(self, run: Run, live: Stack) -> None:
        folder = new(run, "broken")
        (folder / "here").mkdir()
        text = flights().read_text().replace("F00006,2024-01-07", "F00006,January 7")
        file = folder / "here" / "february.csv"
        file.write_text(text)
        tried = trial.on(live, pack(folder), [file], ignored)
        assert tried.prepared is None
        assert tried.checked["accepted"] == 0
        (problem,) = tried.problems
        assert (problem["file"], problem["column"], problem["line"]) == (str(file), "day", 8)
        assert "rejected by the data check" in tried.sentence
        assert try_files._located(problem).startswith(f"{file}:8: ")

    def test_a_failed_transform_is_told_with_its_line_and_its_log(
        self, run: Run, live: Stack
    ) -> None:
        folder = new(run, "failing")
        (folder / "transform.py").write_text(FAILS)
        pipeline = folder / "pipeline.yaml"
        pipeline.write_text(
            pipeline.read_text().replace("features: features.py", "transform: transform.py")
        )
        tried = trial.on(live, pack(folder), [Path("january.csv")], ignored)
        assert "transform.py, line 5: AnalysisException" in tried.sentence
        assert "never" in tried.sentence
        assert "Traceback" in Path(tried.log or "").read_text()
        shown = run("show", "failing-000001", "--endpoint-url", live.aws.endpoint_url)
        assert "aws logs tail /aws-glue/ratchet/error" in shown.stdout
        assert "transform.py, line 5" in " ".join(shown.stdout.split())
        document = json.loads(
            run("show", "failing-000001", "--json", "--endpoint-url", live.aws.endpoint_url).stdout
        )
        assert document["log"]["groups"][0] == "/aws-glue/ratchet/error"


@pytest.mark.process
def test_a_trial_needs_no_account_and_leaves_nothing(run: Run, tmp_path: Path) -> None:
    new(run, "flights")
    home = tmp_path / "home"
    home.mkdir()
    done = ratchet(surroundings(home), "try", "flights", "january.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Rows: landed 200, accepted 200, quarantined 0" in done.stdout
    assert "nothing was trained" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "january.csv", "pipelines"]
    assert list(home.glob("ratchet-try-*")) == []
