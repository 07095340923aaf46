"""SageMaker endpoints, their configs and models: what serves now, and one question to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from retraining.adapters.ownership import Ownership
from retraining.adapters.registry import missing
from retraining.algorithms.algorithm import CONTENT_TYPE
from retraining.rules.promotion import EndpointFacts


class Endpoints:
    """Endpoints by name."""

    def __init__(self, sagemaker: Any, runtime: Callable[[], Any], ownership: Ownership) -> None:
        self._sagemaker, self._runtime, self._ownership = sagemaker, runtime, ownership

    def status(self, name: str) -> EndpointFacts:
        """Status and config of an endpoint; no status when there is none."""
        answer = self._described(self._sagemaker.describe_endpoint, EndpointName=name)
        return EndpointFacts() if answer is None else _facts(answer)

    def facts(self, name: str) -> EndpointFacts:
        """The same, with the models and the kind that its config names.

        Whoever changes an endpoint asks this first: NotOurs for one that somebody else made.
        """
        seen = self._ours(name)
        if seen.config is None:
            return seen
        config = self._described(
            self._sagemaker.describe_endpoint_config, EndpointConfigName=seen.config
        )
        variants = (config or {}).get("ProductionVariants", [])
        return EndpointFacts(
            seen.status,
            seen.config,
            tuple(variant["ModelName"] for variant in variants),
            all("ServerlessConfig" in variant for variant in variants) if variants else None,
            seen.reason,
        )

    def _ours(self, name: str) -> EndpointFacts:
        """Status and config of an endpoint that is ours; one may go between the two questions."""
        answer = self._described(self._sagemaker.describe_endpoint, EndpointName=name)
        if answer is None:
            return EndpointFacts()
        try:
            self._ownership.require("endpoint", name, answer["EndpointArn"])
        except ClientError as error:
            if missing(error):
                return EndpointFacts()
            raise
        return _facts(answer)

    def _described(self, operation: Any, **request: str) -> dict[str, Any] | None:
        try:
            answer: dict[str, Any] = operation(**request)
        except ClientError as error:
            if missing(error):
                return None
            raise
        return answer

    def ask(self, name: str, rows: list[str]) -> str:
        """The answer to some rows, as the endpoint wrote it."""
        answer = self._runtime().invoke_endpoint(
            EndpointName=name,
            ContentType=CONTENT_TYPE,
            Accept=CONTENT_TYPE,
            Body="\n".join(rows).encode(),
        )
        return str(answer["Body"].read().decode("utf-8", "replace"))

    def delete_unused(self, config: str, model: str) -> None:
        """Delete a config and a model that are ours; one that is already gone is fine."""
        aws = self._sagemaker
        if found := self._described(aws.describe_endpoint_config, EndpointConfigName=config):
            self._ownership.require("endpoint config", config, found["EndpointConfigArn"])
            self._described(aws.delete_endpoint_config, EndpointConfigName=config)
        if found := self._described(aws.describe_model, ModelName=model):
            self._ownership.require("model", model, found["ModelArn"])
            self._described(aws.delete_model, ModelName=model)


def _facts(answer: dict[str, Any]) -> EndpointFacts:
    return EndpointFacts(
        answer["EndpointStatus"],
        answer.get("EndpointConfigName"),
        reason=answer.get("FailureReason"),
    )
