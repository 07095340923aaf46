"""A claim is one manifest, written once, under the lease of its run."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
from typing import Any

import pytest
from unit_model import FORMER, Run, crown
from unit_service import DEFINITION, Service, claim, finish, rows, started

import judge_data
import settle_data
from retraining import errors
from retraining.documents.definition import PushedDefinition
from retraining.documents.manifest import Learned, Manifest
from retraining.documents.run_record import Arrival, RunRecord
from retraining.rules import contracts
from retraining.rules.arrivals import Lease


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
    assert run["candidates"][0]["hyperparameters"]["num_round"] == "10"
    assert run["training"]["max_runtime"] == 3600
    assert run["isolation"] is False
    assert [one["role"] for one in run["candidates"]] == ["challenger"]
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
    assert service.aws.ledger.register_after(
        "bank", dataclasses.replace(registered, sha256="0" * 64), 1
    )
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


def test_a_transform_that_was_tampered_with_is_refused(service: Service) -> None:
    pushed, key = copy.deepcopy(DEFINITION), f"pipelines/bank/{'0' * 64}/transform.py"
    source = b"def transform(data): return data"
    pushed["etl"]["transform"] = hashlib.sha256(source).hexdigest()
    service.s3.put_object(Bucket="work", Key=key, Body=source)
    service.push(pushed)
    service.deliver(service.drop("bank/a.csv", rows(3)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    assert claim()["transform"] == f"s3://work/{key}"
    service.s3.put_object(Bucket="work", Key=key, Body=source + b".limit(1)")
    with pytest.raises(errors.DefinitionChanged, match=r"transform\.py is not what was registered"):
        claim()


def with_features() -> tuple[dict[str, Any], str, bytes]:
    """A definition with features.py, and its archive with the archive's name."""
    pushed, code = copy.deepcopy(DEFINITION), b"an archive"
    digest = hashlib.sha256(code).hexdigest()
    pushed["data"]["columns"]["y"] = {"type": "integer"}
    pushed["etl"] = {"features": {"sha256": "0" * 64, "code": digest, "columns": ["a"]}}
    return pushed, f"pipelines/bank/{'0' * 64}/{digest}.tar.gz", code


@pytest.mark.parametrize("slices", [{}, {"age": {"minimum": 0.6}}])
def test_the_job_is_told_where_rows_are_as_they_landed_if_they_are_judged_by_it(
    service: Service, slices: dict[str, Any]
) -> None:
    pushed = copy.deepcopy(DEFINITION)
    pushed["gate"]["slices"] = slices
    service.push(pushed)
    service.deliver(service.drop("bank/a.csv", rows(3)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    assert claim()["slices"] == ("s3://work/accepted/bank/" if slices else None)


@pytest.mark.parametrize("kind", ["serverless", "none"])
def test_a_container_that_fetches_code_is_told_where_and_has_a_network(
    service: Service, kind: str
) -> None:
    pushed, key, code = with_features()
    pushed["endpoint"] = {"kind": kind}
    service.s3.put_object(Bucket="work", Key=key, Body=code)
    service.push(pushed)
    service.deliver(service.drop("bank/a.csv", rows(3)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    run = claim()
    (challenger,) = run["candidates"]
    assert challenger["variables"] == {
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": f"s3://work/{key}",
    }
    assert (run["code"], run["isolation"]) == (f"s3://work/{key}", False)
    service.s3.put_object(Bucket="work", Key=key, Body=code + b"!")
    with pytest.raises(errors.DefinitionChanged, match=r"tar\.gz is not what was registered"):
        claim()


SCRIPT = b"an archive with train.py"


def with_script(service: Service, **others: Any) -> dict[str, Any]:
    """The pipeline, pushed with a training script."""
    digest = hashlib.sha256(SCRIPT).hexdigest()
    pushed = copy.deepcopy(DEFINITION)
    pushed["training"] = {
        "script": {"program": "train.py", "code": digest},
        "framework": "pytorch",
        "scores": "probability",
        "hyperparameters": {"epochs": 3},
        **others,
    }
    key = f"pipelines/bank/{'1' * 64}/{digest}.tar.gz"
    service.s3.put_object(Bucket="work", Key=key, Body=SCRIPT)
    service.push(pushed, "1" * 64)
    return {"key": key, "digest": digest}


def test_a_script_trains_and_serves_in_the_images_of_its_framework(service: Service) -> None:
    archive = with_script(service)
    service.deliver(service.drop("bank/a.csv", rows(3)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    (challenger,) = claim()["candidates"]
    registry = "763104351884.dkr.ecr.us-east-1.amazonaws.com"
    assert challenger["training_image"] == f"{registry}/pytorch-training:2.6.0-cpu-py312"
    assert challenger["serving_image"] == f"{registry}/pytorch-inference:2.6.0-cpu-py312"
    assert challenger["code"] == f"s3://work/{archive['key']}"
    assert challenger["hyperparameters"] == {
        "epochs": "3",
        "sagemaker_program": "keep_code.py",
        "sagemaker_submit_directory": f"/opt/ml/input/data/code/{archive['digest']}.tar.gz",
        "sagemaker_script": "train.py",
    }
    assert challenger["variables"] == {
        "SAGEMAKER_PROGRAM": "train.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    }
    service.s3.put_object(Bucket="work", Key=archive["key"], Body=b"another")
    with pytest.raises(errors.DefinitionChanged, match=r"tar\.gz is not what was registered"):
        claim()


def test_a_script_is_searched_by_what_it_prints_and_keeps_what_is_not_searched(
    service: Service,
) -> None:
    ranges = {"lr": {"continuous": [0.01, 0.3]}, "epochs": {"integer": [2, 9]}}
    printed = {"name": "loss", "regex": "loss=([0-9.]+)", "better": "lower"}
    with_script(service, tuning={"jobs": 4, "metric": printed, "ranges": ranges}, refit=True)
    service.deliver(service.drop("bank/a.csv", rows(3)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    run = claim()
    found = run["training"]["tuning"]
    assert found["metrics"] == {"MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}]}
    objective = found["config"]["HyperParameterTuningJobObjective"]
    assert objective == {"Type": "Minimize", "MetricName": "loss"}
    (challenger,) = run["candidates"]
    assert challenger["tuned"]
    assert sorted(challenger["hyperparameters"]) == [
        "sagemaker_program",
        "sagemaker_script",
        "sagemaker_submit_directory",
    ]
    assert challenger["model"].endswith("-challenger"), "the refit will have the run's name"
    assert run["parts"] == "refit"


def test_without_an_image_of_the_framework_in_the_region_a_push_is_refused(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATCHET_DEEP_LEARNING_REGISTRY", "000000000000.dkr.ecr.us-iso.amazonaws")
    with pytest.raises(errors.PipelineRejected, match="no image of it in this Region"):
        with_script(service)


def trained_by(service: Service, definition: dict[str, Any], version: str | None = None) -> None:
    """A champion that an earlier run trained with this definition."""
    former = Run(service, 5).manifest
    ref = dataclasses.replace(former.definition_ref, uri="s3://work/f", recipe_version=version)
    pushed = contracts.as_document(contracts.parse_definition(json.dumps(definition)))
    former = dataclasses.replace(
        former, definition=PushedDefinition(json=pushed), definition_ref=ref
    )
    body = json.dumps(former.as_json())
    service.s3.put_object(Bucket="work", Key="runs/bank/000005/manifest.json", Body=body)
    batch = RunRecord(pipeline="bank", token=5, data_state="TRAINED")
    service.aws.ledger.update_run(batch)
    raw = former.definition.raw
    crown(service, dataclasses.replace(FORMER, token=5, run="bank-000005", raw=raw))


def claim_of(service: Service, pushed: dict[str, Any], code: bytes | None = None) -> Any:
    """The claim of the first run after this push."""
    if code is not None:
        digest = hashlib.sha256(code).hexdigest()
        key = f"pipelines/bank/{'1' * 64}/{digest}.tar.gz"
        service.s3.put_object(Bucket="work", Key=key, Body=code)
    service.push(pushed, "1" * 64)
    service.deliver(service.drop("bank/a.csv", rows(3)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    return claim()


@pytest.mark.parametrize(("more", "folder"), [((), "prepared"), (("gone",), "prepared/champion")])
def test_a_champion_of_other_columns_scores_rows_of_its_own(
    service: Service, more: tuple[str, ...], folder: str
) -> None:
    pushed, _, code = with_features()
    former = copy.deepcopy(pushed)
    former["data"]["columns"] |= {name: {"type": "integer"} for name in more}
    trained_by(service, former)
    run = claim_of(service, pushed, code)
    scored = {one["role"]: one["score"] for one in run["candidates"]}
    assert scored["champion"] == f"{run['uri']}/{folder}/arrival/"
    assert run["champions_source"] == ("s3://work/accepted/bank/" if more else None)
    assert run["recipe_jobs"] == []


def trained_before(service: Service) -> None:
    """A batch of an earlier run, which a backtest is trained on."""
    former = RunRecord(pipeline="bank", token=0, outcome="PROMOTED", data_state="TRAINED")
    service.aws.ledger.open_run(former)


def test_other_features_than_the_champions_are_backtested(service: Service) -> None:
    pushed, _, code = with_features()
    former = copy.deepcopy(pushed)
    former["etl"]["features"]["sha256"] = "9" * 64
    trained_by(service, former)
    run = claim_of(service, pushed, code)
    assert [one["role"] for one in run["candidates"]] == ["champion", "backtest"]
    assert "backtest" in run["parts"]
    assert run["champions_source"] is None


def other_recipe() -> dict[str, Any]:
    changed = copy.deepcopy(DEFINITION)
    changed["etl"]["recipe"][0]["Action"]["Parameters"] = {"sourceColumns": '["job"]'}
    return changed


def test_a_champion_of_another_recipe_has_a_job_of_its_own_while_it_needs_one(
    service: Service,
) -> None:
    service.push()
    trained_by(service, DEFINITION, version="1.0")
    run = claim_of(service, other_recipe())
    own, theirs = run["recipe_jobs"]
    assert (own, theirs) == ("ratchet--bank--rfjp", "ratchet--bank--rfjp-champion")
    databrew = service.client("databrew")
    found = {name: databrew.describe_job(Name=name) for name in (own, theirs)}
    versions = [found[name]["RecipeReference"]["RecipeVersion"] for name in (own, theirs)]
    assert versions == ["2.0", "1.0"]
    output = found[theirs]["Outputs"][0]["Location"]["Key"]
    assert run["champions_source"] == f"s3://work/{output}"
    assert run["source"] != run["champions_source"]
    assert found[theirs]["Tags"] == service.aws.names.tags("bank")
    assert [one["role"] for one in run["candidates"]] == ["champion", "backtest"]
    assert run["candidates"][0]["score"] == f"{run['uri']}/prepared/champion/arrival/"
    assert claim() == run, "a retry points both jobs again"

    service.aws.ledger.drop_lease("bank", 1)
    trained_by(service, other_recipe(), version="2.0")
    service.push(other_recipe(), "2" * 64)
    again = claim_again(service, 2, b=rows(5))
    assert (again["recipe_jobs"], again["champions_source"]) == ([own], None)
    with pytest.raises(databrew.exceptions.ResourceNotFoundException):
        databrew.describe_job(Name=theirs)


def test_a_champion_of_the_same_recipe_takes_what_this_runs_job_makes(service: Service) -> None:
    """One job does, where transform.py alone is another: it reads all accepted data."""
    service.push()
    former = copy.deepcopy(DEFINITION)
    former["etl"]["transform"] = "9" * 64
    trained_by(service, former, version="1.0")
    run = claim_of(service, copy.deepcopy(DEFINITION))
    assert run["recipe_jobs"] == ["ratchet--bank--rfjp"]
    assert run["champions_source"] == run["source"] == f"{run['uri']}/recipe/"
    assert run["candidates"][0]["score"] == f"{run['uri']}/prepared/champion/arrival/"


@pytest.mark.parametrize("back", [False, True])
def test_features_and_a_recipe_may_replace_each_other(service: Service, back: bool) -> None:
    pushed, _, code = with_features()
    service.push()
    if back:
        trained_by(service, pushed)
        run = claim_of(service, other_recipe())
        assert run["recipe_jobs"] == ["ratchet--bank--rfjp"]
        assert run["champions_source"] == "s3://work/accepted/bank/"
    else:
        etl = {"etl": copy.deepcopy(DEFINITION["etl"])}
        trained_by(service, {**copy.deepcopy(pushed), **etl}, version="1.0")
        run = claim_of(service, pushed, code)
        assert run["recipe_jobs"] == ["ratchet--bank--rfjp-champion"]
        assert run["source"] == "s3://work/accepted/bank/"
        assert run["champions_source"] == f"{run['uri']}/champion/recipe/"
    assert run["candidates"][0]["score"] == f"{run['uri']}/prepared/champion/arrival/"


def test_history_is_what_was_trained_on_and_reference_the_last_of_it(service: Service) -> None:
    """Run 5 after one promoted, one lost, one suspect and one rejected batch."""
    ends = [("PROMOTED", "TRAINED"), ("MODEL_REJECTED", "TRAINED")]
    ends += [("MODEL_REJECTED", "SUSPECT"), ("DATA_REJECTED", "QUARANTINED")]
    service.push()
    for token, (outcome, data_state) in enumerate(ends, start=1):
        ended = RunRecord(pipeline="bank", token=token, outcome=outcome, data_state=data_state)
        service.aws.ledger.open_run(dataclasses.replace(ended, promoted=outcome == "PROMOTED"))
        service.aws.ledger.take_lease("bank", Lease(token, f"bank-{token:06d}", "{}"))
        service.aws.ledger.drop_lease("bank", token)
    service.deliver(service.drop("bank/a.csv", rows(3)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    claim(5)
    manifest = service.read("runs/bank/000005/manifest.json")
    assert manifest["history"] == ["run-000001", "run-000002"]
    assert manifest["reference"] == ["run-000001", "run-000002"]


def test_a_drop_that_repeats_another_takes_no_place_in_the_reference(service: Service) -> None:
    """Run 5 after two batches, of which the latter landed twice more."""
    service.push({**DEFINITION, "gate": {**DEFINITION["gate"], "reference_batches": 1}})
    for token, own in enumerate((1, 1, 0, 0), start=1):
        ended = RunRecord(pipeline="bank", token=token, outcome="PROMOTED", data_state="TRAINED")
        service.aws.ledger.open_run(dataclasses.replace(ended, rows={"holdout_own": own}))
        service.aws.ledger.take_lease("bank", Lease(token, f"bank-{token:06d}", "{}"))
        service.aws.ledger.drop_lease("bank", token)
    service.deliver(service.drop("bank/a.csv", rows(3)))
    service.now += 61
    service.wake({"pipeline": "bank"})
    claim(5)
    reference = service.read("runs/bank/000005/manifest.json")["reference"]
    assert reference == [f"run-{token:06d}" for token in (2, 3, 4)]


def test_the_champion_of_the_claim_is_scored_beside_the_challenger(service: Service) -> None:
    started(service, a=rows(3))
    crown(service, FORMER)
    champion, challenger = claim()["candidates"]
    assert (champion["role"], champion["model"]) == ("champion", FORMER.model)
    assert (champion["train"], champion["validation"]) == (None, None)
    assert challenger["role"] == "challenger"
    assert service.read("runs/bank/000001/manifest.json")["champion"]["run"] == FORMER.run


def test_what_the_champion_was_trained_with_is_known_by_its_own_run(service: Service) -> None:
    """Without that run's manifest it is not: PrepareDataset then takes all that it may have had."""
    started(service, a=rows(3))
    claim()
    manifest = service.aws.run_folder("bank", 1).read(Manifest)
    assert manifest.learned is None
    theirs = {"batch": "run-c", "history": ("run-a", "run-b"), "reference": ("run-b",)}
    service.aws.run_folder("bank", 7).write(dataclasses.replace(manifest, **theirs))
    for token, learned in ((7, Learned(batches=("run-a", "run-b", "run-c"),
                                       judged=("run-b", "run-c"))), (8, None)):  # fmt: skip
        key = "runs/bank/000001/manifest.json"
        service.client("s3").delete_object(Bucket="work", Key=key)
        crown(service, dataclasses.replace(FORMER, token=token))
        claim()
        assert service.aws.run_folder("bank", 1).read(Manifest).learned == learned
    assert Learned(batches=("run-a", "run-b"), judged=("run-b",)).trained_on == {"run-a"}


def test_a_champion_whose_answers_the_metric_cannot_read_is_not_scored(service: Service) -> None:
    """As after a rollback to it: whatever was pushed, the claim looks."""
    started(service, a=rows(3))
    claim()
    manifest = service.aws.run_folder("bank", 1).read(Manifest)
    theirs = copy.deepcopy(manifest.definition.json)
    theirs["training"]["hyperparameters"]["objective"] = "multi:softmax"
    former = dataclasses.replace(manifest, definition=PushedDefinition(json=theirs))
    service.aws.run_folder("bank", 7).write(former)
    service.client("s3").delete_object(Bucket="work", Key="runs/bank/000001/manifest.json")
    crown(service, dataclasses.replace(FORMER, token=7))
    run = claim()
    assert [one["role"] for one in run["candidates"]] == ["challenger"]
    assert run["parts"] == "none"
    why = service.read("runs/bank/000001/manifest.json")["incomparable"]
    assert why == "was trained with objective multi:softmax, whose answers metric auc cannot read"


def test_changed_settings_are_backtested_and_their_rows_prepared(service: Service) -> None:
    started(service, a=rows(3))
    batch = RunRecord(pipeline="bank", token=2, data_state="TRAINED")
    service.aws.ledger.update_run(batch)
    crown(service, dataclasses.replace(FORMER, hyperparameters={"num_round": "12"}))
    trained_before(service)
    run = claim()
    assert [one["role"] for one in run["candidates"]] == ["champion", "backtest"]
    assert run["candidates"][1]["hyperparameters"]["num_round"] == "10"
    assert run["parts"] == "backtest,alone"


def test_a_search_is_claimed_whole_and_its_pipeline_backtests_no_settings(
    service: Service,
) -> None:
    started(service, a=rows(40))
    searched = copy.deepcopy(DEFINITION)
    ranges = {"eta": {"continuous": [0.01, 0.3], "scale": "log"}}
    tuning = {"jobs": 5, "parallel": 2, "ranges": ranges}
    chosen = {**searched["training"]["hyperparameters"], "learning_rate": 0.1}
    searched["training"] |= {"tuning": tuning, "max_runtime": "20m", "hyperparameters": chosen}
    service.push(searched, "1" * 64)
    theirs = {"num_round": "12", "eta": "0.2"}
    crown(service, dataclasses.replace(FORMER, hyperparameters=theirs))
    trained_before(service)
    run = claim()
    found = run["training"]["tuning"]
    assert found["max_runtime"] == 3 * (20 * 60 + 600), "three rounds of two jobs at a time"
    assert found["name"].startswith("ratchet--")
    limits = found["config"]["ResourceLimits"]
    assert limits["MaxNumberOfTrainingJobs"] == 5
    assert limits["MaxRuntimeInSeconds"] == found["max_runtime"], (
        "SageMaker ends a slow search, an hour before the state would lose it"
    )
    assert found["metrics"] == {}, "of the built-in algorithm SageMaker knows them"
    objective = found["config"]["HyperParameterTuningJobObjective"]
    assert objective == {"Type": "Maximize", "MetricName": "validation:auc"}
    champion, challenger = run["candidates"]
    assert (champion["tuned"], challenger["tuned"]) == (False, True)
    assert challenger["hyperparameters"] == {"num_round": "10", "objective": "binary:logistic"}
    assert run["parts"] == "alone"


def test_another_search_of_the_same_data_is_made_and_the_same_one_is_not(
    service: Service,
) -> None:
    started(service, a=rows(40))
    service.run_machine("bank", 1)
    searched = copy.deepcopy(DEFINITION)
    searched["training"]["tuning"] = {"jobs": 5, "ranges": {"max_depth": {"integer": [2, 6]}}}
    service.push(searched, "1" * 64)
    assert claim_again(service, 2, a=rows(40))["chunks"]
    service.run_machine("bank", 2)
    assert claim_again(service, 3, a=rows(40))["chunks"] == []
    service.run_machine("bank", 3)
    searched["training"]["tuning"]["jobs"] = 6
    service.push(searched, "2" * 64)
    assert claim_again(service, 4, a=rows(40))["chunks"]


def test_a_claim_holds_what_champions_promised_and_did(service: Service) -> None:
    """Batches that were set aside say nothing about a model."""
    arrival = Arrival(
        champion="bank-000001",
        rows=400,
        metric="auc",
        value=0.7,
        lift=0.2,
        missed=False,
        promised=0.8,
        promised_lift=0.3,
    )
    started(service, a=rows(3))
    for token, state in ((2, "TRAINED"), (3, "SUSPECT")):
        record = RunRecord(pipeline="bank", token=token, data_state=state, arrival=arrival)
        service.aws.ledger.update_run(record)
    other = dataclasses.replace(arrival, metric="logloss")
    pushed_since = RunRecord(pipeline="bank", token=4, data_state="TRAINED", arrival=other)
    service.aws.ledger.update_run(pushed_since)
    claim()
    (known,) = service.read("runs/bank/000001/manifest.json")["earlier"]
    assert known == {
        "run": "bank-000002",
        "promised": 0.8,
        "promised_lift": 0.3,
        "arrival": 0.7,
        "arrival_lift": 0.2,
        "arrival_rows": 400,
    }


def claim_again(service: Service, token: int, **bodies: str) -> Any:
    """The claim of a further run of these bodies."""
    service.deliver(*(service.drop(f"bank/{name}.csv", body) for name, body in bodies.items()))
    service.now += 61
    service.wake({"pipeline": "bank"})
    return claim(token)


def test_a_drop_that_repeats_the_last_run_is_not_trained_on_again(service: Service) -> None:
    started(service, a=rows(40), b=rows(30, 40))
    service.run_machine("bank", 1)
    run = claim_again(service, 2, another_name=rows(30, 40), a=rows(40))
    assert run["chunks"] == []
    conclusion = judge_data.handler({"manifest": run["manifest"]}, None)["conclusion"]
    assert (conclusion["outcome"], conclusion["data_state"]) == ("UNCHANGED", "SUPERSEDED")
    assert "bank-000001" in conclusion["sentence"]
    settled = {"pipeline": "bank", "token": 2, "conclusion": conclusion}
    settle_data.handler(settled, None)
    finish({**settled, "execution": "arn", "package": None})
    ends = {item["state"] for item in service.objects().values() if item["run"] == 2}
    assert ends == {"SUPERSEDED"}
    assert service.aws.ledger.run("bank", 2).outcome == "UNCHANGED"
    assert service.keys("quarantine/") == []
    more = claim_again(service, 3, c=rows(30, 90))
    assert more["chunks"] == [{"chunk": 0}]
    assert service.read("runs/bank/000003/manifest.json")["history"] == ["run-000001"]


def test_what_differs_from_the_last_run_is_trained_on(service: Service) -> None:
    started(service, a=rows(40))
    service.run_machine("bank", 1)
    changed = copy.deepcopy(DEFINITION)
    changed["training"]["hyperparameters"]["num_round"] = 11
    service.push(changed, "1" * 64)
    assert claim_again(service, 2, a=rows(40))["chunks"]
    service.run_machine("bank", 2)
    assert claim_again(service, 3, a=rows(41))["chunks"]
    service.run_machine("bank", 3)
    changed["trigger"]["quiet_period"] = "50s"  # decides when, not what
    service.push(changed, "2" * 64)
    assert claim_again(service, 4, a=rows(41))["chunks"] == []
    assert service.read("runs/bank/000004/manifest.json")["repeats"] == "bank-000003"
