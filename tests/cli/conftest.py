"""A deployed Ratchet stack without its functions, in moto, and a way to run commands."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner, Result

from ratchet.cli import features_module
from ratchet.cli.app import app
from ratchet.serving import trial

ROOT = Path(__file__).parents[2]
UCI_FILE = ROOT.parent / "shared" / "data" / "bank-marketing" / "bank-additional-full.csv.gz"
ARN = "arn:aws:states:us-east-1:123456789012:stateMachine"

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def a_quiet_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No local AWS is found, no credentials and no cache of the person who runs the tests."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL",
                 "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(scope="module")
def features_tried_here() -> Iterator[None]:
    """Each features.py is tried in this process: one of its own would load pandas again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features_module, "_run", _try_here)
        yield


def _try_here(_path: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    names = ("contract", "features", "inference")
    before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    with mock.patch.object(sys, "path", [*sys.path]):
        trial.main(folder)
    for name in names:
        sys.modules.pop(name, None)
    sys.modules.update(before)
    return subprocess.CompletedProcess([], 0, "", "")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process; stdout and stderr apart."""

    def invoke(*arguments: str, **kwargs: Any) -> Result:
        from ratchet.cli import screen

        screen.stdout.cache_clear()
        screen.stderr.cache_clear()
        return CliRunner().invoke(app, list(arguments), **kwargs)

    return invoke


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """moto in place of AWS, with keys and a region as a user would have them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    # A local AWS that ran in this process left it on, and a test would take ten times as long.
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
    with mock_aws():
        yield


@pytest.fixture
def stack(aws: None) -> str:
    """A stack `ratchet` with buckets, ledger and outputs; its name."""
    return create_stack()


def create_stack(landing_prefix: str = "", *, versions: bool = True) -> str:
    """A stack `ratchet` whose data land under this prefix, with or without versions; its name."""
    boto3.client("cloudformation").create_stack(
        StackName="ratchet", TemplateBody=json.dumps(_template(landing_prefix))
    )
    landing = [outputs()["LandingBucket"]] if versions else []
    for bucket in (*landing, outputs()["WorkBucket"]):
        boto3.client("s3").put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
        )  # moto's CloudFormation leaves it out
    return "ratchet"


def outputs() -> dict[str, str]:
    """The stack's outputs."""
    (found,) = boto3.client("cloudformation").describe_stacks(StackName="ratchet")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def put_item(**item: Any) -> None:
    """Write an item to the ledger, as a function of the service would."""
    boto3.resource("dynamodb").Table(outputs()["LedgerTable"]).put_item(Item=item)


def register(name: str) -> None:
    """A registered pipeline, with as much of a definition as commands read."""
    columns = {name: {"type": "integer"} for name in ("age", "campaign", "euribor3m", "y")}
    data = {"label": "y", "csv": {"delimiter": ";"}, "columns": columns}
    definition = json.dumps({"name": name, "data": data})
    put_item(pipeline="#registrations", item=name, hash="0" * 64, definition=definition)


def _template(landing_prefix: str) -> dict[str, Any]:
    key = [("pipeline", "HASH"), ("item", "RANGE")]
    pending = [("pipeline", "HASH"), ("pending", "RANGE")]
    table = {
        "AttributeDefinitions": [
            {"AttributeName": n, "AttributeType": "S"} for n in ("pipeline", "item", "pending")
        ],
        "KeySchema": [{"AttributeName": n, "KeyType": t} for n, t in key],
        "LocalSecondaryIndexes": [
            {
                "IndexName": "pending",
                "KeySchema": [{"AttributeName": n, "KeyType": t} for n, t in pending],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }
    bucket = {"Type": "AWS::S3::Bucket"}
    values = {
        "LandingBucket": {"Ref": "Landing"},
        "LandingUri": {"Fn::Sub": f"s3://${{Landing}}/{landing_prefix}"},
        "WorkBucket": {"Ref": "Work"},
        "LedgerTable": {"Ref": "Ledger"},
        "RetrainingStateMachineArn": f"{ARN}:ratchet-retraining",
        "PromotionStateMachineArn": f"{ARN}:ratchet-promotion",
        "RegisterPipelineFunction": "ratchet-register-pipeline",
        "ReviewDataFunction": "ratchet-review-data",
        "DeletePipelineFunction": "ratchet-delete-pipeline",
    }
    return {
        "Resources": {
            "Landing": bucket,
            "Work": bucket,
            "Ledger": {"Type": "AWS::DynamoDB::Table", "Properties": table},
        },
        "Outputs": {name: {"Value": value} for name, value in values.items()},
    }
