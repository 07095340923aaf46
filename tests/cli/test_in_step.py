"""`ratchet info` says when ledger, endpoint and registry do not name the same model."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ratchet.cli import in_step, info

GROUP = "arn:aws:sagemaker:us-east-1:1:model-package/ratchet--bank--rfjp"
CHAMPION = {
    "package": f"{GROUP}/1",
    "version": 1,
    "run": "bank-000001",
    "endpoint": "ratchet--bank--rfjp",
    "config": "ratchet--bank--rfjp-000001",
}


class SageMaker:
    """An endpoint and the newest Approved package; None: there is none."""

    def __init__(self, endpoint: tuple[str, str] | None, approved: int | None = 1) -> None:
        self.endpoint, self.approved = endpoint, approved

    def client(self, service: str) -> Any:
        assert service == "sagemaker"
        return self

    def describe_endpoint(self, EndpointName: str) -> Any:  # noqa: N803 - AWS's name
        if self.endpoint is None:
            said = {"Code": "ValidationException", "Message": "Could not find endpoint."}
            raise ClientError({"Error": said}, "DescribeEndpoint")
        assert EndpointName == CHAMPION["endpoint"]
        return {"EndpointStatus": self.endpoint[0], "EndpointConfigName": self.endpoint[1]}

    def list_model_packages(self, **request: Any) -> Any:
        assert request["ModelPackageGroupName"] == "ratchet--bank--rfjp"
        assert request["ModelApprovalStatus"] == "Approved"
        found = [] if self.approved is None else [f"{GROUP}/{self.approved}"]
        return {"ModelPackageSummaryList": [{"ModelPackageArn": arn} for arn in found]}


@pytest.mark.parametrize(
    ("aws", "said"),
    [
        (SageMaker(("InService", "ratchet--bank--rfjp-000001")), []),
        (SageMaker(("Updating", "ratchet--bank--rfjp-000002")), []),
        (SageMaker(("InService", "another")), ["is InService with config another"]),
        (SageMaker(("Failed", "ratchet--bank--rfjp-000001")), ["is Failed with config"]),
        (SageMaker(None), ["does not exist; the champion is the model of bank-000001"]),
        (SageMaker(("Updating", "x"), 2), ["is version 2; the champion is version 1"]),
        (SageMaker(("Updating", "x"), None), ["is none; the champion is version 1"]),
        (SageMaker(None, 2), ["does not exist", "is version 2"]),
    ],
)
def test_what_differs_from_the_champion_is_said(aws: Any, said: list[str]) -> None:
    found = in_step.differences(aws, CHAMPION, {})
    assert len(found) == len(said)
    for sentence, part in zip(found, said, strict=True):
        assert part in sentence


def test_nothing_is_said_before_the_first_champion_or_during_a_promotion() -> None:
    assert in_step.differences(SageMaker(None), {}, {}) == []  # type: ignore[arg-type]
    held = {"holder": "arn:aws:states:us-east-1:1:execution:promotion:bank-000002"}
    assert in_step.differences(SageMaker(None, 2), CHAMPION, held) == []  # type: ignore[arg-type]


def test_a_pipeline_without_an_endpoint_has_only_its_package_compared() -> None:
    without = {**CHAMPION, "endpoint": None, "config": None}
    assert in_step.differences(SageMaker(None), without, {}) == []  # type: ignore[arg-type]


def test_who_may_not_look_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: Any, **__: Any) -> None:
        said = {"Code": "AccessDeniedException", "Message": "not authorized"}
        raise ClientError({"Error": said}, "DescribeEndpoint")

    monkeypatch.setattr(SageMaker, "describe_endpoint", denied)
    (sentence,) = in_step.differences(SageMaker(None), CHAMPION, {})  # type: ignore[arg-type]
    assert "could not be compared" in sentence


def test_what_is_unusual_about_a_pipeline_is_one_line_each() -> None:
    found = {
        "out_of_step": ["a", "b"],
        "promotion": "bank-000002",
        "postponed": "no room",
        "set_aside": ["12 rows are set aside"],
    }
    assert info._notes(found) == [
        "a",
        "b",
        "12 rows are set aside",
        "bank-000002 is promoting a model",
        "a better model waits for its promotion: no room",
    ]
    assert (
        info._notes({"out_of_step": [], "promotion": None, "postponed": None, "set_aside": []})
        == []
    )
