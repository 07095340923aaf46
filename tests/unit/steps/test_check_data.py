"""Good objects are accepted, bad ones quarantined with a report, each read as claimed."""

from __future__ import annotations

import csv
import io
import itertools
import json
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import yaml
from samtranslator.yaml_helper import yaml_parse
from unit_faults import Crash
from unit_service import BAD, DEFINITION, HEADER, Service, claim, concluded, rows, started

import check_data
import settle_data
from retraining.adapters import TransportError
from retraining.adapters.object_store import Upload
from retraining.rules import claims
from retraining.rules.data_check import allowance
from retraining.steps import check_data as step

RESOURCES = yaml_parse((Path(__file__).parents[3] / "template.yaml").read_text())["Resources"]
MACHINE = Path(__file__).parents[3] / "statemachines" / "retraining.asl.yaml"
CHECK_CHUNK = yaml.safe_load(MACHINE.read_text())["States"]["CheckData"]["ItemProcessor"]["States"][
    "CheckChunk"
]


def test_good_objects_are_accepted_and_bad_ones_quarantined_with_a_report(
    service: Service,
) -> None:
    started(service, good=rows(40), bad=BAD)
    service.run_machine("bank", 1)
    (key,) = service.keys("accepted/bank/")
    assert key.startswith("accepted/bank/run-000001/chunk-0-")
    body = service.s3.get_object(Bucket="work", Key=key)["Body"].read().decode()
    accepted = list(csv.DictReader(io.StringIO(body)))
    assert len(accepted) == 40
    assert {row["batch"] for row in accepted} == {"run-000001"}
    ended = {item["key"]: item for item in service.objects().values()}
    assert ended["bank/good.csv"]["state"] == "TRAINED"
    assert ended["bank/bad.csv"]["state"] == "QUARANTINED"
    assert "column 'age', line 3: 'thirty' is not an integer" in ended["bank/bad.csv"]["reason"]
    report_key = next(k for k in service.keys("quarantine/") if k.endswith("report.json"))
    report = service.read(report_key)
    assert (report["key"], report["run"], report["rows"]) == ("bank/bad.csv", "bank-000001", 2)
    assert [(p["column"], p["line"], p["value"]) for p in report["problems"]] == [
        ("age", 3, "thirty"),
        ("y", 3, "maybe"),
    ]
    data = service.s3.get_object(Bucket="work", Key=report_key.replace("report.json", "data"))
    assert data["Body"].read() == BAD.encode()
    landed = service.s3.list_object_versions(Bucket="landing")
    assert len(landed["Versions"]) == 2
    assert "DeleteMarkers" not in landed


def test_a_check_that_takes_too_long_ends_with_a_report_before_its_function_is_ended(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(service, first=rows(40), second=rows(50))
    manifest = claim()["manifest"]
    begins = [0.0] * 3  # the call, the look before the first object, and the object
    monkeypatch.setattr(
        step.clock, "now", itertools.chain(begins, itertools.repeat(721.0)).__next__
    )
    opened, land = [], type(service.aws.landing)
    found = land.open

    def counted(self: Any, key: str, *version: str) -> Any:
        opened.append(key)
        return found(self, key, *version)

    monkeypatch.setattr(land, "open", counted)
    checked = check_data.handler({"manifest": manifest, "chunk": 0}, None)
    assert (checked["objects_accepted"], checked["objects_rejected"]) == (0, 2)
    report = service.read("runs/bank/000001/check/chunk-0.json")
    alone, among = (item["sentence"] for item in report["objects"])
    assert alone == allowance.ALONE
    assert "drop it again, with fewer files at a time" in among
    assert len(opened) == 1, "nothing is opened that cannot be read"
    assert service.keys("accepted/") == []
    timeout = RESOURCES["CheckDataFunction"]["Properties"]["Timeout"]
    assert timeout >= allowance.MINUTES * 60 + 180


def test_the_report_of_a_chunk_stays_small_however_much_is_wrong_with_its_objects(
    service: Service,
) -> None:
    """SettleData holds those of 20,000 objects, in a quarter of this function's memory."""
    started(service, bad=HEADER + "old;;maybe\n" * 50)
    check_data.handler({"manifest": claim()["manifest"], "chunk": 0}, None)
    (checked,) = service.read("runs/bank/000001/check/chunk-0.json")["objects"]
    assert "column 'age', line 2: 'old' is not an integer" in checked["sentence"]
    assert len(json.dumps(checked)) < 500
    report = next(key for key in service.keys("quarantine/") if key.endswith("report.json"))
    assert len(service.read(report)["problems"]) == 30


def test_bad_rows_within_the_tolerance_are_set_aside_alone_with_their_reasons(
    service: Service,
) -> None:
    service.push({**DEFINITION, "checks": {"tolerate": {"share": 0.1}}})
    good = rows(40)
    for name, body in {"one": good + "old;cook;maybe\n", "two": good + BAD * 4}.items():
        service.deliver(service.drop(f"bank/{name}.csv", body))
    service.now += 61
    service.wake({"pipeline": "bank"})
    service.run_machine("bank", 1)
    record = service.read("runs/bank/000001/record.json")
    assert record["rows"] == {"accepted": 40, "rejected": 53}
    assert record["set_aside"] == [
        "1 of 2 objects was rejected by the data check.",
        "1 row was set aside of the 41 in accepted objects.",
    ]
    states = {item["key"]: item["state"] for item in service.objects().values()}
    assert states == {"bank/one.csv": "TRAINED", "bank/two.csv": "QUARANTINED"}
    found = [service.read(k) for k in service.keys("quarantine/") if k.endswith("report.json")]
    reports = {report["key"]: report for report in found}
    assert reports["bank/one.csv"]["data"] is None
    assert reports["bank/two.csv"]["bad_rows"] is None
    key = reports["bank/one.csv"]["bad_rows"].removeprefix("s3://work/")
    (line,) = service.s3.get_object(Bucket="work", Key=key)["Body"].read().splitlines()
    assert json.loads(line) == {
        "line": 42,
        "reasons": [
            "column 'age': 'old' is not an integer",
            "column 'y': 'maybe' is not one of yes, no",
        ],
        "row": {"age": "old", "job": "cook", "y": "maybe"},
    }
    assert sum(key.endswith("rows.jsonl") for key in service.keys("quarantine/")) == 1
    assert service.s3.list_multipart_uploads(Bucket="work").get("Uploads", []) == []


@pytest.mark.parametrize("form", ["parquet", "zip"])
def test_what_is_not_read_in_order_is_read_by_ranges_of_the_claimed_version(
    service: Service, form: str
) -> None:
    text, packed = rows(40).replace(";", ","), io.BytesIO()
    table = pyarrow.csv.read_csv(io.BytesIO(text.encode()))
    if form == "parquet":
        pq.write_table(table, packed)
    else:
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("rows.csv", text)
    data = {name: value for name, value in DEFINITION["data"].items() if name != "csv"}
    wanted = {**data, "format": "parquet" if form == "parquet" else "csv"}
    service.push({**DEFINITION, "data": wanted})
    service.deliver(service.drop(f"bank/a.{form}", packed.getvalue()))
    service.drop(f"bank/a.{form}", "another version")
    service.now += 61
    service.wake({"pipeline": "bank"})
    service.run_machine("bank", 1)
    (item,) = service.objects().values()
    assert item["state"] == "TRAINED"
    (key,) = service.keys("accepted/")
    body = service.s3.get_object(Bucket="work", Key=key)["Body"].read().decode()
    assert [row["job"] for row in csv.DictReader(io.StringIO(body))] == table["job"].to_pylist()


def test_a_row_of_a_key_says_how_late_it_arrived(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the order in which the events come, and however the objects are divided."""
    split = {"train": 0.7, "validation": 0.15, "holdout": 0.15, "by": "key"}
    service.push({**DEFINITION, "data": {**DEFINITION["data"], "key": "job"}, "split": split})
    written = [
        ("z.csv", 0, "1", 30),
        ("b.csv", 1, "3", 33),
        ("b.csv", 2, "2", 31),  # of one key the sequencer knows better than the clock
        ("a.csv", 3, "1", 35),
    ]
    events = []
    for name, second, sequencer, age in written:
        event = service.drop(f"bank/{name}", HEADER + f"{age};cook;yes\n{age + 1};cook;no\n")
        event["time"] = f"2026-09-21T14:13:{second:02d}Z"
        event["detail"]["object"]["sequencer"] = sequencer
        events.append(event)
    service.deliver(*events[::-1])
    service.now += 61
    service.wake({"pipeline": "bank"})
    monkeypatch.setattr(claims, "CHUNK_OBJECTS", 1)
    service.run_machine("bank", 1)
    bodies = [
        service.s3.get_object(Bucket="work", Key=key)["Body"].read().decode()
        for key in service.keys("accepted/")
    ]
    accepted = [row for body in bodies for row in csv.DictReader(io.StringIO(body))]
    in_order = sorted(accepted, key=lambda row: row["arrival"])
    assert [int(row["age"]) for row in in_order] == [30, 31, 31, 32, 33, 34, 35, 36]


def test_the_labels_of_a_rejected_object_do_not_count(service: Service) -> None:
    """Training sees accepted rows alone, and one value of the label teaches nothing."""
    started(service, good=HEADER + "30;cook;yes\n31;cook;yes\n", bad=BAD + "31;cook;no\n")
    checked = check_data.handler({"manifest": claim()["manifest"], "chunk": 0}, None)
    assert (checked["objects_accepted"], checked["objects_rejected"]) == (1, 1)
    assert list(checked["labels"]) == ["yes"]


def test_an_overwritten_object_is_read_as_it_was_claimed(service: Service) -> None:
    started(service, a=rows(40))
    claim()
    service.drop("bank/a.csv", "something else")
    service.run_machine("bank", 1)
    (item,) = service.objects().values()
    assert item["state"] == "TRAINED"


def test_an_object_version_that_is_gone_is_reported_and_not_retried(service: Service) -> None:
    started(service, a=rows(40), b=rows(40))
    gone = next(i for i in service.objects().values() if i["key"] == "bank/a.csv")
    service.s3.delete_object(Bucket="landing", Key="bank/a.csv", VersionId=gone["version"])
    service.run_machine("bank", 1)
    states = {item["key"]: item["state"] for item in service.objects().values()}
    assert states == {"bank/a.csv": "QUARANTINED", "bank/b.csv": "TRAINED"}


def test_a_large_object_is_copied_in_parts(service: Service) -> None:
    started(service, a=rows(400_000))
    service.run_machine("bank", 1)
    (key,) = service.keys("accepted/")
    body = service.s3.get_object(Bucket="work", Key=key)["Body"].read()
    assert len(body) > 2 * (8 << 20)
    assert body.count(b"\n") == 400_001


def test_a_bad_object_leaves_no_part_of_a_copy(service: Service) -> None:
    started(service, a=rows(300_000) + "x;y;z\n")
    service.run_machine("bank", 1, "DATA_REJECTED")
    assert service.keys("accepted/") == []
    uploads = service.s3.list_multipart_uploads(Bucket="work")
    assert uploads.get("Uploads", []) == []


@pytest.mark.parametrize("fails", [1, 2])
def test_an_object_that_defeats_the_check_twice_is_set_aside_and_the_run_continues(
    service: Service, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    """Whatever it raises: the objects that landed with it are trained on."""
    started(service, good=rows(40), odd=rows(40, start=100))
    check, left = step.check, [fails]

    def defeated(source: Any, *others: Any) -> Any:
        data = source.read()
        if b"job100" in data and left[0]:
            left[0] -= 1
            raise RecursionError("too deep")
        return check(io.BytesIO(data), *others)

    monkeypatch.setattr(step, "check", defeated)
    service.run_machine("bank", 1)
    ended = {item["key"]: item for item in service.objects().values()}
    assert ended["bank/good.csv"]["state"] == "TRAINED"
    assert ended["bank/odd.csv"]["state"] == ("QUARANTINED" if fails == 2 else "TRAINED")
    if fails == 2:
        assert "RecursionError: too deep" in ended["bank/odd.csv"]["reason"]


def called_until_it_ends(run: Any) -> int:
    """CheckData, called again as the machine does when it dies; how often it died."""
    policy = CHECK_CHUNK["Retry"][-1]
    assert "Runtime.ExitError" in policy["ErrorEquals"]
    for deaths in range(policy["MaxAttempts"] + 1):
        with suppress(Crash):
            check_data.handler({"manifest": run["manifest"], "chunk": 0}, None)
            return deaths
    raise AssertionError("the machine gives up")


@pytest.mark.parametrize("deadly", [{"job100"}, {"job100", "job200"}])
def test_without_an_object_that_kills_the_check_twice_the_run_continues_and_says_so(
    service: Service, monkeypatch: pytest.MonkeyPatch, deadly: set[str]
) -> None:
    """Out of memory or time: the function is gone, and only what it wrote before is known."""
    bodies = {f"n{n}": rows(40, start=n) for n in (0, 100, 200, 300)}
    started(service, **bodies)
    check = step.check

    def killed(source: Any, *others: Any) -> Any:
        data = source.read()
        if any(f";{job};".encode() in data for job in deadly):
            raise Crash
        return check(io.BytesIO(data), *others)

    monkeypatch.setattr(step, "check", killed)
    run = claim()
    assert called_until_it_ends(run) == 2 * len(deadly)
    settle_data.handler({"pipeline": "bank", "token": 1, **concluded("INCONCLUSIVE")}, None)
    ended = {item["key"]: item for item in service.objects().values()}
    for name in bodies:
        dead = f"job{name[1:]}" in deadly
        item = ended[f"bank/{name}.csv"]
        assert item["state"] == ("QUARANTINED" if dead else "TRAINED")
        assert (item.get("reason") or "").startswith("the data check died on it twice") is dead
    assert len(service.keys("accepted/")) == len(bodies) - len(deadly)


def test_a_copy_that_the_check_finished_before_it_died_does_not_stay(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(service, a=rows(40), b=rows(40, start=100))
    finish = Upload.finish

    def dies_afterwards(copy: Upload) -> None:
        body = bytes(copy._held)
        finish(copy)
        if b",job100," in body:
            raise Crash

    monkeypatch.setattr(Upload, "finish", dies_afterwards)
    assert called_until_it_ends(claim()) == 2
    (kept,) = service.keys("accepted/")
    assert b",job0," in service.s3.get_object(Bucket="work", Key=kept)["Body"].read()


def test_a_read_that_breaks_off_fails_the_state_and_not_the_object(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(service, good=rows(40))
    run = claim()

    def broken(*_: Any) -> Any:
        raise TransportError

    monkeypatch.setattr(step, "check", broken)
    with pytest.raises(TransportError):
        check_data.handler({"manifest": run["manifest"], "chunk": 0}, None)
    assert service.keys("quarantine/") == []
