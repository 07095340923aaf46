"""SQS queues and SNS topics with their policies and subscriptions."""

# ruff: noqa: ARG002  the kinds share their signatures
from __future__ import annotations

from ratchet.local_aws.cloudformation.intrinsics import text
from ratchet.local_aws.cloudformation.kinds.base import (
    Kind,
    Made,
    Properties,
    PutKind,
    Site,
    json_text,
    names,
)

QUEUE_DEFAULTS = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
    "RedrivePolicy": "",
    "RedriveAllowPolicy": "",
    "KmsMasterKeyId": "",
    "KmsDataKeyReusePeriodSeconds": "300",
    "SqsManagedSseEnabled": "true",
}
"""The value of an attribute that is removed from the template."""


def _tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: text(tag["Value"]) for tag in properties.get("Tags", [])}


def _attributes(properties: Properties, known: frozenset[str]) -> dict[str, str]:
    """Attributes as SQS and SNS take them: all as text, documents as JSON."""
    return {
        key: json_text(value) if isinstance(value, dict) else text(value)
        for key, value in properties.items()
        if key in known
    }


class Queue(Kind):
    """An SQS queue; local AWS has standard ones."""

    type = "AWS::SQS::Queue"
    attributes = frozenset(QUEUE_DEFAULTS)
    known = attributes | names("QueueName Tags")
    named = "QueueName"

    def create(self, site: Site, properties: Properties) -> Made:
        name = properties.get("QueueName") or site.name(80)
        url = site.call(
            "sqs",
            "CreateQueue",
            {
                "QueueName": name,
                "Attributes": _attributes(properties, self.attributes),
                "tags": _tags(properties),
            },
        )["QueueUrl"]
        return Made(url, url, {"Arn": site.arn("sqs", name), "QueueName": name, "QueueUrl": url})

    def update(self, site: Site, made: Made, properties: Properties, old: Properties) -> Made:
        """Set every attribute that the template has or had."""
        vanished = {k: v for k, v in QUEUE_DEFAULTS.items() if k in old and k not in properties}
        changed = {**vanished, **_attributes(properties, self.attributes)}
        site.call("sqs", "SetQueueAttributes", {"QueueUrl": made.physical, "Attributes": changed})
        gone = sorted(_tags(old).keys() - _tags(properties).keys())
        if gone:
            site.call("sqs", "UntagQueue", {"QueueUrl": made.physical, "TagKeys": gone})
        if properties.get("Tags"):
            site.call("sqs", "TagQueue", {"QueueUrl": made.physical, "Tags": _tags(properties)})
        return made

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        site.remove("sqs", "DeleteQueue", {"QueueUrl": made.physical})


class QueuePolicy(PutKind):
    """One policy for several queues."""

    type = "AWS::SQS::QueuePolicy"
    known = names("Queues PolicyDocument")

    def put(self, site: Site, name: str, properties: Properties, old: Properties) -> Made:
        """Set it on every queue, and remove it from those that left the list."""
        policy = json_text(properties["PolicyDocument"])
        for url in properties["Queues"]:
            self._set(site, url, policy)
        for url in old.get("Queues", []):
            if url not in properties["Queues"]:
                self._set(site, url, "")
        return Made(name, name, {"Id": name})

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        for url in properties["Queues"]:
            request = {"QueueUrl": url, "Attributes": {"Policy": ""}}
            site.remove("sqs", "SetQueueAttributes", request)

    def _set(self, site: Site, url: str, policy: str) -> None:
        site.call("sqs", "SetQueueAttributes", {"QueueUrl": url, "Attributes": {"Policy": policy}})


class Topic(Kind):
    """An SNS topic with the subscriptions it lists."""

    type = "AWS::SNS::Topic"
    attributes = names("DisplayName KmsMasterKeyId FifoTopic ContentBasedDeduplication")
    known = attributes | names("TopicName Subscription Tags")
    named = "TopicName"
    replacing = names("FifoTopic Tags")

    def create(self, site: Site, properties: Properties) -> Made:
        fifo = text(properties.get("FifoTopic", "false")) == "true"
        name = properties.get("TopicName") or site.name(250) + (".fifo" if fifo else "")
        request: Properties = {
            "Name": name,
            "Attributes": _attributes(properties, self.attributes),
            "Tags": properties.get("Tags", []),
        }
        arn = site.call("sns", "CreateTopic", request)["TopicArn"]
        return Made(arn, arn, {"TopicArn": arn, "TopicName": name})

    def finish(self, site: Site, made: Made, properties: Properties) -> None:
        self._subscribe(site, made.physical, properties, {})

    def update(self, site: Site, made: Made, properties: Properties, old: Properties) -> Made:
        for key in sorted(self.attributes & (old.keys() | properties.keys())):
            if properties.get(key) != old.get(key):
                value = _attributes(properties, self.attributes).get(key, "")
                request = {"TopicArn": made.physical, "AttributeName": key, "AttributeValue": value}
                site.call("sns", "SetTopicAttributes", request)
        self._subscribe(site, made.physical, properties, old)
        return made

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        site.remove("sns", "DeleteTopic", {"TopicArn": made.physical})

    def _subscribe(self, site: Site, arn: str, properties: Properties, old: Properties) -> None:
        wanted, had = properties.get("Subscription", []), old.get("Subscription", [])
        for each in wanted:
            if each not in had:
                site.call("sns", "Subscribe", {"TopicArn": arn, **each})
        if all(each in wanted for each in had):
            return
        listed = site.call("sns", "ListSubscriptionsByTopic", {"TopicArn": arn})["Subscriptions"]
        for each in listed:
            pair = {"Endpoint": each["Endpoint"], "Protocol": each["Protocol"]}
            if pair in had and pair not in wanted:
                request = {"SubscriptionArn": each["SubscriptionArn"]}
                site.remove("sns", "Unsubscribe", request)


class TopicPolicy(PutKind):
    """One policy for several topics."""

    type = "AWS::SNS::TopicPolicy"
    known = names("Topics PolicyDocument")
    replacing = names("Topics")

    def put(self, site: Site, name: str, properties: Properties, old: Properties) -> Made:
        for arn in properties["Topics"]:
            policy = json_text(properties["PolicyDocument"])
            request = {"TopicArn": arn, "AttributeName": "Policy", "AttributeValue": policy}
            site.call("sns", "SetTopicAttributes", request)
        return Made(name, name, {"Id": name})

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        """Go back to the policy that every topic has: its owner may use it."""
        for arn in properties["Topics"]:
            owner = {"StringEquals": {"AWS:SourceOwner": site.local.account}}
            statement = {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["SNS:Publish", "SNS:Subscribe"],
                "Resource": arn,
                "Condition": owner,
            }
            policy = json_text({"Version": "2008-10-17", "Statement": [statement]})
            request = {"TopicArn": arn, "AttributeName": "Policy", "AttributeValue": policy}
            site.remove("sns", "SetTopicAttributes", request)


class Subscription(Kind):
    """A separate subscription."""

    type = "AWS::SNS::Subscription"
    attributes = names("FilterPolicy FilterPolicyScope RawMessageDelivery RedrivePolicy")
    known = attributes | names("TopicArn Protocol Endpoint")
    replacing = known

    def create(self, site: Site, properties: Properties) -> Made:
        request = {
            "TopicArn": properties["TopicArn"],
            "Protocol": properties["Protocol"],
            "Endpoint": properties["Endpoint"],
            "Attributes": _attributes(properties, self.attributes),
            "ReturnSubscriptionArn": True,
        }
        arn = site.call("sns", "Subscribe", request)["SubscriptionArn"]
        return Made(arn, arn, {"Arn": arn})

    def delete(self, site: Site, made: Made, properties: Properties) -> None:
        site.remove("sns", "Unsubscribe", {"SubscriptionArn": made.physical})


KINDS = (Queue(), QueuePolicy(), Topic(), TopicPolicy(), Subscription())
