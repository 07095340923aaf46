"""Amazon EventBridge, SNS and SQS."""

from __future__ import annotations

from ratchet.workflow.integrations.row import GUIDE, Error, Integration, Service, Target

EVENTS = Service(
    "events",
    "EventBridge",
    "events",
    "events",
    GUIDE + "connect-eventbridge.html",
    error=Error("EventBridge", "AmazonEventBridge"),
)
SNS = Service(
    "sns",
    "SNS",
    "sns",
    "sns",
    GUIDE + "connect-sns.html",
    error=Error("SNS", "AmazonSNS"),
)
SQS = Service(
    "sqs",
    "SQS",
    "sqs",
    "sqs",
    GUIDE + "connect-sqs.html",
    target=Target("QueueUrl", "sqs", "%s"),
    error=Error("SQS", "AmazonSQS"),
)

ROWS = (
    Integration(EVENTS, "putEvents", callback=True),
    Integration(SNS, "publish", callback=True, targets=(Target("TopicArn", "sns", "%s"),)),
    Integration(SQS, "sendMessage", callback=True),
)
