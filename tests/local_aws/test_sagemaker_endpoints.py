"""Models, endpoint configs and endpoints through the real client, and what serves behind them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import tarfile
import threading
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sagemaker_world import BUCKET, IMAGE, ROLE, World, world_of

from ratchet.local_aws.running.local import LocalAws

YES, NO = "3.0,0,0,0", "-3.0,0,0,0"


@pytest.fixture(scope="module")
def world(local_aws: LocalAws) -> World:
    world = world_of(local_aws)
    world.config("first", "first")
    world.config("second", "second")
    return world


@pytest.fixture
def endpoint(world: World) -> Iterator[str]:
    world.sagemaker.create_endpoint(EndpointName="house", EndpointConfigName="first")
    assert world.settled("house")["EndpointStatus"] == "InService"
    yield "house"
    world.settled("house")
    world.sagemaker.delete_endpoint(EndpointName="house")


def archive(*members: tuple[str, bytes]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return data.getvalue()


def test_an_endpoint_answers_one_score_a_row(world: World, endpoint: str) -> None:
    answer = world.runtime.invoke_endpoint(
        EndpointName=endpoint, ContentType="text/csv", Body=f"{YES}\n{NO}\n"
    )
    high, low = (float(score) for score in answer["Body"].read().split(b","))
    assert high > 0.5
    assert low < 0.5
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    assert answer["ContentType"].startswith("text/csv")


def test_a_served_model_is_identified_by_the_hash_of_its_bytes(world: World, endpoint: str) -> None:
    with urllib.request.urlopen(f"{world.local.endpoint}/_ratchet") as reply:
        shown = json.load(reply)["endpoints"][endpoint]
    artifact = world.get(f"s3://{BUCKET}/model/first/output/model.tar.gz")
    assert shown == {
        "config": "first",
        "model": "first",
        "artifact_sha256": hashlib.sha256(artifact).hexdigest(),
        "status": "InService",
    }


def test_no_request_fails_while_the_model_is_swapped(world: World, endpoint: str) -> None:
    answers: list[float] = []
    failures: list[Exception] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                answers.append(float(world.invoke(endpoint, YES)))
            except Exception as error:  # noqa: BLE001 - any failure is what the test looks for
                failures.append(error)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    world.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName="second")
    updating = world.sagemaker.describe_endpoint(EndpointName=endpoint)
    described = world.settled(endpoint)
    swapped = float(world.invoke(endpoint, YES))
    done.set()
    for asker in askers:
        asker.join()
    assert updating["EndpointConfigName"] in ("first", "second")
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == (
        "InService",
        "second",
    )
    assert not failures
    assert answers[0] > 0.5
    assert swapped < 0.5


def test_an_update_that_fails_leaves_the_endpoint_as_it_was(world: World, endpoint: str) -> None:
    before = world.invoke(endpoint, YES)
    world.model("broken", world.put("bad/model.tar.gz", b"not an archive"))
    world.config("broken", "broken")
    world.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName="broken")
    described = world.settled(endpoint)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", "first")
    assert "Failed to extract model data archive from URL" in described["FailureReason"]
    assert world.invoke(endpoint, YES) == before


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty", archive(), "no member 'xgboost-model'"),
        ("other", archive(("model.pkl", b"x")), "member 'model.pkl' is not"),
        ("climber", archive(("../xgboost-model", b"x")), "leaves the archive's folder"),
        ("nonsense", archive(("xgboost-model", b"\x80\x04nonsense")), "cannot be loaded"),
    ],
    ids=["empty", "other", "climber", "nonsense"],
)
def test_a_bad_artifact_fails_the_endpoint_with_the_reason(
    world: World, name: str, data: bytes, reason: str
) -> None:
    world.model(name, world.put(f"bad/{name}.tar.gz", data))
    world.config(name, name)
    world.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    described = world.settled(name)
    assert described["EndpointStatus"] == "Failed"
    assert reason in described["FailureReason"]
    with pytest.raises(ClientError, match="can only be deleted"):
        world.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName="first")
    world.sagemaker.delete_endpoint(EndpointName=name)
    with pytest.raises(ClientError, match="Could not find endpoint"):
        world.sagemaker.describe_endpoint(EndpointName=name)


def test_an_update_is_refused_while_another_is_under_way(world: World, endpoint: str) -> None:
    update = world.sagemaker.update_endpoint
    update(EndpointName=endpoint, EndpointConfigName="second")
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        update(EndpointName=endpoint, EndpointConfigName="second")
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        world.sagemaker.delete_endpoint(EndpointName=endpoint)
    world.settled(endpoint)
    with pytest.raises(ClientError, match="already uses"):
        update(EndpointName=endpoint, EndpointConfigName="second")


def test_the_old_process_ends_after_a_swap_and_the_last_after_deletion(
    local_aws: LocalAws, world: World
) -> None:
    service: Any = local_aws.services["sagemaker"]
    world.sagemaker.create_endpoint(EndpointName="lives", EndpointConfigName="first")
    world.settled("lives")
    old = service.serving_endpoint("lives").serving
    old.leave()
    world.sagemaker.update_endpoint(EndpointName="lives", EndpointConfigName="second")
    world.settled("lives")
    new = service.serving_endpoint("lives").serving
    new.leave()
    world.sagemaker.delete_endpoint(EndpointName="lives")
    for serving in (old, new):
        world.ended(lambda serving=serving: {"alive": serving.alive()}, "alive", (True,))


def test_a_container_that_dies_is_started_again(
    local_aws: LocalAws, world: World, endpoint: str
) -> None:
    service: Any = local_aws.services["sagemaker"]
    before = world.invoke(endpoint, YES)
    serving = service.serving_endpoint(endpoint).serving
    serving.leave()
    os.kill(serving.pids[0], signal.SIGKILL)

    def answer() -> dict[str, str]:
        try:
            return {"answer": world.invoke(endpoint, YES)}
        except ClientError as error:
            return {"answer": error.response["Error"]["Code"]}

    assert world.ended(answer, "answer", ("ModelError",))["answer"] == before


def test_a_model_error_carries_what_the_container_answered(world: World, endpoint: str) -> None:
    with pytest.raises(ClientError) as caught:
        world.invoke(endpoint, "1,2,3,4,5")
    answer: Any = caught.value.response
    assert answer["Error"]["Code"] == "ModelError"
    assert answer["OriginalStatusCode"] == 400
    assert "Number of columns does not match number of features" in answer["OriginalMessage"]
    with pytest.raises(ClientError, match=r"Received client error \(415\)"):
        world.invoke(endpoint, YES, ContentType="application/json")


def test_a_row_of_too_few_features_is_answered_as_by_the_container(
    world: World, endpoint: str
) -> None:
    assert world.invoke(endpoint, "1,2") == world.invoke(endpoint, "1,2,nan,")


def test_an_unknown_endpoint_is_refused_as_on_aws(world: World) -> None:
    with pytest.raises(ClientError, match="Endpoint nobody of account 123456789012 not found"):
        world.invoke("nobody", YES)


def test_a_body_over_the_serverless_limit_is_refused(world: World, endpoint: str) -> None:
    with pytest.raises(ClientError, match="HTTP content length exceeded 4194304 bytes"):
        world.invoke(endpoint, "1" * (4 * 1024 * 1024 + 1))


def test_names_are_unique_and_parts_must_exist(world: World) -> None:
    with pytest.raises(ClientError, match="Cannot create already existing model"):
        world.model("first", f"s3://{BUCKET}/model/first/output/model.tar.gz")
    with pytest.raises(ClientError, match="Cannot create already existing endpoint config"):
        world.config("first", "first")
    with pytest.raises(ClientError, match="Could not find model data at s3://"):
        world.model("absent", f"s3://{BUCKET}/absent.tar.gz")
    with pytest.raises(ClientError, match="Could not find model "):
        world.config("orphan", "nobody")
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        world.sagemaker.create_endpoint(EndpointName="x", EndpointConfigName="nobody")


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        ({"ServerlessConfig": {"MemorySizeInMB": 1500, "MaxConcurrency": 5}}, "1024, 2048"),
        ({"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5,
          "ProvisionedConcurrency": 2}}, "ProvisionedConcurrency"),
        ({"InstanceType": "ml.m5.large"}, "InitialInstanceCount"),
    ],
)  # fmt: skip
def test_a_variant_outside_the_limits_is_refused(
    world: World, variant: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        world.config("never", "first", **variant)


def test_a_foreign_image_is_refused_with_the_one_that_runs(world: World) -> None:
    with pytest.raises(ClientError, match=r"local AWS runs .*sagemaker-xgboost:3\.2-0"):
        world.sagemaker.create_model(
            ModelName="foreign",
            ExecutionRoleArn=ROLE,
            PrimaryContainer={
                "Image": IMAGE.replace("xgboost", "scikit-learn"),
                "ModelDataUrl": f"s3://{BUCKET}/model/first/output/model.tar.gz",
            },
        )


def test_a_model_in_isolation_cannot_be_served_serverless(world: World) -> None:
    world.sagemaker.create_model(
        ModelName="isolated",
        ExecutionRoleArn=ROLE,
        EnableNetworkIsolation=True,
        PrimaryContainer={
            "Image": IMAGE,
            "ModelDataUrl": f"s3://{BUCKET}/model/first/output/model.tar.gz",
        },
    )
    with pytest.raises(ClientError, match="EnableNetworkIsolation"):
        world.config("isolated", "isolated")
