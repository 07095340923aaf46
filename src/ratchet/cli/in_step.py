"""Whether ledger, endpoint and registry name the same model, and what a promotion is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ratchet.cli.connection import Stack

SETTLING: Final = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")


def differences(stack: Stack, champion: dict[str, Any], promotion: dict[str, Any]) -> list[str]:
    """How endpoint and registry differ from the ledger's champion, a sentence each.

    None while a promotion is under way: then they do.
    """
    from botocore.exceptions import ClientError

    if not champion or promotion.get("holder"):
        return []
    sagemaker = stack.client("sagemaker")
    try:
        found = [_endpoint(sagemaker, champion), _package(sagemaker, champion)]
    except ClientError as error:
        return [f"endpoint and registry could not be compared with the champion: {error}"]
    return [sentence for sentence in found if sentence]


def _endpoint(sagemaker: Any, champion: dict[str, Any]) -> str | None:
    name, wanted = champion.get("endpoint"), champion.get("config")
    if name is None:
        return None
    from botocore.exceptions import ClientError

    try:
        seen = sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if "Could not find" not in str(error):
            raise
        return f"endpoint {name} does not exist; the champion is the model of {champion['run']}"
    status, config = seen["EndpointStatus"], seen.get("EndpointConfigName")
    if status in SETTLING or (status == "InService" and config == wanted):
        return None
    return (
        f"endpoint {name} is {status} with config {config}; the champion is the model of"
        f" {champion['run']}, with config {wanted}"
    )


def _package(sagemaker: Any, champion: dict[str, Any]) -> str | None:
    group = str(champion["package"]).rpartition(":model-package/")[2].partition("/")[0]
    answer = sagemaker.list_model_packages(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=1,
    )
    newest = [one["ModelPackageArn"] for one in answer["ModelPackageSummaryList"]]
    if newest == [champion["package"]]:
        return None
    approved = f"version {newest[0].rpartition('/')[2]}" if newest else "none"
    return (
        f"the newest Approved package of {group} is {approved}; the champion is version"
        f" {champion['version']}, of {champion['run']}"
    )
