"""A finished run leaves one record, one notice, and nothing unused."""

from __future__ import annotations

import json

import pytest
from unit_model import Run, serve
from unit_service import BAD, ROLE, TAGS, Service, concluded, failed, rows, started

import finish_run

RUN = {"pipeline": "bank", "token": 1, "execution": "arn", "package": None}


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
    again = {**RUN, **failed("SettleData", "Broken")}
    assert finish_run.handler(again, None)["outcome"] == "INCONCLUSIVE"
    assert service.notices() == []


def test_a_failed_run_is_reported_with_the_step_and_the_cause_inside_the_json(
    service: Service,
) -> None:
    started(service, a=rows(40))
    cause = json.dumps({"ErrorMessage": "PrepareFailed: column 'job' is not numeric"})
    finish_run.handler({**RUN, **failed("PrepareDataset", "States.TaskFailed", cause)}, None)
    (notice,) = service.notices()
    assert "PrepareDataset failed: PrepareFailed: column 'job' is not" in notice["Message"]
    assert service.aws.ledger.run("bank", 1).cause == cause


@pytest.mark.parametrize("promoted", [True, False])
def test_the_model_of_a_run_stays_only_while_something_names_it(
    service: Service, promoted: bool
) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    service.client("sagemaker").create_model(
        ModelName="ratchet--bank--rfjp-000001",
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": "image"},
        Tags=TAGS,
    )
    if promoted:
        run.promote()
    conclusion = concluded("PROMOTED" if promoted else "MODEL_REJECTED")
    record = finish_run.handler({**RUN, **conclusion}, None)
    assert record["promoted"] is promoted
    models = service.client("sagemaker").list_models()["Models"]
    assert [model["ModelName"] for model in models] == ["ratchet--bank--rfjp-000001"] * promoted
    assert record["metrics"]["fresh"]["challenger"] > 0.9
    assert record["rows"]["holdout_fresh"] == 400
    assert record["verdict"] == f"{run.uri}/verdict.json"


def test_a_model_that_the_endpoint_serves_is_never_deleted(service: Service) -> None:
    Run(service, challenger=3.0)
    serve(service, "ratchet--bank--rfjp", "ratchet--bank--rfjp-000001")
    finish_run.handler({**RUN, **failed("Promote", "States.Timeout")}, None)
    assert len(service.client("sagemaker").list_models()["Models"]) == 1
