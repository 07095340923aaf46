"""A finished run leaves one record, one notice, and nothing unused."""

from __future__ import annotations

import json
from dataclasses import replace
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError
from moto.sagemaker.models import sagemaker_backends
from unit_model import FORMER, Run, approval, crown, serve
from unit_service import BAD, ROLE, TAGS, Service, concluded, failed, finish, rows, started

from retraining.adapters.object_store import ObjectStore
from retraining.documents.run_record import RunRecord
from retraining.documents.verdict import Promise
from retraining.rules import names

RUN = {"pipeline": "bank", "token": 1, "execution": "arn", "package": None}
MODEL = "ratchet--bank--rfjp-000001"


PROMISE = Promise(
    holdout="fresh",
    metric="auc",
    value=0.8,
    lift=0.3,
    expected=None,
    lower=None,
    upper=None,
    promises_kept=0,
)


def create_model(service: Service, name: str = MODEL) -> None:
    """What CreateModel made in the run."""
    container = {"Image": "image"}
    service.client("sagemaker").create_model(
        ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container, Tags=TAGS
    )


def models(service: Service) -> list[str]:
    return [each["ModelName"] for each in service.client("sagemaker").list_models()["Models"]]


def test_a_finished_run_has_a_record_and_one_notice_with_the_next_step(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    started(service, good=rows(40), bad=BAD)
    service.run_machine("bank", 1)
    record = service.read("runs/bank/000001/record.json")
    assert record["outcome"] == "INCONCLUSIVE"
    rejected = "1 of 2 objects was rejected by the data check."
    assert record["sentence"] == f"INCONCLUSIVE it is. {rejected}"
    assert record["set_aside"] == [rejected]
    assert (record["objects"], record["data_state"], record["promoted"]) == (2, "TRAINED", False)
    assert record["rows"] == {"accepted": 40, "rejected": 2}
    (notice,) = service.notices()
    assert notice["Subject"] == "[ratchet] bank-000001: inconclusive"
    assert "Next step: drop more data" in notice["Message"]
    assert rejected in notice["Message"]
    assert '"Outcome":"INCONCLUSIVE"' in capsys.readouterr().out
    again = {**RUN, **failed("SettleData", "Broken")}
    assert finish(again)["outcome"] == "INCONCLUSIVE"
    assert service.notices() == []


def test_the_rows_that_a_run_prepared_for_itself_expire_and_its_documents_stay(
    service: Service,
) -> None:
    """However it ended, and as often as it is finished; other runs' rows are not touched."""
    started(service, a=rows(3))
    run = Run(service)
    for folder in ("recipe", "champion/recipe", "prepared/train", "prepared/champion"):
        run.put(f"{folder}/part-0.csv", "1,2")
    Run(service, token=10).put("prepared/train/part-0.csv", "1,2")
    for _ in range(2):
        finish({**RUN, **failed("Candidates", "Broken")})
    passing = [
        key.removeprefix(f"{run.prefix}/")
        for key in service.aws.work.keys("runs/bank/")
        if service.s3.get_object_tagging(Bucket="work", Key=key)["TagSet"] == [names.PASSING_TAG]
    ]
    assert passing == [
        f"{folder}/part-0.csv"
        for folder in (
            *("champion/recipe", "prepared/champion", "prepared/holdout", "prepared/train"),
            "recipe",
        )
    ]


@pytest.mark.parametrize("known", [True, False])
def test_what_a_search_found_and_nobody_chose_expires(service: Service, known: bool) -> None:
    """Nobody has chosen anything of a run that failed before its candidates were known."""
    started(service, a=rows(3))
    run = Run(service)
    search = service.aws.names.tuning("bank", 1)
    jobs = [f"{search}-0-001-0a1b2c3d", f"{search}-0-002-4e5f6a7b", f"{search}-1-001-89abcdef"]
    for job in (*jobs, f"{service.aws.names.run('bank', 1)}-refit-0"):
        run.put(f"model/{job}/output/model.tar.gz", job)
    if known:
        chosen = {"candidates": [{**run.scored("challenger"), "training_job": jobs[1]}]}
        run.put("candidates.json", json.dumps({"schema": 1, **chosen}))
    finish({**RUN, **failed("Candidates", "Broken")})
    passing = [
        key.removeprefix(f"{run.prefix}/model/").partition("/")[0]
        for key in service.aws.work.keys(f"{run.prefix}/model/")
        if service.s3.get_object_tagging(Bucket="work", Key=key)["TagSet"] == [names.PASSING_TAG]
    ]
    assert passing == ([jobs[0], jobs[2]] if known else jobs)


def test_a_run_ends_as_it_does_where_its_rows_cannot_be_marked(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    started(service, a=rows(3))
    Run(service).put("prepared/train/part-0.csv", "1,2")
    denied = ClientError({"Error": {"Code": "AccessDenied"}}, "PutObjectTagging")
    monkeypatch.setattr(ObjectStore, "let_expire", Mock(side_effect=denied))
    finish({**RUN, **failed("Candidates", "Broken")})
    assert len(service.notices()) == 1
    assert service.aws.ledger.run("bank", 1).notified
    assert "is not marked to expire" in caplog.text


def test_a_failed_run_is_reported_with_the_step_and_the_cause_inside_the_json(
    service: Service,
) -> None:
    started(service, a=rows(40))
    cause = json.dumps({"ErrorMessage": "PrepareFailed: column 'job' is not numeric"})
    finish({**RUN, **failed("PrepareDataset", "States.TaskFailed", cause)})
    (notice,) = service.notices()
    assert "PrepareDataset failed: PrepareFailed: column 'job' is not" in notice["Message"]
    assert service.aws.ledger.run("bank", 1).cause == cause


@pytest.mark.parametrize("promoted", [True, False])
def test_the_model_of_a_run_stays_only_while_something_names_it(
    service: Service, promoted: bool
) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    create_model(service)
    if promoted:
        run.promote()
    conclusion = concluded("PROMOTED" if promoted else "MODEL_REJECTED")
    record = finish({**RUN, **conclusion})
    assert record["promoted"] is promoted
    assert models(service) == [MODEL] * promoted
    assert record["metrics"]["fresh"]["challenger"] > 0.9
    assert record["rows"]["holdout_fresh"] == 400
    assert record["verdict"] == f"{run.uri}/verdict.json"


@pytest.mark.parametrize(("minimum", "missed"), [(0.6, 0), (0.9, 1)])
def test_a_champion_that_misses_the_minimum_on_arrival_is_measured(
    service: Service, capsys: pytest.CaptureFixture[str], minimum: float, missed: int
) -> None:
    """Every pipeline has its own minimum: an alarm on the stack sees that one was missed."""
    run = Run(service, challenger=3.0)
    run.arrive(300)
    definition = run.manifest.definition
    terms = {**definition.section("gate"), "minimum": minimum}
    asked = replace(definition, json={**definition.json, "gate": terms})
    run.write("manifest.json", replace(run.manifest, champion=FORMER, definition=asked))
    run.judge(champion=True)
    service.aws.ledger.update_run(RunRecord(pipeline="bank", token=1, data_state="TRAINED"))
    record = finish({**RUN, **concluded("MODEL_REJECTED")})
    lines = [line for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    told = {key: value for line in lines for key, value in json.loads(line).items()}
    assert told["ArrivalBelowMinimum"] == missed
    assert told["ChampionOnArrival"] == record["arrival"]["value"]
    assert 0.6 < record["arrival"]["value"] < 0.9


def test_a_record_says_what_the_champion_promised_and_how_it_did(service: Service) -> None:
    run = Run(service, challenger=3.0, champion=1.0)
    run.arrive(100)
    champion = replace(FORMER, promise=PROMISE)
    run.write("manifest.json", replace(run.manifest, champion=champion))
    run.judge(champion=True)
    record = finish({**RUN, **concluded("MODEL_REJECTED")})
    arrival = record["arrival"]
    assert (arrival["champion"], arrival["rows"]) == (FORMER.run, 500)
    assert (arrival["promised"], arrival["promised_lift"]) == (0.8, 0.3)
    assert arrival["value"] == record["metrics"]["arrival"]["champion"]
    assert arrival["lift"] == pytest.approx(arrival["value"] - 0.5)
    assert record["promise"]["value"] == record["metrics"]["fresh"]["challenger"]
    assert record["settings"] == {"num_round": "5"}


@pytest.mark.parametrize("refit", [True, False])
def test_a_record_tells_no_value_of_a_champion_on_rows_that_it_was_trained_on(
    service: Service, refit: bool
) -> None:
    run = Run(service, challenger=3.0, champion=1.0)
    run.arrive(100)
    run.write("manifest.json", replace(run.manifest, champion=replace(FORMER, refit=refit)))
    run.judge(champion=True)
    told = finish({**RUN, **concluded("MODEL_REJECTED")})["metrics"]
    of_champion = {name for name, values in told.items() if "champion" in values}
    assert of_champion == {"arrival", "fresh"} | ({"pooled"} if not refit else set())
    assert "challenger" in told["pooled"]


def test_models_that_only_judged_do_not_stay_whoever_wins(service: Service) -> None:
    crown(service, FORMER)
    run = Run(service, challenger=3.0, champion=1.0)
    run.judge(champion=True)
    for name in (MODEL, f"{MODEL}-alone"):
        create_model(service, name)
    run.promote()
    finish({**RUN, **concluded("PROMOTED")})
    assert models(service) == [MODEL]


def test_a_model_that_the_endpoint_serves_is_never_deleted(service: Service) -> None:
    Run(service, challenger=3.0)
    serve(service, "ratchet--bank--rfjp", "ratchet--bank--rfjp-000001")
    finish({**RUN, **failed("Promote", "States.Timeout")})
    assert len(service.client("sagemaker").list_models()["Models"]) == 1


def change_endpoint(name: str, **changes: object) -> None:
    """Make an endpoint look as it does on AWS while, or after, it is changed."""
    endpoint = sagemaker_backends["123456789012"]["us-east-1"].endpoints[name]
    for attribute, value in changes.items():
        setattr(endpoint, attribute, value)


@pytest.mark.parametrize("endpoint", ["ratchet--bank--rfjp", "ratchet--bank--rfjp-check"])
@pytest.mark.parametrize("status", ["Creating", "Updating", "SystemUpdating", "RollingBack"])
def test_a_model_stays_while_an_endpoint_is_on_its_way_from_one_config_to_another(
    service: Service, endpoint: str, status: str
) -> None:
    """Which one it comes from, or goes to, DescribeEndpoint does not say."""
    Run(service, challenger=3.0)
    create_model(service)
    serve(service, endpoint, "ratchet--bank--rfjp-000007")
    change_endpoint(endpoint, endpoint_status=status)
    finish({**RUN, **failed("Promote", "States.Timeout")})
    assert MODEL in models(service)


@pytest.mark.parametrize("endpoint", ["ratchet--bank--rfjp", "ratchet--bank--rfjp-check"])
def test_a_model_stays_that_is_served_under_another_config(service: Service, endpoint: str) -> None:
    Run(service, challenger=3.0)
    serve(service, endpoint, MODEL)
    sagemaker = service.client("sagemaker")
    found = sagemaker.describe_endpoint_config(EndpointConfigName=MODEL)
    sagemaker.create_endpoint_config(
        EndpointConfigName="ratchet--bank--rfjp-000007",
        ProductionVariants=found["ProductionVariants"],
        Tags=TAGS,
    )
    change_endpoint(endpoint, endpoint_config_name="ratchet--bank--rfjp-000007")
    finish({**RUN, **failed("Promote", "States.Timeout")})
    assert MODEL in models(service)


@pytest.mark.parametrize("status", ["InService", "Failed"])
def test_a_model_goes_when_the_endpoint_serves_another(service: Service, status: str) -> None:
    Run(service, challenger=3.0)
    create_model(service)
    serve(service, "ratchet--bank--rfjp", "ratchet--bank--rfjp-000007")
    change_endpoint("ratchet--bank--rfjp", endpoint_status=status)
    finish({**RUN, **failed("Promote", "States.Timeout")})
    assert MODEL not in models(service)


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_the_package_of_a_run_that_fails_before_its_promotion_is_rejected(
    service: Service, known: bool
) -> None:
    """Known to the run or, when RegisterModel died after it made it, only to the registry."""
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    if not known:
        item = {"pipeline": {"S": "bank"}, "item": {"S": "run#000001"}}
        service.client("dynamodb").delete_item(TableName="ledger", Key=item)
    record = finish({**RUN, **failed("SettleData", "Broken")})
    described = service.client("sagemaker").describe_model_package(ModelPackageName=package)
    assert described["ModelApprovalStatus"] == "Rejected"
    assert described["ApprovalDescription"] == record["sentence"]
    assert record["package"] == (package if known else None)


def test_a_package_whose_promotion_is_under_way_is_left_to_it(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    run.decide(package)
    finish({**RUN, **failed("Promote", "States.Timeout")})
    assert approval(service, package) == "PendingManualApproval"


def test_a_package_that_a_person_approved_stays_so(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    service.aws.registry.approve(package, "by a person")
    finish({**RUN, **failed("SettleData", "Broken")})
    assert approval(service, package) == "Approved"
