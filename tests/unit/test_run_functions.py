"""Registering, claiming, checking, settling and finishing: what a run does to data and ledger."""

from __future__ import annotations

import copy
import csv
import io
import json
from typing import Any

import pytest
from unit_service import DEFINITION, HEADER, Service, rows

import check_data
import claim_data
import finish_run
import settle_data
from retraining import adapters, errors, outcomes

BAD = HEADER + "30;cook;yes\nthirty;cook;maybe\n"


def started(service: Service, **bodies: str) -> None:
    """Push, drop the bodies under their names, and start run 1."""
    service.push()
    service.deliver(*(service.drop(f"bank/{name}.csv", body) for name, body in bodies.items()))
    service.now += 61
    service.wake({"pipeline": "bank"})
    service.receive_wakes()


def claim(token: int = 1) -> Any:
    return claim_data.handler({"pipeline": "bank", "token": token, "execution": "arn"}, None)


# --- register_pipeline -----------------------------------------------------------------------


def test_a_push_makes_what_the_pipeline_needs_and_says_what_changed(service: Service) -> None:
    first = service.push()
    assert first["changed"]
    assert first["pending_objects"] == 0
    assert service.push()["changed"] == []
    job = service.client("databrew").describe_job(Name="ratchet-bank")
    assert job["RecipeReference"] == {"Name": "ratchet-bank", "RecipeVersion": "1.0"}
    assert (job["MaxCapacity"], job["Outputs"][0]["Overwrite"]) == (2, True)
    assert job["Tags"] == {"ratchet:stack": "ratchet", "ratchet:pipeline": "bank"}
    dataset = service.client("databrew").describe_dataset(Name="ratchet-bank")
    assert dataset["Input"]["S3InputDefinition"] == {"Bucket": "work", "Key": "accepted/bank/"}
    groups = service.client("sagemaker").list_model_package_groups()
    assert [g["ModelPackageGroupName"] for g in groups["ModelPackageGroupSummaryList"]] == [
        "ratchet-bank"
    ]
    changed = copy.deepcopy(DEFINITION)
    changed["gate"]["minimum"] = 0.7
    assert service.push(changed, "1" * 64)["changed"] == ["gate"]


def test_names_that_sagemaker_would_refuse_in_the_first_run_are_refused_at_push(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = copy.deepcopy(DEFINITION) | {"name": "b" * 24}
    monkeypatch.setenv("RATCHET_STACK", "s" * 17)  # 63 in all, with -000001-challenger-10
    assert service.push(longest)["changed"]
    monkeypatch.setenv("RATCHET_STACK", "s" * 18)
    said = r"name: b{24} is too long by 1 for stack s{18}: a job would .* at most 63"
    with pytest.raises(errors.PipelineRejected, match=said):
        service.push(longest)


def test_a_push_that_breaks_the_contract_leaves_the_former_one(service: Service) -> None:
    service.push()
    broken = copy.deepcopy(DEFINITION)
    broken["trigger"]["max_wait"] = "15m"
    with pytest.raises(errors.PipelineRejected, match=r"trigger\.max_wait"):
        service.push(broken, "1" * 64)
    registered = adapters.ledger().registration("bank")
    assert registered
    assert registered["hash"] == "0" * 64


def test_columns_cannot_change_once_data_is_accepted(service: Service) -> None:
    started(service, a=rows(40))
    service.run_machine("bank", 1)
    changed = copy.deepcopy(DEFINITION)
    changed["data"]["columns"]["city"] = {"type": "text"}
    with pytest.raises(errors.PipelineRejected, match=r"data\.columns: it cannot change"):
        service.push(changed, "1" * 64)


def test_a_transform_that_was_not_uploaded_is_refused(service: Service) -> None:
    changed = copy.deepcopy(DEFINITION)
    changed["etl"]["transform"] = "0" * 64
    with pytest.raises(errors.PipelineRejected, match=r"transform\.py was not uploaded"):
        service.push(changed)


# --- claim_data ------------------------------------------------------------------------------


def test_a_claim_is_written_once_and_read_back_by_a_retry(service: Service) -> None:
    started(service, a=rows(3), b=rows(4))
    run = claim()
    manifest = service.read("runs/bank/000001/manifest.json")
    service.deliver(service.drop("bank/late.csv", rows(5)))
    assert claim() == run
    assert service.read("runs/bank/000001/manifest.json") == manifest
    assert {item["key"] for item in manifest["objects"]} == {"bank/a.csv", "bank/b.csv"}
    assert (manifest["history"], manifest["reference"], manifest["champion"]) == ([], [], None)
    assert run["run"] == "bank-000001"
    assert run["name"] == "ratchet-bank-000001"
    assert run["uri"] == "s3://work/runs/bank/000001"
    assert run["source"] == "s3://work/runs/bank/000001/recipe/"
    assert run["chunks"] == [{"chunk": 0}]
    assert run["training"]["hyperparameters"]["num_round"] == "10"
    assert run["training"]["max_runtime"] == 3600
    assert run["isolation"] is False
    assert run["champion_model"] is None
    json.dumps(run)


def test_the_recipe_job_runs_the_claimed_recipe_into_the_runs_own_folder(service: Service) -> None:
    started(service, a=rows(3))
    changed = copy.deepcopy(DEFINITION)
    changed["etl"]["recipe"][0]["Action"]["Parameters"] = {"sourceColumns": '["job"]'}
    service.push(changed, "1" * 64)
    job = service.client("databrew").describe_job(Name="ratchet-bank")
    assert job["RecipeReference"]["RecipeVersion"] == "1.0"
    claim()
    job = service.client("databrew").describe_job(Name="ratchet-bank")
    assert job["RecipeReference"]["RecipeVersion"] == "2.0"
    assert job["Outputs"][0]["Location"]["Key"] == "runs/bank/000001/recipe/"


def test_a_stale_token_claims_nothing(service: Service) -> None:
    started(service, a=rows(3))
    with pytest.raises(errors.LeaseLost, match="token 1 holds it"):
        claim(2)


def test_a_definition_that_was_tampered_with_is_refused(service: Service) -> None:
    started(service, a=rows(3))
    registered = adapters.ledger().registration("bank")
    assert registered
    adapters.ledger().register(
        "bank",
        {k: v for k, v in registered.items() if k not in ("pipeline", "item")}
        | {"sha256": "0" * 64},
    )
    with pytest.raises(errors.DefinitionChanged, match="push it again"):
        claim()


# --- check_data ------------------------------------------------------------------------------


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
    assert "column 'age', row 2: 'thirty' is not an integer" in ended["bank/bad.csv"]["reason"]
    report_key = next(k for k in service.keys("quarantine/") if k.endswith("report.json"))
    report = service.read(report_key)
    assert (report["key"], report["run"], report["rows"]) == ("bank/bad.csv", "bank-000001", 2)
    assert [(p["column"], p["row"], p["value"]) for p in report["problems"]] == [
        ("age", 2, "thirty"),
        ("y", 2, "maybe"),
    ]
    data = service.s3.get_object(Bucket="work", Key=report_key.replace("report.json", "data"))
    assert data["Body"].read() == BAD.encode()
    landed = service.s3.list_object_versions(Bucket="landing")
    assert len(landed["Versions"]) == 2
    assert "DeleteMarkers" not in landed


def test_an_overwritten_object_is_read_as_it_was_claimed(service: Service) -> None:
    started(service, a=rows(40))
    claim()
    service.drop("bank/a.csv", "something else")
    service.run_machine("bank", 1)
    (item,) = service.objects().values()
    assert item["state"] == "TRAINED"


def test_an_object_version_that_is_gone_is_told_and_not_retried(service: Service) -> None:
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


# --- settle_data -----------------------------------------------------------------------------


def test_what_arrived_during_the_run_gets_exactly_one_follow_up(service: Service) -> None:
    started(service, a=rows(40))
    claim()
    service.deliver(service.drop("bank/b.csv", rows(40)))
    service.receive_wakes()
    service.wake({"pipeline": "bank"})
    assert service.receive_wakes() == []
    answer = service.run_machine("bank", 1)
    assert answer == {"settled": True, "follow_up": True}
    assert len(service.receive_wakes()) == 1
    service.now += 61
    service.wake({"pipeline": "bank"})
    assert adapters.ledger().state("bank").token == 2
    service.run_machine("bank", 2)
    manifest = service.read("runs/bank/000002/manifest.json")
    assert manifest["history"] == ["run-000001"]
    assert [item["key"] for item in manifest["objects"]] == ["bank/b.csv"]


def test_settling_twice_changes_nothing_more(service: Service) -> None:
    started(service, a=rows(40))
    service.run_machine("bank", 1)
    before = service.objects()
    payload = {"pipeline": "bank", "token": 1, "outcome": "FAILED", "data_state": "PENDING"}
    assert settle_data.handler(payload, None) == {"settled": False, "follow_up": False}
    assert service.objects() == before
    assert len(service.keys("accepted/")) == 1


def test_a_push_does_not_sit_out_the_pause_after_a_failure(service: Service) -> None:
    started(service, a=rows(3))
    service.run_machine("bank", 1, "FAILED")
    (follow_up,) = service.receive_wakes()
    assert follow_up["delay"] == 60
    assert service.push()["pending_objects"] == 1
    assert [wake["delay"] for wake in service.receive_wakes()] == [0]


def test_a_failed_run_gives_its_data_back_and_pauses_after_three_with_one_notice(
    service: Service,
) -> None:
    started(service, a=rows(40))
    waits = []
    for token in (1, 2, 3):
        service.run_machine("bank", token, "FAILED")
        assert service.keys("accepted/") == []
        waits += [wake["delay"] for wake in service.receive_wakes()]
        service.now += 4000
        service.wake({"pipeline": "bank"})
    assert waits == [60, 240]
    state = adapters.ledger().state("bank")
    assert (state.token, state.paused, state.failures) == (3, True, 3)
    (item,) = service.objects().values()
    assert item["state"] == "PENDING"
    told = [notice["Message"] for notice in service.notices()]
    assert len(told) == 3
    assert ["is paused" in text for text in told] == [False, False, True]
    service.deliver(service.drop("bank/b.csv", rows(3)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    assert adapters.ledger().state("bank").token == 4


def test_a_batch_that_is_rejected_as_a_whole_goes_to_quarantine(service: Service) -> None:
    started(service, a=rows(40))
    run = claim()
    check_data.handler({"manifest": run["manifest"], "chunk": 0}, None)
    settle_data.handler(
        {
            "pipeline": "bank",
            "token": 1,
            "outcome": "DATA_REJECTED",
            "data_state": "QUARANTINED",
            "sentence": "The label has a single value in all 40 rows of this batch.",
        },
        None,
    )
    (item,) = service.objects().values()
    assert (item["state"], item["reason"][:9]) == ("QUARANTINED", "The label")
    assert len(service.keys("quarantine/")) == 2
    assert service.keys("accepted/") == []
    assert adapters.ledger().run("bank", 1)["data_state"] == "QUARANTINED"


def test_a_rejected_batch_settles_though_a_version_was_deleted_meanwhile(service: Service) -> None:
    """The report is written without a copy; the run neither fails nor claims the batch again."""
    started(service, a=rows(40))
    run = claim()
    check_data.handler({"manifest": run["manifest"], "chunk": 0}, None)
    (landed,) = service.read(run["manifest"].removeprefix("s3://work/"))["objects"]
    where = {"Bucket": landed["bucket"], "Key": landed["key"]}
    service.s3.delete_object(**where, VersionId=landed["version"])
    given = {"outcome": "DATA_REJECTED", "data_state": "QUARANTINED", "sentence": "One label."}
    settled = settle_data.handler({"pipeline": "bank", "token": 1, **given}, None)
    assert settled["settled"]
    (report,) = service.keys("quarantine/")
    assert service.read(report)["data"] is None


@pytest.mark.parametrize("outcome", ["PROMOTED", "FAILED"])
def test_a_run_waits_for_the_promotion_under_way_and_starts_at_its_end(
    service: Service, outcome: str
) -> None:
    """Else it would be judged against yesterday's champion, and its verdict be refused."""
    started(service, a=rows(40))
    run = claim()
    check_data.handler({"manifest": run["manifest"], "chunk": 0}, None)
    end = {"pipeline": "bank", "token": 1, "sentence": "It is better."}
    settle_data.handler({**end, "outcome": "PROMOTED", "data_state": "TRAINED"}, None)
    service.deliver(service.drop("bank/b.csv", rows(40, start=100)))
    service.now += 61
    service.receive_wakes()
    service.wake({"pipeline": "bank"})
    assert adapters.ledger().state("bank").lease is None
    assert [wake["delay"] for wake in service.receive_wakes()] == [900]  # should its end get lost
    finish_run.handler({**end, "outcome": outcome, "execution": "arn", "promoted": True}, None)
    (wake,) = service.receive_wakes()
    assert wake["delay"] == 0
    service.wake(wake)
    lease = adapters.ledger().state("bank").lease
    assert lease is not None
    assert lease.token == 2


def test_suspect_data_leaves_the_history(service: Service) -> None:
    started(service, a=rows(40))
    run = claim()
    check_data.handler({"manifest": run["manifest"], "chunk": 0}, None)
    told = {"outcome": "MODEL_REJECTED", "data_state": "SUSPECT", "sentence": "worse"}
    settle_data.handler({"pipeline": "bank", "token": 1, **told}, None)
    (item,) = service.objects().values()
    assert (item["state"], item["reason"]) == ("SUSPECT", "worse")
    assert len(service.keys("accepted/")) == 1
    service.deliver(service.drop("bank/b.csv", rows(40)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    claim(2)
    assert service.read("runs/bank/000002/manifest.json")["history"] == []


# --- finish_run and recover_run ---------------------------------------------------------------


def test_a_finished_run_has_a_record_and_one_notice_with_the_next_step(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    started(service, good=rows(40), bad=BAD)
    service.run_machine("bank", 1)
    record = service.read("runs/bank/000001/record.json")
    assert record["outcome"] == "INCONCLUSIVE"
    assert record["sentence"] == "INCONCLUSIVE it is."
    assert (record["objects"], record["data_state"], record["promoted"]) == (2, "TRAINED", False)
    assert record["rows"] == {"accepted": 40, "rejected": 2}
    (notice,) = service.notices()
    assert notice["Subject"] == "[ratchet] bank-000001: inconclusive"
    assert "Next step: drop more data" in notice["Message"]
    assert '"Outcome":"INCONCLUSIVE"' in capsys.readouterr().out
    again = {"pipeline": "bank", "token": 1, "outcome": "FAILED"}
    assert finish_run.handler(again, None)["outcome"] == "INCONCLUSIVE"
    assert service.notices() == []


def test_a_failed_run_is_told_with_the_step_and_the_cause_inside_the_json(
    service: Service,
) -> None:
    started(service, a=rows(40))
    cause = json.dumps({"ErrorMessage": "PrepareFailed: column 'job' is not numeric"})
    finish_run.handler(
        {
            "pipeline": "bank",
            "token": 1,
            "outcome": "FAILED",
            "sentence": "PrepareDataset failed: States.TaskFailed",
            "execution": "arn",
            "error": "States.TaskFailed",
            "cause": cause,
            "package": None,
            "promoted": False,
        },
        None,
    )
    (notice,) = service.notices()
    assert "PrepareDataset failed: PrepareFailed: column 'job' is not" in notice["Message"]
    assert adapters.ledger().run("bank", 1)["cause"] == cause


LAMBDA = json.dumps({"errorMessage": "it answers {no} scores", "errorType": "GoldenRowsDiffer"})
NESTED = json.dumps({"Status": "FAILED", "Error": "GoldenRowsDiffer", "Cause": LAMBDA})


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (NESTED, "it answers {no} scores"),
        (
            f"Not brought back (A: {LAMBDA}) after B: {LAMBDA}",
            "Not brought back (A: it answers {no}",
        ),
        (NESTED[:-5], '{"Status": "FAILED"'),
        ("{" * 30_000, "{{{"),
        ("States.Timeout", "it took longer than it may (States.Timeout)"),
        ("", "States.TaskFailed"),
    ],
)
def test_a_failed_promotion_is_one_sentence_with_what_failed_and_what_to_do(
    cause: str, told: str
) -> None:
    ended = outcomes.Ended(
        pipeline="bank", token=1, outcome="FAILED", sentence="Promote failed: States.TaskFailed",
        error="States.TaskFailed", cause=cause, package="arn",
    )  # fmt: skip
    sentence = outcomes.sentence(ended)
    assert sentence.startswith(f"Promote failed: {told}")
    assert len(sentence) < 1200
    assert sentence.endswith("drop more, and the gate judges a new challenger.")


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_an_execution_that_ended_without_finishing_is_settled_and_told_once(
    service: Service, status: str
) -> None:
    started(service, a=rows(40))
    claim()
    record = service.end("bank-000001", status)
    assert record["outcome"] == "FAILED"
    assert adapters.ledger().state("bank").lease is None
    assert len(service.receive_wakes()) == 1
    assert len(service.notices()) == 1
    assert service.end("bank-000001", status) == record
    assert service.notices() == []
    assert service.receive_wakes() == []


def test_a_run_that_finished_in_good_order_is_not_recovered(service: Service) -> None:
    started(service, a=rows(40))
    service.run_machine("bank", 1, "FAILED")
    service.receive_wakes()
    service.notices()
    record = service.end("bank-000001", "FAILED")
    assert record["sentence"] == "FAILED it is."
    assert (service.notices(), service.receive_wakes()) == ([], [])


def test_of_two_claims_at_once_the_second_reads_what_the_first_wrote(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(service, a=rows(3))
    first = claim()
    service.deliver(service.drop("bank/late.csv", rows(5)))
    with monkeypatch.context() as racing:
        racing.setattr(type(adapters.work()), "find_json", lambda *_: None)
        assert claim() == first
    manifest = service.read("runs/bank/000001/manifest.json")
    assert [item["key"] for item in manifest["objects"]] == ["bank/a.csv"]


def test_a_late_recovery_does_not_touch_the_run_that_follows(service: Service) -> None:
    started(service, a=rows(40))
    service.run_machine("bank", 1)
    service.deliver(service.drop("bank/b.csv", rows(40)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    claim(2)
    service.end("bank-000001", "FAILED")
    lease = adapters.ledger().state("bank").lease
    assert lease
    assert lease.token == 2
    assert adapters.ledger().run("bank", 1)["outcome"] == "INCONCLUSIVE"
