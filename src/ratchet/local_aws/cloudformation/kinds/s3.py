"""AWS::S3::Bucket and its policy."""

# ruff: noqa: ARG002  the kinds share their signatures
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ratchet.local_aws.cloudformation.fitting import PropertyRejected
from ratchet.local_aws.cloudformation.kinds.base import (
    Kind,
    Made,
    Properties,
    PutKind,
    Site,
    json_text,
    names,
)


def _encryption(value: Properties) -> Properties:
    rules = []
    for rule in value["ServerSideEncryptionConfiguration"]:
        changed = {
            "ApplyServerSideEncryptionByDefault" if k == "ServerSideEncryptionByDefault" else k: v
            for k, v in rule.items()
        }
        rules.append(changed)
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _lifecycle(value: Properties) -> Properties:
    rules = [_rule(rule) for rule in value["Rules"]]
    return {"LifecycleConfiguration": {"Rules": rules}}


RULE_NAMES = names(
    "Id Status Prefix TagFilters NoncurrentVersionExpiration AbortIncompleteMultipartUpload"
)
EXPIRATION = {
    "ExpirationInDays": "Days",
    "ExpirationDate": "Date",
    "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
}


def _filter(rule: Properties) -> Properties:
    """Which objects a rule is for; local AWS stores rules and deletes nothing by them."""
    prefix, tags = {"Prefix": rule.get("Prefix", "")}, rule.get("TagFilters", [])
    return {"And": {**prefix, "Tags": tags}} if tags else prefix


def _rule(rule: Properties) -> Properties:
    """CloudFormation's lifecycle rule in the API's shape."""
    made: Properties = {"Filter": _filter(rule)}
    expiration = {}
    for key, value in rule.items():
        if key in EXPIRATION:
            expiration[EXPIRATION[key]] = value
        elif key in RULE_NAMES:
            made["ID" if key == "Id" else key] = value
        else:
            known = ", ".join(sorted(RULE_NAMES | EXPIRATION.keys()))
            raise PropertyRejected(
                f"LifecycleConfiguration.Rules: {key} is not known; local AWS knows {known}"
            )
    for key in ("Prefix", "TagFilters"):
        made.pop(key, None)
    return {**made, "Expiration": expiration} if expiration else made


def _notification(value: Properties) -> Properties:
    """Only EventBridge: use a rule to reach queues, topics and functions."""
    bridge = dict(value.get("EventBridgeConfiguration", {}))
    enabled = str(bridge.pop("EventBridgeEnabled", "true")).lower() == "true"
    others = sorted(value.keys() - {"EventBridgeConfiguration"}) or sorted(bridge)
    if others:
        raise PropertyRejected(
            f"NotificationConfiguration: {others[0]} is not known; local AWS knows "
            "EventBridgeConfiguration.EventBridgeEnabled, and rules on its events"
        )
    return {"NotificationConfiguration": {"EventBridgeConfiguration": {}} if enabled else {}}


def _as(name: str) -> Callable[[Any], Properties]:
    return lambda value: {name: value}


SETTINGS: dict[str, tuple[str, Callable[[Any], Properties], str]] = {
    "VersioningConfiguration": ("PutBucketVersioning", _as("VersioningConfiguration"), ""),
    "BucketEncryption": ("PutBucketEncryption", _encryption, "DeleteBucketEncryption"),
    "PublicAccessBlockConfiguration": (
        "PutPublicAccessBlock",
        _as("PublicAccessBlockConfiguration"),
        "DeletePublicAccessBlock",
    ),
    "OwnershipControls": (
        "PutBucketOwnershipControls",
        _as("OwnershipControls"),
        "DeleteBucketOwnershipControls",
    ),
    "LifecycleConfiguration": (
        "PutBucketLifecycleConfiguration",
        _lifecycle,
        "DeleteBucketLifecycle",
    ),
    "NotificationConfiguration": ("PutBucketNotificationConfiguration", _notification, ""),
    "Tags": ("PutBucketTagging", lambda tags: {"Tagging": {"TagSet": tags}}, "DeleteBucketTagging"),
}
"""Property -> the call that sets it, its request, and the call that removes it."""
TAKEN_BACK = {
    "VersioningConfiguration": {"Status": "Suspended"},
    "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": False}},
}
"""Values that mean none, for settings that no call removes."""


class Bucket(Kind):
    """A bucket with its settings."""

    type = "AWS::S3::Bucket"
    known = frozenset(SETTINGS) | {"BucketName"}
    named = "BucketName"

    def create(self, site: Site, properties: Properties) -> Made:
        name = properties.get("BucketName") or site.name(63, lower=True)
        region = site.local.region
        request: Properties = {"Bucket": name}
        if region != "us-east-1":
            request["CreateBucketConfiguration"] = {"LocationConstraint": region}
        site.call("s3", "CreateBucket", request)
        return Made(
            name,
            name,
            {
                "Arn": f"arn:aws:s3:::{name}",
                "DomainName": f"{name}.s3.amazonaws.com",
                "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
            },
        )

    def finish(self, site: Site, made: Made, properties: Properties) -> None:
        self.update(site, made, properties, {})

    def update(self, site: Site, made: Made, properties: Properties, old: Properties) -> Made:
        """Set what changed, and undo what the template no longer has."""
        for name, (put, request, take_back) in SETTINGS.items():
            value = properties.get(name)
            if value is None and name in old:
                if take_back:
                    site.call("s3", take_back, {"Bucket": made.physical})
                    continue
                value = TAKEN_BACK[name]
            if value is not None and value != old.get(name):
                site.call("s3", put, {"Bucket": made.physical, **request(value)})
        return made

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        """Refused, as on AWS, while the bucket holds anything."""
        site.remove("s3", "DeleteBucket", {"Bucket": made.physical})


class BucketPolicy(PutKind):
    """The policy of one bucket."""

    type = "AWS::S3::BucketPolicy"
    known = names("Bucket PolicyDocument")
    replacing = names("Bucket")

    def put(self, site: Site, name: str, properties: Properties, old: Properties) -> Made:
        policy = json_text(properties["PolicyDocument"])
        site.call("s3", "PutBucketPolicy", {"Bucket": properties["Bucket"], "Policy": policy})
        return Made(properties["Bucket"], properties["Bucket"], {})

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        site.remove("s3", "DeleteBucketPolicy", {"Bucket": made.physical})


KINDS = (Bucket(), BucketPolicy())
