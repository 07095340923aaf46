"""AWS Lambda."""

from __future__ import annotations

from ratchet.workflow.integrations.row import GUIDE, Error, Integration, Service, Target

LAMBDA = Service(
    "lambda",
    "Lambda",
    "lambda",
    "lambda",
    GUIDE + "connect-lambda.html",
    target=Target("FunctionName", "lambda", "function:%s", suffixes=("", ":*")),
    error=Error("Lambda", "AWSLambda"),
)

ROWS = (Integration(LAMBDA, "invoke", callback=True, permissions=("lambda:InvokeFunction",)),)
