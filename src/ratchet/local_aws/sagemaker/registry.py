"""The model registry: package groups, versioned packages, approval, and their events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.sagemaker.base import (
    Answer,
    Request,
    SageMakerPart,
    invalid,
    refuse_members,
    unsupported,
)
from ratchet.local_aws.sagemaker.listing import page, summary

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Host

GROUP_SUMMARY = (
    "ModelPackageGroupName", "ModelPackageGroupArn", "ModelPackageGroupDescription",
    "CreationTime", "ModelPackageGroupStatus",
)  # fmt: skip
CREATE = (
    "ModelPackageGroupName", "ModelPackageDescription", "InferenceSpecification",
    "ModelApprovalStatus", "MetadataProperties", "ModelMetrics", "ClientToken", "Domain", "Task",
    "SamplePayloadUrl", "CustomerMetadataProperties", "DriftCheckBaselines",
    "AdditionalInferenceSpecifications", "SkipModelValidation", "SourceUri", "Tags",
)  # fmt: skip
NOT_KEPT = ("ClientToken", "Tags")
UPDATE = (
    "ModelPackageArn", "ModelApprovalStatus", "ApprovalDescription",
    "CustomerMetadataProperties", "CustomerMetadataPropertiesToRemove", "SourceUri",
    "InferenceSpecification", "ClientToken",
)  # fmt: skip
PACKAGE_SUMMARY = (
    "ModelPackageGroupName", "ModelPackageVersion", "ModelPackageArn", "ModelPackageDescription",
    "CreationTime", "ModelPackageStatus", "ModelApprovalStatus",
)  # fmt: skip


class Registry(SageMakerPart):
    """CreateModelPackageGroup, CreateModelPackage and related operations."""

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self._groups: dict[str, Answer] = {}
        self._packages: dict[str, Answer] = {}
        self._versions: dict[str, int] = {}
        self._asked: dict[str, str] = {}

    # groups

    def create_model_package_group(self, request: Request) -> Answer:
        name = request["ModelPackageGroupName"]
        arn = self._arn("model-package-group", name)
        with self._lock:
            if name in self._groups:
                raise invalid(f"Model Package Group already exists: {arn}")
            kept = {key: value for key, value in request.items() if key != "Tags"}
            self._groups[name] = {
                **kept,
                "ModelPackageGroupArn": arn,
                "ModelPackageGroupStatus": "Completed",
                "CreationTime": self._now(),
                "CreatedBy": {},
            }
            self._set_tags(arn, request)
        return {"ModelPackageGroupArn": arn}

    def describe_model_package_group(self, request: Request) -> Answer:
        return dict(self._group(request["ModelPackageGroupName"]))

    def list_model_package_groups(self, request: Request) -> Answer:
        with self._lock:
            records = list(self._groups.values())
        found, more = page(records, request, name="ModelPackageGroupName", order="Ascending")
        summaries = [summary(record, GROUP_SUMMARY) for record in found]
        return {"ModelPackageGroupSummaryList": summaries, **more}

    def delete_model_package_group(self, request: Request) -> Answer:
        with self._lock:
            group = self._group(request["ModelPackageGroupName"])
            name, arn = group["ModelPackageGroupName"], group["ModelPackageGroupArn"]
            if self._of_group(name):
                raise ServiceError(
                    "ConflictException",
                    f"Model Package Group {arn} cannot be deleted: it still has model packages.",
                )
            del self._groups[name]
            self._tags.pop(arn, None)
        return {}

    def _group(self, name: str) -> Answer:
        """By name or ARN, as the API takes both."""
        group = self._groups.get(name.rpartition("/")[2])
        if group is None:
            arn = self._arn("model-package-group", name.rpartition("/")[2])
            raise invalid(f"ModelPackageGroup {arn} does not exist.")
        return group

    # packages

    def create_model_package(self, request: Request) -> Answer:
        if request.get("ModelPackageName") or not request.get("ModelPackageGroupName"):
            raise unsupported("a model package without versions; name a ModelPackageGroupName")
        refuse_members(request, CREATE, "CreateModelPackage")
        with self._lock:
            known = self._asked.get(request.get("ClientToken", ""))
            if known in self._packages:
                return {"ModelPackageArn": known}  # the same request again
            group = self._group(request["ModelPackageGroupName"])["ModelPackageGroupName"]
            version = self._versions[group] = self._versions.get(group, 0) + 1
            arn = self._arn("model-package", f"{group}/{version}")
            kept = {key: value for key, value in request.items() if key not in NOT_KEPT}
            package = self._packages[arn] = {
                "ModelApprovalStatus": "PendingManualApproval",
                **kept,
                "ModelPackageGroupName": group,
                "ModelPackageVersion": version,
                "ModelPackageArn": arn,
                "ModelPackageStatus": "Completed",
                "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
                "CertifyForMarketplace": False,
                "CreationTime": self._now(),
                "CreatedBy": {},
            }
            self._asked[request.get("ClientToken", arn)] = arn
            self._set_tags(arn, request)
            detail = _detail(package)
        self._emit("Model Package", arn, detail)
        return {"ModelPackageArn": arn}

    def describe_model_package(self, request: Request) -> Answer:
        return dict(self._package(request["ModelPackageName"]))

    def update_model_package(self, request: Request) -> Answer:
        refuse_members(request, UPDATE, "UpdateModelPackage")
        with self._lock:
            package = self._package(request["ModelPackageArn"])
            fields = _apply(package, request)
            package |= {"LastModifiedTime": self._now(), "LastModifiedBy": {}}
            detail = {**_detail(package), "UpdatedModelPackageFields": fields}
        self._emit("Model Package", package["ModelPackageArn"], detail)
        return {"ModelPackageArn": package["ModelPackageArn"]}

    def list_model_packages(self, request: Request) -> Answer:
        if request.get("ModelPackageType", "Versioned") == "Unversioned":
            return {"ModelPackageSummaryList": []}
        with self._lock:
            records = self._listed(request)
        filters = {
            "ModelApprovalStatus": lambda record, value: record["ModelApprovalStatus"] == value,
        }
        found, more = page(
            records, request, name="ModelPackageGroupName", order="Ascending", filters=filters
        )
        summaries = [summary(record, PACKAGE_SUMMARY) for record in found]
        return {"ModelPackageSummaryList": summaries, **more}

    def _listed(self, request: Request) -> list[Answer]:
        name = request.get("ModelPackageGroupName")
        if name:
            return self._of_group(self._group(name)["ModelPackageGroupName"])
        # Without a group AWS lists unversioned packages, unless it is asked for others.
        if request.get("ModelPackageType") in ("Versioned", "Both"):
            return [dict(package) for package in self._packages.values()]
        return []

    def delete_model_package(self, request: Request) -> Answer:
        with self._lock:
            arn = self._package(request["ModelPackageName"])["ModelPackageArn"]
            del self._packages[arn]
            self._tags.pop(arn, None)
        return {}

    def _package(self, arn: str) -> Answer:
        package = self._packages.get(arn)
        if package is None:
            raise invalid(f"ModelPackage {arn} does not exist.")
        return package

    def _of_group(self, name: str) -> list[Answer]:
        return [
            dict(package)
            for package in self._packages.values()
            if package["ModelPackageGroupName"] == name
        ]


def _apply(package: Answer, request: Request) -> list[str]:
    """Change the package; the names of the fields that were set, as the event has them."""
    fields: list[str] = []
    for member in (
        "ModelApprovalStatus",
        "ApprovalDescription",
        "SourceUri",
        "InferenceSpecification",
    ):
        if member in request:
            package[member] = request[member]
            fields.append(member)
    added = request.get("CustomerMetadataProperties", {})
    removed = request.get("CustomerMetadataPropertiesToRemove", [])
    if added or removed:
        properties: dict[str, Any] = {**package.get("CustomerMetadataProperties", {}), **added}
        package["CustomerMetadataProperties"] = {
            key: value for key, value in properties.items() if key not in removed
        }
        fields.append("CustomerMetadataProperties")
    return fields


def _detail(package: Answer) -> Answer:
    """The event's detail: times in ISO form, unlike the other SageMaker events."""
    detail = {key: value for key, value in package.items() if not key.endswith("By")}
    for key in ("CreationTime", "LastModifiedTime"):
        if key in detail:
            detail[key] = detail[key].strftime("%Y-%m-%dT%H:%M:%SZ")
    return detail
