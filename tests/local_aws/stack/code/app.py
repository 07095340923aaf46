"""Notes each arrived key in the ledger."""

import json
import os

import boto3
import pydantic

ledger = boto3.resource("dynamodb").Table(os.environ["LEDGER"])


def handler(event, context):
    records = event.get("Records", [])
    for record in records:
        ledger.put_item(Item={"id": json.loads(record["body"])["key"]})
    return {"greeting": os.environ["GREETING"], "pydantic": pydantic.VERSION > "2", **event}
