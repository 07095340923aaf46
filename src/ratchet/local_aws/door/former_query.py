"""SQS as it spoke before it spoke JSON: older SDKs still send the query protocol.

botocore's model of today has lost the names that fields have on that wire. They are those of the
API reference's examples, which show requests and answers of both protocols.
"""

from __future__ import annotations

import copy
from typing import Any

from botocore.model import ServiceModel

_MEMBERS = {
    "AWSAccountIds": "AWSAccountId",
    "Actions": "ActionName",
    "AttributeNames": "AttributeName",
    "Attributes": "Attribute",
    "Failed": "BatchResultErrorEntry",
    "MessageAttributeNames": "MessageAttributeName",
    "MessageAttributes": "MessageAttribute",
    "MessageSystemAttributeNames": "MessageSystemAttributeName",
    "MessageSystemAttributes": "MessageSystemAttribute",
    "Messages": "Message",
    "QueueUrls": "QueueUrl",
    "TagKeys": "TagKey",
    "Tags": "Tag",
    "queueUrls": "QueueUrl",
    "tags": "Tag",
}
"""Members whose fields are called after one item."""
_CALLED_AFTER_THE_ITEM = ("Entries", "Successful")
"""Members whose fields are called after the shape of an item."""


def former_query_model(description: dict[str, Any]) -> ServiceModel:
    """The model of SQS with the query protocol, from botocore's description of the JSON one."""
    made = copy.deepcopy(description)
    metadata, shapes = made["metadata"], made["shapes"]
    metadata.update(protocol="query", protocols=["query"])
    metadata["xmlNamespace"] = "http://queue.amazonaws.com/doc/2012-11-05/"
    for shape in shapes.values():
        for name, member in shape.get("members", {}).items():
            if name in _MEMBERS:
                member["locationName"] = _MEMBERS[name]
            elif name in _CALLED_AFTER_THE_ITEM:
                member["locationName"] = shapes[member["shape"]]["member"]["shape"]
        if shape["type"] == "map":
            is_tags = shape["key"]["shape"] == "TagKey"
            shape["key"]["locationName"] = "Key" if is_tags else "Name"
            shape["value"]["locationName"] = "Value"
    for name, operation in made["operations"].items():
        if "output" in operation:
            operation["output"]["resultWrapper"] = f"{name}Result"
    return ServiceModel(made, metadata["endpointPrefix"])
