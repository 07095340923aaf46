"""KMS keys and aliases."""

# ruff: noqa: ARG002  the kinds share their signatures
from __future__ import annotations

from ratchet.local_aws.cloudformation.kinds.base import (
    Kind,
    Made,
    Properties,
    Site,
    json_text,
    names,
)


class Key(Kind):
    """A customer key."""

    type = "AWS::KMS::Key"
    known = names(
        "KeyPolicy Description EnableKeyRotation Enabled KeySpec KeyUsage MultiRegion "
        "PendingWindowInDays Tags"
    )
    replacing = names("KeySpec KeyUsage MultiRegion Tags")

    def create(self, site: Site, properties: Properties) -> Made:
        request = {
            key: properties[key]
            for key in names("Description KeySpec KeyUsage MultiRegion") & properties.keys()
        }
        tags = [{"TagKey": t["Key"], "TagValue": t["Value"]} for t in properties.get("Tags", [])]
        if tags:
            request["Tags"] = tags
        about = site.call("kms", "CreateKey", request)["KeyMetadata"]
        return Made(about["KeyId"], about["KeyId"], {"Arn": about["Arn"], "KeyId": about["KeyId"]})

    def finish(self, site: Site, made: Made, properties: Properties) -> None:
        self.update(site, made, properties, {})

    def update(self, site: Site, made: Made, properties: Properties, old: Properties) -> Made:
        key = {"KeyId": made.physical}
        if properties.get("KeyPolicy") != old.get("KeyPolicy"):
            policy = json_text(properties["KeyPolicy"])
            site.call("kms", "PutKeyPolicy", {**key, "PolicyName": "default", "Policy": policy})
        rotation = _is_true(properties.get("EnableKeyRotation", False))
        if rotation != _is_true(old.get("EnableKeyRotation", False)):
            site.call("kms", "EnableKeyRotation" if rotation else "DisableKeyRotation", key)
        enabled = _is_true(properties.get("Enabled", True))
        if enabled != _is_true(old.get("Enabled", True)):
            site.call("kms", "EnableKey" if enabled else "DisableKey", key)
        if old and properties.get("Description") != old.get("Description"):
            description = properties.get("Description", "")
            site.call("kms", "UpdateKeyDescription", {**key, "Description": description})
        return made

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        """Only schedules the deletion, as CloudFormation does."""
        days = properties.get("PendingWindowInDays", 30)
        request = {"KeyId": made.physical, "PendingWindowInDays": days}
        site.remove("kms", "ScheduleKeyDeletion", request)


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"


class Alias(Kind):
    """A name for a key."""

    type = "AWS::KMS::Alias"
    known = names("AliasName TargetKeyId")
    replacing = names("AliasName")

    def create(self, site: Site, properties: Properties) -> Made:
        site.call("kms", "CreateAlias", properties)
        return Made(properties["AliasName"], properties["AliasName"], {})

    def update(self, site: Site, made: Made, properties: Properties, old: Properties) -> Made:
        site.call("kms", "UpdateAlias", properties)
        return made

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        site.remove("kms", "DeleteAlias", {"AliasName": made.physical})


KINDS = (Key(), Alias())
