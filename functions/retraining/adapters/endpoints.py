"""SageMaker endpoints, their configs and models: what serves now, and one question to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from botocore import exceptions
from botocore.exceptions import ClientError

from retraining.adapters.clients import code, message
from retraining.adapters.ownership import Ownership
from retraining.adapters.registry import missing
from retraining.algorithms.algorithm import CONTENT_TYPE
from retraining.errors import EndpointLimitReached, EndpointNotReady
from retraining.rules.promotion import EndpointFacts

THROTTLED: Final = 429  # also ModelNotReadyException: serverless resources on their way
INTERNAL: Final = 500  # and above; an error of the container itself is 424 (InvokeEndpoint, Errors)
MEANWHILE: Final = ("already existing", "in-progress")
"""What a refusal says when another request, perhaps our own first, was there before."""


class Endpoints:
    """Endpoints by name."""

    def __init__(self, sagemaker: Any, runtime: Callable[[], Any], ownership: Ownership) -> None:
        self._sagemaker, self._runtime, self._ownership = sagemaker, runtime, ownership

    def status(self, name: str) -> EndpointFacts:
        """Status and config of an endpoint; no status when there is none."""
        with _asked_again():
            answer = self._described(self._sagemaker.describe_endpoint, EndpointName=name)
        return EndpointFacts() if answer is None else _facts(answer)

    def facts(self, name: str) -> EndpointFacts:
        """The same, with the models and the kind that its config names.

        Whoever changes an endpoint asks this first: NotOurs for one that somebody else made.
        """
        with _asked_again():
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

    def ensure_config(
        self, name: str, variants: tuple[dict[str, Any], ...], tags: list[dict[str, str]]
    ) -> None:
        """Make an endpoint config, unless an earlier attempt has."""
        with _asked_again():
            found = self._described(
                self._sagemaker.describe_endpoint_config, EndpointConfigName=name
            )
            if found is None:
                self._sagemaker.create_endpoint_config(
                    EndpointConfigName=name, ProductionVariants=list(variants), Tags=tags
                )
            else:
                self._ownership.require("endpoint config", name, found["EndpointConfigArn"])

    def create(self, name: str, config: str, tags: list[dict[str, str]]) -> None:
        """Ask for an endpoint of this config."""
        with _asked_again():
            self._sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config, Tags=tags)

    def update(self, name: str, config: str) -> None:
        """Ask for another config of an endpoint."""
        with _asked_again():
            self._sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)

    def delete(self, name: str) -> None:
        """Ask for an endpoint's deletion; one that is already gone is fine."""
        with _asked_again():
            self._described(self._sagemaker.delete_endpoint, EndpointName=name)

    def delete_config(self, name: str) -> None:
        """Delete a config that is ours; one that is already gone is fine."""
        aws = self._sagemaker
        with _asked_again():
            if found := self._described(aws.describe_endpoint_config, EndpointConfigName=name):
                self._ownership.require("endpoint config", name, found["EndpointConfigArn"])
                self._described(aws.delete_endpoint_config, EndpointConfigName=name)

    def ask(self, name: str, rows: list[str]) -> str:
        """The answer to some rows, as the endpoint wrote it."""
        with _asked_again():
            answer = self._runtime().invoke_endpoint(
                EndpointName=name,
                ContentType=CONTENT_TYPE,
                Accept=CONTENT_TYPE,
                Body="\n".join(rows).encode(),
            )
            return str(answer["Body"].read().decode("utf-8", "replace"))

    def delete_unused(self, config: str, model: str) -> None:
        """Delete a config and a model that are ours; one that is already gone is fine."""
        self.delete_config(config)
        self.delete_model(model)

    def delete_model(self, model: str) -> None:
        """Delete a model that is ours; one that is already gone is fine."""
        aws = self._sagemaker
        if found := self._described(aws.describe_model, ModelName=model):
            self._ownership.require("model", model, found["ModelArn"])
            self._described(aws.delete_model, ModelName=model)


def _facts(answer: dict[str, Any]) -> EndpointFacts:
    return EndpointFacts(
        answer["EndpointStatus"],
        answer.get("EndpointConfigName"),
        reason=answer.get("FailureReason"),
    )


@contextmanager
def _asked_again() -> Iterator[None]:
    """What SageMaker refuses for the moment as EndpointNotReady: whoever asks again looks first.

    So does a reply that was lost: the request may have been carried out.
    """
    try:
        yield
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        raise EndpointNotReady(f"SageMaker did not answer ({error}): asking again") from error
    except ClientError as error:
        if code(error) == "ResourceLimitExceeded":
            raise EndpointLimitReached(message(error)) from error
        if _passing(error):
            said = f"{code(error)}: {message(error)}"
            raise EndpointNotReady(f"SageMaker answers {said}: asking again") from error
        raise


def _passing(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    busy = status == THROTTLED or status >= INTERNAL or code(error) == "ThrottlingException"
    return busy or any(words in message(error) for words in MEANWHILE)
