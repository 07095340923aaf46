"""SageMaker's model registry: package groups and packages in our words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from retraining.adapters.clients import code, message
from retraining.adapters.ownership import Ownership
from retraining.algorithms.algorithm import CONTENT_TYPE
from retraining.rules.names import Names, run_id

NEWEST: Final = 20  # packages looked through for the one of an earlier attempt
LONGEST_VALUE: Final = 256  # of a CustomerMetadataProperties value
LONGEST_REASON: Final = 1024
PENDING_APPROVAL: Final = "PendingManualApproval"
APPROVED: Final = "Approved"
REJECTED: Final = "Rejected"


class Registry:
    """The packages of one stack's pipelines."""

    def __init__(self, sagemaker: Any, names: Callable[[], Names], ownership: Ownership) -> None:
        self._sagemaker, self._names, self._ownership = sagemaker, names, ownership

    def ensure_group(self, pipeline: str) -> None:
        """Make the pipeline's package group unless it exists and is ours."""
        name = self._names().standing(pipeline)
        try:
            found = self._sagemaker.describe_model_package_group(ModelPackageGroupName=name)
        except ClientError as error:
            if not missing(error):
                raise
            self._sagemaker.create_model_package_group(
                ModelPackageGroupName=name,
                ModelPackageGroupDescription=f"Models of pipeline {pipeline}",
                Tags=self._names().tag_list(pipeline),
            )
        else:
            arn = found["ModelPackageGroupArn"]
            self._ownership.require("model package group", name, arn)

    def find(self, pipeline: str, run: str) -> str | None:
        """The package a run registered, if an earlier attempt did."""
        answer = self._sagemaker.list_model_packages(
            ModelPackageGroupName=self._names().standing(pipeline),
            SortBy="CreationTime",
            SortOrder="Descending",
            MaxResults=NEWEST,
        )
        for item in answer["ModelPackageSummaryList"]:
            arn = str(item["ModelPackageArn"])
            if self.describe(arn).get("CustomerMetadataProperties", {}).get("run") == run:
                return arn
        return None

    def register(
        self,
        pipeline: str,
        token: int,
        *,
        image: str,
        artifact: str,
        variables: dict[str, str],
        instance: str,
        metrics: str,
        facts: dict[str, str],
    ) -> str:
        """Register a model as PendingManualApproval; its ARN. Groups carry the tags."""
        answer = self._sagemaker.create_model_package(
            ModelPackageGroupName=self._names().standing(pipeline),
            ModelPackageDescription=f"Run {run_id(pipeline, token)}",
            ModelApprovalStatus=PENDING_APPROVAL,
            ClientToken=self._names().client_token(pipeline, token),
            InferenceSpecification={
                "Containers": [
                    {"Image": image, "ModelDataUrl": artifact, "Environment": variables}
                ],
                "SupportedContentTypes": [CONTENT_TYPE],
                "SupportedResponseMIMETypes": [CONTENT_TYPE],
                "SupportedTransformInstanceTypes": [instance],
                "SupportedRealtimeInferenceInstanceTypes": [instance],
            },
            ModelMetrics={
                "ModelQuality": {
                    "Statistics": {"ContentType": "application/json", "S3Uri": metrics}
                }
            },
            CustomerMetadataProperties={key: _value(value) for key, value in facts.items()},
        )
        return str(answer["ModelPackageArn"])

    def describe(self, package: str) -> dict[str, Any]:
        """A package as AWS describes it."""
        answer: dict[str, Any] = self._sagemaker.describe_model_package(ModelPackageName=package)
        return answer

    def undecided(self, pipeline: str, before: float) -> list[str]:
        """Packages registered before a moment that nobody has approved or rejected."""
        pages = self._sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self._names().standing(pipeline),
            ModelApprovalStatus=PENDING_APPROVAL,
            CreationTimeBefore=datetime.fromtimestamp(before, UTC),
        )
        return [
            str(item["ModelPackageArn"])
            for page in pages
            for item in page["ModelPackageSummaryList"]
        ]

    def _found(self, package: str) -> dict[str, Any] | None:
        try:
            return self.describe(package)
        except ClientError as error:
            if missing(error):
                return None
            raise

    def status(self, package: str) -> str | None:
        """Whether a package is approved; None once there is none."""
        found = self._found(package)
        return None if found is None else str(found.get("ModelApprovalStatus"))

    def token(self, package: str) -> int | None:
        """Fencing token of the run that registered a package; None for somebody else's."""
        found = self._found(package) or {}
        digits = found.get("CustomerMetadataProperties", {}).get("run", "").rpartition("-")[2]
        return int(digits) if digits.isdigit() else None

    def approve(self, package: str, reason: str) -> None:
        """Approve a package."""
        self._decide(package, APPROVED, reason)

    def reject(self, package: str, reason: str) -> None:
        """Reject a package."""
        self._decide(package, REJECTED, reason)

    def reject_undecided(self, package: str, reason: str) -> None:
        """Reject a package that nobody has approved or rejected."""
        if self.status(package) == PENDING_APPROVAL:
            self.reject(package, reason)

    def _decide(self, package: str, status: str, reason: str) -> None:
        described = self.describe(package)
        if described.get("ModelApprovalStatus") == status:
            return
        self._sagemaker.update_model_package(
            ModelPackageArn=package,
            ModelApprovalStatus=status,
            ApprovalDescription=re.sub(r"\s+", " ", reason)[:LONGEST_REASON],
            CustomerMetadataProperties=described.get("CustomerMetadataProperties", {}),
        )

    def reject_after(self, pipeline: str, version: int, reason: str) -> None:
        """Reject the Approved packages newer than a version, so that this one is the newest."""
        pages = self._sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self._names().standing(pipeline), ModelApprovalStatus="Approved"
        )
        for page in list(pages):  # whole before the first change, which would move the pages
            for item in page["ModelPackageSummaryList"]:
                if self.version(item["ModelPackageArn"]) > version:
                    self.reject(item["ModelPackageArn"], reason)

    def version(self, package: str) -> int:
        """The version number at the end of a package's ARN."""
        return int(package.rpartition("/")[2])


def missing(error: ClientError) -> bool:
    """True when SageMaker answers that the resource does not exist."""
    return code(error) in ("ValidationException", "ResourceNotFound") and (
        "Could not find" in message(error) or "does not exist" in message(error)
    )


def _value(value: str) -> str:
    """A metadata value in the characters and the length that AWS allows."""
    return re.sub(r"[^\w \.:/=+\-@]", "_", value)[:LONGEST_VALUE]
