"""A script's session of SageMaker: bucket, role and uploads, on local AWS and as AWS answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ParamValidationError
from botocore.stub import Stubber

from ratchet.local_aws.running.local import LocalAws
from ratchet.workflow.operating.putting import put_function
from ratchet.workflow.sagemaker import Estimator, Framework
from ratchet.workflow.session import S3Uploader, Session, get_execution_role
from ratchet.workflow.steps import TrainingStep

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/train"


class Answering:
    """A boto3 session whose clients give prepared answers."""

    def __init__(self, region: str = "eu-west-1") -> None:
        make: Any = boto3.session.Session("key", "secret", region_name=region).client
        self._clients = {name: make(name) for name in ("s3", "sts", "iam")}
        self.stubs = {name: Stubber(client) for name, client in self._clients.items()}
        for stub in self.stubs.values():
            stub.activate()

    def client(self, service: str) -> Any:
        return self._clients[service]

    def is_called_by(self, who: str) -> None:
        arn = f"arn:aws:sts::{ACCOUNT}:{who}"
        answer = {"Account": ACCOUNT, "Arn": arn, "UserId": "A" * 16}
        self.stubs["sts"].add_response("get_caller_identity", answer, {})


@pytest.fixture
def at_local_aws(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> LocalAws:
    """The environment's clients are of local AWS."""
    place = {"AWS_ENDPOINT_URL": local_aws.endpoint, "AWS_DEFAULT_REGION": local_aws.region}
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    for name, value in (place | keys).items():
        monkeypatch.setenv(name, value)
    return local_aws


def test_a_script_finds_bucket_and_role_and_uploads_on_local_aws(
    at_local_aws: LocalAws, tmp_path: Path
) -> None:
    session = Session()
    bucket = session.default_bucket()
    assert bucket == f"sagemaker-us-east-1-{ACCOUNT}"
    assert Session().default_bucket() == bucket  # it exists by now
    assert Estimator(role=get_execution_role()).output_path == f"s3://{bucket}"
    folder = tmp_path / "data"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.csv").write_text("1\n")
    (folder / "inner" / "b.csv").write_text("2\n")
    assert session.upload_data(str(folder), key_prefix="churn") == f"s3://{bucket}/churn"
    assert session.upload_data(str(folder / "a.csv")) == f"s3://{bucket}/data/a.csv"
    put = S3Uploader.upload(str(folder / "a.csv"), f"s3://{bucket}/train/")
    assert put == f"s3://{bucket}/train/a.csv"
    text = S3Uploader.upload_string_as_file_body("hello", f"s3://{bucket}/hello.txt")
    assert text == f"s3://{bucket}/hello.txt"
    s3 = at_local_aws.client("s3")
    found = {one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert found >= {
        "churn/a.csv",
        "churn/inner/b.csv",
        "data/a.csv",
        "train/a.csv",
        "hello.txt",
    }
    assert s3.get_object(Bucket=bucket, Key="hello.txt")["Body"].read() == b"hello"


def test_a_function_is_put_again_with_other_code_and_other_settings(at_local_aws: LocalAws) -> None:
    """As often as its cell is run; a second creation is refused by AWS."""
    session, functions = Session(), at_local_aws.client("lambda")
    for number, size, chip in ((1, 128, "x86_64"), (2, 256, "arm64")):
        code = f"def handler(event, context):\n    return {number}\n"
        tags = {"made": "by a test"}
        arn = session.put_function(
            "put-again", code, ROLE, MemorySize=size, Architectures=[chip], Tags=tags
        )
        found = functions.get_function(FunctionName=arn)
        assert found["Configuration"]["MemorySize"] == size
        assert found["Configuration"]["Architectures"] == [chip]
        assert found["Tags"] == tags
        assert functions.invoke(FunctionName=arn)["Payload"].read() == str(number).encode()
    with pytest.raises(ParamValidationError, match="MemorySizes"):
        session.put_function("put-again", code, ROLE, MemorySizes=1)


def test_a_function_whose_last_update_failed_is_put_again() -> None:
    make: Any = boto3.session.Session("key", "secret", region_name="us-east-1").client
    client, arn = make("lambda"), "arn:aws:lambda:us-east-1:123456789012:function:again"
    updated = {"Configuration": {"LastUpdateStatus": "Successful"}}
    with Stubber(client) as stub:
        stub.add_client_error("create_function", "ResourceConflictException")
        stub.add_response("get_function_configuration", {"LastUpdateStatus": "Failed"})
        stub.add_response("update_function_configuration", {})
        stub.add_response("get_function", updated)
        stub.add_response("update_function_code", {"FunctionArn": arn})
        stub.add_response("get_function", updated)
        assert put_function(client, "again", "def handler(*_): ...", ROLE, {}) == arn
        stub.assert_no_pending_responses()


def test_a_glue_job_is_put_again_with_another_script_and_other_settings(
    at_local_aws: LocalAws,
) -> None:
    session, glue, s3 = Session(), at_local_aws.client("glue"), at_local_aws.client("s3")
    for script, workers in (("print(1)", 2), ("print(2)", 3)):
        tags = {"made": "by a test"}
        name = session.put_glue_job("put-again", script, ROLE, NumberOfWorkers=workers, Tags=tags)
        job = glue.get_job(JobName=name)["Job"]
        assert (job["NumberOfWorkers"], job["GlueVersion"]) == (workers, "5.1")
        bucket, _, key = job["Command"]["ScriptLocation"].removeprefix("s3://").partition("/")
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == script.encode()
    with pytest.raises(ParamValidationError, match="Workers"):
        session.put_glue_job("put-again", script, ROLE, Workers=1)


def test_a_bucket_is_made_in_the_region_of_the_session() -> None:
    aws = Answering()
    aws.is_called_by("user/ann")
    name = f"sagemaker-eu-west-1-{ACCOUNT}"
    aws.stubs["s3"].add_client_error("head_bucket", "404")
    aws.stubs["s3"].add_response(
        "create_bucket",
        {},
        {"Bucket": name, "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
    )
    assert Session(aws).default_bucket() == name


def test_a_bucket_of_another_account_gets_no_data() -> None:
    aws = Answering()
    aws.is_called_by("user/ann")
    aws.stubs["s3"].add_client_error("head_bucket", "403")
    with pytest.raises(ValueError, match=rf"not account {ACCOUNT}'s.*default_bucket="):
        Session(aws).default_bucket()


def test_the_role_of_a_notebook_is_answered_with_its_path() -> None:
    aws = Answering()
    aws.is_called_by("assumed-role/train/notebook")
    role = {
        "Path": "/ml/",
        "RoleName": "train",
        "RoleId": "A" * 16,
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/ml/train",
        "CreateDate": "2026-01-01T00:00:00Z",
    }
    aws.stubs["iam"].add_response("get_role", {"Role": role}, {"RoleName": "train"})
    assert get_execution_role(Session(aws)) == f"arn:aws:iam::{ACCOUNT}:role/ml/train"


@pytest.mark.parametrize(
    ("name", "path"),
    [("AmazonSageMaker-ExecutionRole-2026", "service-role/"), ("train", "")],
)
def test_a_role_that_may_not_ask_about_itself(name: str, path: str) -> None:
    aws = Answering()
    aws.is_called_by(f"assumed-role/{name}/notebook")
    aws.stubs["iam"].add_client_error("get_role", "AccessDenied")
    assert get_execution_role(Session(aws)) == f"arn:aws:iam::{ACCOUNT}:role/{path}{name}"


def test_a_user_is_not_a_role() -> None:
    aws = Answering()
    aws.is_called_by("user/ann")
    with pytest.raises(ValueError, match=r"user/ann is not a role: give the ARN of the role"):
        get_execution_role(Session(aws))


def test_wrong_places_are_named(tmp_path: Path) -> None:
    session = Session(default_bucket="mine")
    assert session.default_bucket() == "mine"
    with pytest.raises(ValueError, match=r"no file or folder .*absent"):
        session.upload_data(str(tmp_path / "absent"))
    with pytest.raises(ValueError, match="'mine/data' is not an S3 URI"):
        S3Uploader.upload(str(tmp_path), "mine/data")


@pytest.mark.parametrize(
    "none",
    [
        {"debugger_hook_config": False},
        {"debugger_hook_config": None, "rules": []},
        {"disable_profiler": True},
    ],
)
def test_a_job_without_hooks_may_say_so(none: dict[str, Any]) -> None:
    step = TrainingStep("Train", Estimator("image", ROLE, 1, "ml.m5.large", **none), "job")
    assert not any("Debug" in field or "Profiler" in field for field in step.fields["parameters"])


@pytest.mark.parametrize(
    ("hook", "field"),
    [
        ({"debugger_hook_config": {"S3OutputPath": "s3://b/d"}}, "DebugHookConfig"),
        ({"rules": ["loss_not_decreasing"]}, "DebugRuleConfigurations"),
        ({"disable_profiler": False}, "ProfilerConfig"),
    ],
)
def test_hooks_go_into_the_request(hook: dict[str, Any], field: str) -> None:
    with pytest.raises(TypeError, match=rf"put the request's {field} into the step"):
        Framework("train.py", ROLE, **hook)
    step = TrainingStep(
        "Train", Estimator("image", ROLE, 1, "ml.m5.large"), "job", parameters={field: {"a": "b"}}
    )
    assert step.fields["parameters"][field] == {"a": "b"}
