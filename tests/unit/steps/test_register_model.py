"""A model is registered once, with its lineage."""

from __future__ import annotations

import hashlib

import pytest
from unit_model import ARTIFACT, Run
from unit_service import Service

from retraining import errors


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
    run.judge()
    run.put("model/job/output/model.tar.gz", b"")
    with pytest.raises(errors.RegistrationFailed, match="is empty"):
        run.register()
    service.s3.delete_object(Bucket="work", Key=f"{run.prefix}/model/job/output/model.tar.gz")
    with pytest.raises(errors.RegistrationFailed, match="does not exist"):
        run.register()
