"""Amazon DynamoDB."""

from __future__ import annotations

from ratchet.workflow.integrations.row import GUIDE, Error, Integration, Service, Target

DYNAMODB = Service(
    "dynamodb",
    "DynamoDB",
    "dynamodb",
    "dynamodb",
    GUIDE + "connect-ddb.html",
    target=Target("TableName", "dynamodb", "table/%s"),
    error=Error("DynamoDB", "AmazonDynamoDB"),
)

ROWS = tuple(
    Integration(DYNAMODB, action) for action in ("getItem", "putItem", "deleteItem", "updateItem")
)
