"""From score files to a verdict, a package and a champion, and back when something is wrong."""

from __future__ import annotations

import hashlib
import json
import math
import random
from typing import Any

import pytest
import requests
from unit_service import ROLE, Service

import decide_promotion
import extract_metrics
import finish_run
import gate
import record_champion
import register_model
import reject_promotion
import verify_endpoint
from retraining import adapters, errors, rows

SHARES = rows.Shares(0.7, 0.15)
ARTIFACT = b"a model artifact"


class Run:
    """A run whose data is prepared and scored; `skill` is how well a model knows the label."""

    def __init__(self, service: Service, token: int = 1, **skills: float) -> None:
        self.service, self.token = service, token
        self.prefix = f"runs/bank/{token:06d}"
        self.uri = f"s3://work/{self.prefix}"
        self.event = {"uri": self.uri, "manifest": f"{self.uri}/manifest.json"}
        service.push()
        registered = adapters.ledger().registration("bank")
        assert registered
        self.manifest = {
            "pipeline": "bank",
            "token": token,
            "batch": f"run-{token:06d}",
            "history": [],
            "reference": [],
            "objects": [],
            "definition": json.loads(registered["definition"]),
            "definition_ref": {"uri": registered["uri"], "sha256": registered["sha256"]},
            "image": "image",
            "champion": adapters.ledger().champion("bank"),
        }
        self.write("manifest.json", self.manifest)
        self.lines = list(holdout(400))
        summary = {
            "features": ["a", "b"],
            "label": "y",
            "rows": {"train": 1, "validation": 1, "holdout_fresh": 400, "holdout_reference": 0},
        }
        self.write("prepared/summary.json", summary)
        self.put(
            "prepared/holdout/part-0.csv",
            "".join(f"{i},fresh,{y},{i[1:4]},7\n" for i, y in self.lines),
        )
        for role, skill in skills.items():
            self.put(f"scores/{role}/part-0.csv.out", scored(self.lines, skill))
        self.put("model/job/output/model.tar.gz", ARTIFACT)

    def write(self, name: str, document: Any) -> None:
        self.put(name, json.dumps(document))

    def put(self, name: str, body: str | bytes) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.service.s3.put_object(Bucket="work", Key=f"{self.prefix}/{name}", Body=data)

    def judge(self, *, champion: bool = False) -> Any:
        extract_metrics.handler({**self.event, "champion": champion}, None)
        return gate.handler(self.event, None)

    def register(self) -> Any:
        artifact = f"{self.uri}/model/job/output/model.tar.gz"
        event = {**self.event, "artifact": artifact, "image": "image", "training_job": "job"}
        return register_model.handler(event, None)

    def decide(self, package: str) -> Any:
        names = {"pipeline": "bank", "token": self.token, "execution": f"arn:{self.token}"}
        return decide_promotion.handler({**self.event, **names, "package": package}, None)

    def promote(self) -> Any:
        promotion = self.decide(self.register()["package"])
        event = {"promotion": promotion, "token": self.token, "uri": self.uri}
        return record_champion.handler(event, None)


def holdout(count: int) -> Any:
    found = number = 0
    while found < count:
        number += 1
        identifier = rows.row_id(str(number).encode())
        if rows.side(identifier, SHARES) == "holdout":
            found += 1
            yield identifier, number % 2


def scored(lines: list[tuple[str, int]], skill: float) -> str:
    draw = random.Random(7)
    return "".join(
        f"{i},fresh,{y},{1 / (1 + math.exp(-(skill * (y - 0.5) + draw.gauss(0, 1)))):.6f}\n"
        for i, y in lines
    )


def serve(service: Service, name: str, config: str | None) -> None:
    """Put an endpoint of this config in service."""
    sagemaker = service.client("sagemaker")
    sagemaker.create_model(
        ModelName=config, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "image"}
    )
    variant = {
        "VariantName": "serving",
        "ModelName": config,
        "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
    }
    sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)


def approval(service: Service, package: str) -> str:
    described = service.client("sagemaker").describe_model_package(ModelPackageName=package)
    return str(described["ModelApprovalStatus"])


# --- extract_metrics and gate -----------------------------------------------------------------


def test_scores_become_metrics_golden_rows_and_a_verdict(service: Service) -> None:
    run = Run(service, challenger=3.0)
    answer = run.judge()
    assert (answer["decision"], answer["outcome"]) == ("promote", "PROMOTED")
    assert answer["verdict"] == f"{run.uri}/verdict.json"
    verdict = service.read(f"{run.prefix}/verdict.json")
    assert verdict["sentence"] == answer["sentence"]
    assert verdict["metrics"]["fresh"]["challenger"] > 0.9
    assert verdict["metrics"]["reference"] is None
    golden = service.read(f"{run.prefix}/golden.json")["rows"]
    assert len(golden) == 16
    assert all(row["features"] == f"{row['row_id'][1:4]},7" for row in golden)
    spread = [row["score"] for row in golden]
    assert max(spread) - min(spread) > 0.9


def test_the_comparison_joins_rows_by_id_whatever_their_order(service: Service) -> None:
    run = Run(service, challenger=3.0, champion=1.0)
    lines = scored(run.lines, 1.0).splitlines(keepends=True)
    random.Random(1).shuffle(lines)
    run.put("scores/champion/part-0.csv.out", "".join(lines[:100]))
    run.put("scores/champion/part-1.csv.out", "".join(lines[100:]))
    run.write(
        "manifest.json", {**run.manifest, "champion": {"package": "p", "run": "r", "model": "m"}}
    )
    assert run.judge(champion=True)["decision"] == "promote"
    found = service.read(f"{run.prefix}/verdict.json")["comparisons"]["fresh"]
    assert found["rows"] == 400
    assert found["lower"] > 0.05


def test_shuffled_labels_are_rejected_and_their_data_is_suspect(service: Service) -> None:
    answer = Run(service, challenger=0.0).judge()
    assert (answer["outcome"], answer["data_state"]) == ("MODEL_REJECTED", "SUSPECT")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("r1,fresh,1,0.5,0.7\n", "line 1"),
        ("r1,train,1,0.5\n", "line 1"),
        ("<Error>\n", "line 1"),
    ],
)
def test_lines_that_are_no_scores_are_named(service: Service, body: str, said: str) -> None:
    run = Run(service, challenger=3.0)
    run.put("scores/challenger/part-0.csv.out", body)
    with pytest.raises(errors.ScoresUnreadable, match=said):
        run.judge()


def test_a_score_that_is_no_number_refuses_the_model(service: Service) -> None:
    run = Run(service, challenger=3.0)
    body = scored(run.lines, 3.0).splitlines(keepends=True)
    body[5] = body[5].rpartition(",")[0] + ",nan\n"
    run.put("scores/challenger/part-0.csv.out", "".join(body))
    answer = run.judge()
    assert answer["outcome"] == "MODEL_REJECTED"
    assert "1 scores are no finite numbers" in answer["sentence"]
    json.dumps(service.read(f"{run.prefix}/verdict.json"), allow_nan=False)


def test_missing_scores_are_told(service: Service) -> None:
    with pytest.raises(errors.ScoresUnreadable, match=r"holds no \.out file"):
        Run(service).judge()


# --- register_model ---------------------------------------------------------------------------


def test_a_model_is_registered_once_pending_approval_with_its_lineage(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    first = run.register()
    assert run.register() == first
    assert first["version"] == 1
    described = service.client("sagemaker").describe_model_package(
        ModelPackageName=first["package"]
    )
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    facts = described["CustomerMetadataProperties"]
    assert facts["artifact_sha256"] == hashlib.sha256(ARTIFACT).hexdigest()
    assert (facts["run"], facts["verdict"]) == ("bank-000001", f"{run.uri}/verdict.json")
    assert all(len(value) <= 256 for value in facts.values())


def test_an_artifact_that_is_missing_or_empty_is_not_registered(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.put("model/job/output/model.tar.gz", b"")
    with pytest.raises(errors.RegistrationFailed, match="is empty"):
        run.register()
    service.s3.delete_object(Bucket="work", Key=f"{run.prefix}/model/job/output/model.tar.gz")
    with pytest.raises(errors.RegistrationFailed, match="is not there"):
        run.register()


# --- promotion --------------------------------------------------------------------------------


def test_the_first_model_creates_the_endpoint_and_becomes_champion(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    promotion = run.decide(package)
    assert promotion["action"] == "create"
    assert promotion["endpoint"] == "ratchet-bank"
    assert promotion["config"] == promotion["model"] == "ratchet-bank-000001"
    assert promotion["variants"][0]["ServerlessConfig"]["MaxConcurrency"] == 5
    champion = record_champion.handler({"promotion": promotion, "token": 1, "uri": run.uri}, None)
    assert approval(service, package) == "Approved"
    assert adapters.ledger().champion("bank") == champion
    assert champion["artifact_sha256"] == hashlib.sha256(ARTIFACT).hexdigest()
    assert champion["features"] == ["a", "b"]
    assert adapters.ledger().run("bank", 1)["promoted"] is True
    assert adapters.ledger().promotion("bank") is None
    again = record_champion.handler({"promotion": promotion, "token": 1, "uri": run.uri}, None)
    assert again["package"] == package


def test_the_second_model_updates_the_endpoint_and_can_go_back(service: Service) -> None:
    first = Run(service, challenger=3.0)
    first.judge()
    first.promote()
    serve(service, "ratchet-bank", "ratchet-bank-000001")
    second = Run(service, token=2, challenger=4.0, champion=3.0)
    second.judge(champion=True)
    promotion = second.decide(second.register()["package"])
    assert promotion["action"] == "update"
    assert promotion["previous_config"] == "ratchet-bank-000001"
    assert promotion["previous_golden"] == f"{first.uri}/golden.json"
    assert promotion["check_endpoint"] == "ratchet-bank-check"


def test_two_promotions_never_run_side_by_side(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    run.decide(package)
    other = Run(service, token=2, challenger=3.0)
    with pytest.raises(errors.PromotionLocked, match="arn:1 is promoting"):
        other.decide("arn:aws:p/2")
    assert run.decide(package)["lock"] == 1
    service.now += 4 * 3600
    assert other.decide("arn:aws:p/2")["lock"] == 2
    with pytest.raises(errors.PromotionLocked, match="lost the promotion lock"):
        record_champion.handler(
            {"promotion": {"pipeline": "bank", "package": package}, "token": 1, "uri": run.uri},
            None,
        )


def test_a_verdict_against_a_former_champion_is_refused_and_the_lock_given_back(
    service: Service,
) -> None:
    late = Run(service, token=2, challenger=3.0)
    first = Run(service, challenger=3.0)
    first.judge()
    first.promote()
    with pytest.raises(errors.ChampionChanged):
        late.decide("arn:aws:sagemaker:us-east-1:1:model-package/ratchet-bank/2")
    assert adapters.ledger().promotion("bank") is None


def test_a_failed_promotion_rejects_the_package_with_the_reason(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    package = run.register()["package"]
    promotion = run.decide(package)
    cause = json.dumps({"errorMessage": "endpoint x answers 0.1 for golden row r1"})
    event = {"promotion": promotion, "error": "GoldenRowsDiffer", "cause": cause}
    answer = reject_promotion.handler(event, None)
    assert answer["reason"] == "GoldenRowsDiffer: endpoint x answers 0.1 for golden row r1"
    assert approval(service, package) == "Rejected"
    assert adapters.ledger().promotion("bank") is None
    undecided = {"promotion": {"pipeline": "bank", "package": package, "lock": None}}
    assert reject_promotion.handler({**undecided, "error": "x", "cause": "y"}, None)["rejected"]


def test_the_champions_package_is_never_rejected(service: Service) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    champion = run.promote()
    event = {"promotion": {"pipeline": "bank", "package": champion["package"], "lock": 1}}
    assert not reject_promotion.handler({**event, "error": "e", "cause": None}, None)["rejected"]
    assert approval(service, champion["package"]) == "Approved"


def answers(service: Service, body: str) -> None:
    """What moto's endpoint answers next."""
    requests.post(
        "http://motoapi.amazonaws.com/moto-api/static/sagemaker/endpoint-results",
        json={"results": [{"Body": body, "ContentType": "text/csv"}], "account_id": "123456789012"},
        timeout=5,
    )


def judged_and_served(service: Service) -> tuple[dict[str, str], list[float]]:
    """A served model's verification event, and the golden scores."""
    run = Run(service, challenger=3.0)
    run.judge()
    serve(service, "ratchet-bank", "ratchet-bank-000001")
    event = {"endpoint": "ratchet-bank", "golden": f"{run.uri}/golden.json"}
    return event, [row["score"] for row in service.read(f"{run.prefix}/golden.json")["rows"]]


def test_golden_rows_prove_which_model_answers(service: Service) -> None:
    event, scores = judged_and_served(service)
    answers(service, ",".join(map(str, scores)))
    assert verify_endpoint.handler(event, None) == {"endpoint": "ratchet-bank", "rows": 16}
    with pytest.raises(errors.GoldenRowsDiffer, match="no golden rows are kept"):
        verify_endpoint.handler({**event, "golden": None}, None)


def test_another_model_behind_the_endpoint_is_found_out(service: Service) -> None:
    event, scores = judged_and_served(service)
    answers(service, ",".join(map(str, reversed(scores))))
    with pytest.raises(errors.GoldenRowsDiffer, match="golden row r"):
        verify_endpoint.handler(event, None)


# --- what a run leaves ------------------------------------------------------------------------


@pytest.mark.parametrize("promoted", [True, False])
def test_the_model_of_a_run_stays_only_while_something_names_it(
    service: Service, promoted: bool
) -> None:
    run = Run(service, challenger=3.0)
    run.judge()
    service.client("sagemaker").create_model(
        ModelName="ratchet-bank-000001",
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": "image"},
    )
    if promoted:
        run.promote()
    told = {"outcome": "PROMOTED" if promoted else "MODEL_REJECTED", "sentence": "so it is"}
    record = finish_run.handler(
        {"pipeline": "bank", "token": 1, **told, "execution": "arn", "promoted": promoted}, None
    )
    models = service.client("sagemaker").list_models()["Models"]
    assert [model["ModelName"] for model in models] == ["ratchet-bank-000001"] * promoted
    assert record["metrics"]["fresh"]["challenger"] > 0.9
    assert record["rows"]["holdout_fresh"] == 400
    assert record["verdict"] == f"{run.uri}/verdict.json"


def test_a_model_that_the_endpoint_serves_is_never_deleted(service: Service) -> None:
    Run(service, challenger=3.0)
    serve(service, "ratchet-bank", "ratchet-bank-000001")
    told = {"outcome": "FAILED", "sentence": "Promote failed", "promoted": False}
    finish_run.handler({"pipeline": "bank", "token": 1, **told}, None)
    assert len(service.client("sagemaker").list_models()["Models"]) == 1
