"""AWS::DynamoDB::Table."""

# ruff: noqa: ARG002  the kinds share their signatures
from __future__ import annotations

from ratchet.local_aws.cloudformation.kinds.base import Kind, Made, Properties, Site, names

CHANGEABLE = names("BillingMode ProvisionedThroughput DeletionProtectionEnabled TableClass")


class Table(Kind):
    """A table; keys and indexes are set only at creation."""

    type = "AWS::DynamoDB::Table"
    verbatim = CHANGEABLE | names(
        "AttributeDefinitions KeySchema LocalSecondaryIndexes GlobalSecondaryIndexes Tags"
    )
    known = verbatim | names(
        "TableName SSESpecification StreamSpecification TimeToLiveSpecification "
        "PointInTimeRecoverySpecification"
    )
    named = "TableName"
    replacing = names("KeySchema LocalSecondaryIndexes")
    fixed = names("AttributeDefinitions GlobalSecondaryIndexes StreamSpecification Tags")

    def create(self, site: Site, properties: Properties) -> Made:
        name = properties.get("TableName") or site.name(255)
        request = {key: value for key, value in properties.items() if key in self.verbatim}
        request |= {"TableName": name, **_encryption(properties)}
        if "StreamSpecification" in properties:
            request["StreamSpecification"] = {
                "StreamEnabled": True,
                **properties["StreamSpecification"],
            }
        described = site.call("dynamodb", "CreateTable", request)["TableDescription"]
        attributes = {"Arn": described["TableArn"]}
        if "LatestStreamArn" in described:
            attributes["StreamArn"] = described["LatestStreamArn"]
        return Made(name, name, attributes)

    def finish(self, site: Site, made: Made, properties: Properties) -> None:
        self._settle(site, made.physical, properties, {})

    def update(self, site: Site, made: Made, properties: Properties, old: Properties) -> Made:
        changed = {
            key: properties[key]
            for key in CHANGEABLE & properties.keys()
            if properties[key] != old.get(key)
        }
        if properties.get("SSESpecification") != old.get("SSESpecification"):
            changed |= _encryption(properties) or {"SSESpecification": {"Enabled": False}}
        if changed:
            site.call("dynamodb", "UpdateTable", {"TableName": made.physical, **changed})
        self._settle(site, made.physical, properties, old)
        return made

    def _settle(self, site: Site, name: str, properties: Properties, old: Properties) -> None:
        ttl = properties.get("TimeToLiveSpecification")
        had = old.get("TimeToLiveSpecification")
        if ttl is None and had:
            ttl = {**had, "Enabled": False}
        if ttl is not None and ttl != had:
            request = {"TableName": name, "TimeToLiveSpecification": ttl}
            site.call("dynamodb", "UpdateTimeToLive", request)
        off = {"PointInTimeRecoveryEnabled": False}
        recovery = properties.get("PointInTimeRecoverySpecification", off)
        if recovery != old.get("PointInTimeRecoverySpecification", off):
            request = {"TableName": name, "PointInTimeRecoverySpecification": recovery}
            site.call("dynamodb", "UpdateContinuousBackups", request)

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        site.remove("dynamodb", "DeleteTable", {"TableName": made.physical})


def _encryption(properties: Properties) -> Properties:
    given = properties.get("SSESpecification")
    if not given:
        return {}
    renamed = {"Enabled" if key == "SSEEnabled" else key: value for key, value in given.items()}
    return {"SSESpecification": renamed}


KINDS = (Table(),)
