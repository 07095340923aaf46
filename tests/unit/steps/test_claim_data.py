"""A claim is one manifest, written once, under the lease of its run."""

from __future__ import annotations

import copy
import dataclasses
import json

import pytest
from unit_service import DEFINITION, Service, claim, rows, started

from retraining import errors


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
    assert run["name"] == "ratchet--bank--rfjp-000001"
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
    job = service.client("databrew").describe_job(Name="ratchet--bank--rfjp")
    assert job["RecipeReference"]["RecipeVersion"] == "1.0"
    claim()
    job = service.client("databrew").describe_job(Name="ratchet--bank--rfjp")
    assert job["RecipeReference"]["RecipeVersion"] == "2.0"
    assert job["Outputs"][0]["Location"]["Key"] == "runs/bank/000001/recipe/"


def test_a_stale_token_claims_nothing(service: Service) -> None:
    started(service, a=rows(3))
    with pytest.raises(errors.LeaseLost, match="token 1 holds it"):
        claim(2)


def test_a_definition_that_was_tampered_with_is_refused(service: Service) -> None:
    started(service, a=rows(3))
    registered = service.aws.ledger.registration("bank")
    assert registered
    service.aws.ledger.register("bank", dataclasses.replace(registered, sha256="0" * 64))
    with pytest.raises(errors.DefinitionChanged, match="push it again"):
        claim()


def test_of_two_claims_at_once_the_second_reads_what_the_first_wrote(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(service, a=rows(3))
    first = claim()
    service.deliver(service.drop("bank/late.csv", rows(5)))
    with monkeypatch.context() as racing:
        racing.setattr(type(service.aws.work), "find_json", lambda *_: None)
        assert claim() == first
    manifest = service.read("runs/bank/000001/manifest.json")
    assert [item["key"] for item in manifest["objects"]] == ["bank/a.csv"]
