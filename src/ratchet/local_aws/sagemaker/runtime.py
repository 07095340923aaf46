"""SageMaker's runtime: InvokeEndpoint, through to the serving container."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import urllib3.exceptions

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.running.service import Service
from ratchet.local_aws.sagemaker.base import Answer, Request, refuse_members

if TYPE_CHECKING:
    from ratchet.local_aws.sagemaker.endpoints import Endpoint, Endpoints
    from ratchet.local_aws.sagemaker.pipeline import Pipeline
    from ratchet.local_aws.sagemaker.serving import Reply

MEGABYTE = 1024**2
MAX_BODY = 6 * MEGABYTE
MAX_SERVERLESS_BODY = 4 * MEGABYTE
TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the "
    "latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)
REQUEST = (
    "EndpointName", "Body", "ContentType", "Accept", "CustomAttributes", "InferenceId",
    "TargetVariant",
)  # fmt: skip


class SageMakerRuntime(Service):
    """The operations that answer with predictions."""

    name = "sagemaker"
    model = "sagemaker-runtime"

    def invoke_endpoint(self, request: Request) -> Answer:
        refuse_members(request, REQUEST, "InvokeEndpoint")
        endpoint = self._endpoints().serving_endpoint(request["EndpointName"])
        if endpoint is None or endpoint.serving is None:
            raise ServiceError(
                "ValidationError",
                f"Endpoint {request['EndpointName']} of account {self.local.account} not found.",
            )
        try:
            _check(endpoint, endpoint.serving, request)
            return self._invoke(endpoint, endpoint.serving, request)
        finally:
            endpoint.serving.leave()

    def _endpoints(self) -> Endpoints:
        return cast("Endpoints", self.local.services["sagemaker"])

    def _invoke(self, endpoint: Endpoint, serving: Pipeline, request: Request) -> Answer:
        headers = {"Accept": request.get("Accept", "*/*")}
        if "ContentType" in request:
            headers["Content-Type"] = request["ContentType"]
        try:
            reply = serving.invoke(_body(request), headers)
        except urllib3.exceptions.ReadTimeoutError as error:
            raise self._model_error(endpoint, 0, TIMED_OUT) from error
        except urllib3.exceptions.HTTPError as error:
            self._endpoints().revive(endpoint.name, serving)
            raise self._model_error(endpoint, 500, f"the container has ended: {error}") from error
        if reply.status >= 300:
            raise self._model_error(endpoint, reply.status, _text(reply), reply.container)
        return {
            "Body": reply.body,
            "ContentType": reply.content_type,
            "InvokedProductionVariant": endpoint.variant["VariantName"],
        }

    def _model_error(
        self, endpoint: Endpoint, status: int, message: str, container: str = "primary"
    ) -> ServiceError:
        region, group = self.local.region, f"/aws/sagemaker/Endpoints/{endpoint.name}"
        kind = "client" if 400 <= status < 500 else "server"
        where = (
            f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
            f"#logEventViewer:group={group}"
        )
        return ServiceError(
            "ModelError",
            f'Received {kind} error ({status}) from {container} with message "{message}". '
            f"See {where} in account {self.local.account} for more information.",
            424,
            {
                "OriginalStatusCode": status,
                "OriginalMessage": message,
                "LogStreamArn": f"arn:aws:logs:{region}:{self.local.account}:log-group:{group}",
            },
        )


def _body(request: Request) -> bytes:
    body = request.get("Body", b"")
    return bytes(body) if isinstance(body, bytes | bytearray) else str(body).encode()


def _text(reply: Reply) -> str:
    return reply.body.decode(errors="replace")


def _check(endpoint: Endpoint, serving: Pipeline, request: Request) -> None:
    variant = endpoint.variant
    target = request.get("TargetVariant", variant["VariantName"])
    if target != variant["VariantName"]:
        raise ServiceError(
            "ValidationError",
            f"Variant {target} not found for Endpoint {endpoint.name}; it has "
            f"{variant['VariantName']}.",
        )
    serverless = variant.get("ServerlessConfig")
    limit = MAX_SERVERLESS_BODY if serverless else MAX_BODY
    if len(_body(request)) > limit:
        raise ServiceError("ValidationError", f"HTTP content length exceeded {limit} bytes.", 413)
    if serverless and serving.asked > serverless["MaxConcurrency"]:
        raise ServiceError(
            "ThrottlingException",
            f"Endpoint {endpoint.name} answers {serverless['MaxConcurrency']} requests at once "
            "(MaxConcurrency of its ServerlessConfig); try again later.",
            429,
        )
