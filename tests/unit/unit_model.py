"""A run whose data is prepared and scored, and endpoints that serve."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from typing import Any

from unit_service import EVENTS, ROLE, TAGS, Service, concluded, finish

import close_promotion
import decide_promotion
import extract_metrics
import gate
import move_endpoint
import record_champion
import register_model
import start_promotion
from retraining.documents.champion import Champion
from retraining.documents.document import Document
from retraining.documents.manifest import DefinitionRef, Manifest
from retraining.documents.prepared import Prepared, PreparedPart, PreparedRows, RowAccount
from retraining.documents.promotion import Promotion
from retraining.documents.run_record import RunRecord
from retraining.rules.rows import Shares, row_id, side

SHARES = Shares(0.7, 0.15)
ARTIFACT = b"a model artifact"
ACCOUNT = RowAccount(
    landed=402,
    quarantined=0,
    accepted=402,
    replaced=0,
    removed=0,
    unlabelled=0,
    gap=0,
    train=1,
    validation=1,
    holdout=400,
)
TRAINS = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
FORMER = Champion(
    package="arn:aws:sagemaker:us-east-1:1:model-package/ratchet--bank--rfjp/1",
    version=1,
    model="ratchet--bank--rfjp-000000",
    image="image",
    artifact="s3://work/model.tar.gz",
    artifact_sha256="0" * 64,
    token=0,
    run="bank-000000",
    features=("a", "b"),
    hyperparameters={"num_round": "10", "objective": "binary:logistic"},
    refit=False,
    promise=None,
    features_sha256="0" * 64,
    golden="s3://work/golden.json",
    config=None,
    endpoint=None,
    since="2026-01-01T00:00:00+00:00",
    training_image=TRAINS,
)
"""A champion that an earlier run left."""


ALONE = PreparedPart(role="alone", train=300, validation=60, labels=True)


class Run:
    """A run whose data is prepared and scored; `skill` is how well a model knows the label."""

    def __init__(self, service: Service, token: int = 1, **skills: float) -> None:
        self.service, self.token = service, token
        self.arrived: set[str] = set()
        self.prefix = f"runs/bank/{token:06d}"
        self.uri = f"s3://work/{self.prefix}"
        self.event = {"uri": self.uri, "manifest": f"{self.uri}/manifest.json"}
        service.push()
        registered = service.aws.ledger.registration("bank")
        assert registered
        self.manifest = Manifest(
            pipeline="bank",
            token=token,
            name=service.aws.names.run("bank", token),
            batch=f"run-{token:06d}",
            history=(),
            reference=(),
            again=False,
            asked=0,
            earlier=(),
            cuts={},
            gap=0.0,
            reserved=("row_id", "split", "batch"),
            objects=(),
            definition=registered.parsed(),
            definition_ref=DefinitionRef(uri=registered.uri, sha256=registered.sha256),
            image=TRAINS,
            serving_image="image",
            champion=service.aws.ledger.champion("bank"),
        )
        self.write("manifest.json", self.manifest)
        self.lines = sorted(holdout(400))
        rows = PreparedRows(
            train=1,
            validation=1,
            holdout_fresh=400,
            holdout_reference=0,
            arrival=400,
            holdout_own=400,
        )
        summary = Prepared(
            features=("a", "b"),
            label="y",
            rows=rows,
            parts=(ALONE,),
            account=ACCOUNT,
            cut=None,
            shared=0,
            slices={},
        )
        self.prepared(summary)
        self.put(
            "prepared/holdout/part-0.csv",
            "".join(f"{i},fresh,-,{y},{i[1:4]},7\n" for i, y in self.lines),
        )
        for role, skill in skills.items():
            self.put(f"scores/{role}/part-0.csv.out", scored(self.lines, skill))
        self.put("model/job/output/model.tar.gz", ARTIFACT)

    def prepared(self, summary: Prepared) -> None:
        self.write("prepared/summary.json", summary)
        self.summary = summary

    def slice_by(self, column: str, values: tuple[str, ...], minimum: float = 0.5) -> None:
        """Let every third row have the first value of this column, and so on."""
        gate = self.manifest.definition.section("gate")
        gate["slices"] = {column: {"minimum": minimum, "min_rows": 50}}
        self.write("manifest.json", self.manifest)
        self.prepared(replace(self.summary, slices={column: values}))
        codes = (n % (len(values) + 1) for n in range(len(self.lines)))
        lines = (f"{i},fresh,-,{y},{n}\n" for (i, y), n in zip(self.lines, codes, strict=True))
        self.put("prepared/slices/part-0.csv", "".join(lines))

    def write(self, name: str, document: Document) -> None:
        self.put(name, json.dumps(document.as_json()))

    def put(self, name: str, body: str | bytes) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.service.s3.put_object(Bucket="work", Key=f"{self.prefix}/{name}", Body=data)

    def arrive(self, count: int, role: str = "champion", skill: float = 1.0) -> None:
        """Let a model score so many new rows beside those that are held out."""
        self.arrived.add(role)
        new = [f"r{n:04d},new,-,{n % 2},0.5\n" for n in range(count)]
        held_out = scored(self.lines, skill).splitlines(keepends=True)
        self.put(f"scores/{role}/part-0.csv.out", "".join(sorted([*new, *held_out])))

    def scored(self, role: str) -> dict[str, Any]:
        """A candidate as the Map answers it."""
        trained = role != "champion"
        artifact = f"{self.uri}/model/job/output/model.tar.gz"
        return {
            "role": role,
            "model": self.manifest.name if trained else FORMER.model,
            "train": f"{self.uri}/prepared/train/" if trained else None,
            "validation": f"{self.uri}/prepared/validation/" if trained else None,
            "hyperparameters": {"num_round": "5"} if trained else {},
            "score": f"{self.uri}/prepared/{'arrival' if role in self.arrived else 'holdout'}/",
            "answers": 1,
            "tuned": False,
            "artifact": artifact if trained else None,
            "image": "image" if trained else None,
            "training_job": f"job-{role}" if trained else None,
        }

    def judge(self, *others: str, champion: bool = False) -> Any:
        roles = ["challenger", *others, *["champion"] * champion]
        candidates = [self.scored(role) for role in roles]
        extract_metrics.handler({**self.event, "candidates": candidates}, None)
        return gate.handler(self.event, None)

    def register(self) -> Any:
        return register_model.handler(self.event, None)

    def decide(
        self,
        package: str,
        execution: str | None = None,
        ended: Any = None,
        replaces: str | None = None,
    ) -> Any:
        asked = {"execution": execution or self.execution, "package": package, "ended": ended}
        asked["replaces"] = replaces
        return decide_promotion.handler({**self.event, **asked}, None)

    @property
    def execution(self) -> str:
        """The execution that promotes this run's model."""
        return f"arn:bank-{self.token:06d}"

    def move(self, goal: str, execution: str | None = None) -> Any:
        asked = {"pipeline": "bank", "execution": execution or self.execution, "goal": goal}
        return move_endpoint.handler(asked, None)

    def record(self, package: str, execution: str | None = None) -> Any:
        asked = {"execution": execution or self.execution, "package": package}
        return record_champion.handler({"pipeline": "bank", **asked}, None)

    def close(self, package: str, error: str = "Broken", **others: Any) -> Any:
        asked: dict[str, Any] = {"execution": self.execution, "package": package}
        asked["token"] = self.token
        asked |= {"returned": True, "replaces": None}
        failure = {"State": "VerifyEndpoint", "Error": error}
        return close_promotion.handler(
            {"pipeline": "bank", **asked, "failure": failure, **others}, None
        )

    def promote(self) -> Any:
        package = self.register()["package"]
        self.decide(package)
        return self.record(package)


def holdout(count: int) -> Any:
    found = number = 0
    while found < count:
        number += 1
        identifier = row_id(str(number).encode())
        if side(identifier, SHARES) == "holdout":
            found += 1
            yield identifier, number % 2


def scored(lines: list[tuple[str, int]], skill: float) -> str:
    draw = random.Random(7)
    return "".join(
        f"{i},fresh,-,{y},{1 / (1 + math.exp(-(skill * (y - 0.5) + draw.gauss(0, 1)))):.6f}\n"
        for i, y in lines
    )


def serve(
    service: Service, name: str, config: str | None, tags: list[dict[str, str]] = TAGS
) -> None:
    """Put an endpoint of this config in service."""
    sagemaker = service.client("sagemaker")
    sagemaker.create_model(
        ModelName=config,
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": "image"},
        Tags=tags,
    )
    variant = {
        "VariantName": "serving",
        "ModelName": config,
        "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
    }
    sagemaker.create_endpoint_config(
        EndpointConfigName=config, ProductionVariants=[variant], Tags=tags
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config, Tags=tags)


def wanted(token: int) -> Promotion:
    """What a promotion of the run with this token writes down."""
    return Promotion(
        pipeline="bank",
        token=token,
        package=f"arn:package/{token}",
        replaces=None,
        model="m",
        golden="s3://work/golden.json",
        endpoint="e",
        config="c",
        check_endpoint="ec",
        check_config="cc",
        variants=({"ServerlessConfig": {"MaxConcurrency": 5}},),
    )


def crown(service: Service, champion: Champion) -> None:
    """Make this the champion, without a promotion."""
    table = service.aws.ledger._table
    table.put("bank", "champion", champion.as_json())


def approval(service: Service, package: str) -> str:
    described = service.client("sagemaker").describe_model_package(ModelPackageName=package)
    return str(described["ModelApprovalStatus"])


class Waiting:
    """A run whose challenger has won and whose pipeline wants a person to approve it."""

    def __init__(self, service: Service, token: int = 1, *, finished: bool = True) -> None:
        self.service = service
        self.run = Run(service, token=token, challenger=3.0)
        self.gate = self.run.judge()
        self.package = self.run.register()["package"]
        if finished:
            self.finish()

    def finish(self, conclusion: dict[str, Any] | None = None) -> Any:
        """FinishRun; the run's record."""
        where = {"pipeline": "bank", "token": self.run.token, "execution": "arn"}
        given = conclusion or concluded("APPROVAL_PENDING")
        return finish({**where, "package": self.package, **given})

    def approve(self) -> None:
        """A person approves the package."""
        self.service.aws.registry.approve(self.package, "by a person")

    def event(self) -> str | None:
        """The approval's event; the execution that it started."""
        event = json.loads((EVENTS / "model-package-approved.json").read_text())
        event["detail"]["ModelPackageArn"] = self.package
        started = start_promotion.handler(event, None)["started"]
        return str(started) if started else None

    def record(self) -> RunRecord:
        """The run's record."""
        return self.service.aws.ledger.run("bank", self.run.token)
