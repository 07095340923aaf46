"""Operations on a function's resource policy."""

from __future__ import annotations

import json
from typing import Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.lambda_.api.state import LambdaState
from ratchet.local_aws.lambda_.model import not_found, unsupported

UNSUPPORTED = ("EventSourceToken", "FunctionUrlAuthType", "InvokedViaFunctionUrl", "PrincipalOrgID")


class PermissionOperations(LambdaState):
    """One method per operation."""

    def add_permission(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add one statement to the policy."""
        function = self.function(request)
        for key in UNSUPPORTED:
            if request.get(key):
                raise unsupported(f"{key} of a Lambda permission: remove it")
        statement = _statement(function.arn, request)
        with self.lock:
            policy = self.policies.setdefault(function.name, {})
            if statement["Sid"] in policy:
                raise ServiceError(
                    "ResourceConflictException",
                    f"The statement id ({statement['Sid']}) provided already exists. Please "
                    "provide a new statement id, or remove the existing statement.",
                    409,
                )
            policy[statement["Sid"]] = statement
        return {"Statement": json.dumps(statement)}

    def get_policy(self, request: dict[str, Any]) -> dict[str, Any]:
        """The policy document."""
        function = self.function(request)
        statements = list(self.policies.get(function.name, {}).values())
        if not statements:
            raise not_found("The resource you requested does not exist.")
        policy = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
        return {"Policy": json.dumps(policy), "RevisionId": function.revision}

    def remove_permission(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove one statement."""
        function = self.function(request)
        with self.lock:
            found = self.policies.get(function.name, {}).pop(request["StatementId"], None)
        if found is None:
            raise not_found(f"Statement {request['StatementId']} is not found in resource policy.")
        return {}


def _statement(function_arn: str, request: dict[str, Any]) -> dict[str, Any]:
    principal = request["Principal"]
    kind = "Service" if principal.endswith(".amazonaws.com") else "AWS"
    statement: dict[str, Any] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": {kind: principal},
        "Action": request["Action"],
        "Resource": function_arn,
    }
    conditions: dict[str, dict[str, str]] = {}
    if request.get("SourceAccount"):
        conditions["StringEquals"] = {"AWS:SourceAccount": request["SourceAccount"]}
    if request.get("SourceArn"):
        conditions["ArnLike"] = {"AWS:SourceArn": request["SourceArn"]}
    return {**statement, "Condition": conditions} if conditions else statement
