"""Endpoints: names for serving containers, which can be replaced without a failed request.

Statuses, texts and refusals are SageMaker's. An update starts the new container next to the old;
the old one answers until the new one answers ping, then finishes its requests and ends.
"""

from __future__ import annotations

import logging
import shutil
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ratchet.local_aws.sagemaker.base import (
    Answer,
    Request,
    invalid,
    refuse_members,
)
from ratchet.local_aws.sagemaker.listing import page, summary
from ratchet.local_aws.sagemaker.models import Models
from ratchet.local_aws.sagemaker.pipeline import Pipeline
from ratchet.local_aws.sagemaker.placing import NoCode, place
from ratchet.local_aws.sagemaker.serving import ServingFailed

if TYPE_CHECKING:
    from pathlib import Path

    from ratchet.local_aws.running.host import Host
    from ratchet.local_aws.shared.logs import LogStream

log = logging.getLogger(__name__)

LOG_GROUP = "/aws/sagemaker/Endpoints"
SUMMARY = ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")
EVENT_STATUS = {
    "Creating": "CREATING",
    "InService": "IN_SERVICE",
    "Updating": "UPDATING",
    "Deleting": "DELETING",
    "Failed": "FAILED",
}
"""Events spell the status differently from DescribeEndpoint."""


@dataclass
class Endpoint:
    """One endpoint. `config` is the configuration being served; `serving` its container."""

    name: str
    arn: str
    record: dict[str, Any]
    config: Answer
    serving: Pipeline | None = None

    @property
    def status(self) -> str:
        return str(self.record["EndpointStatus"])

    @property
    def variant(self) -> Answer:
        variant: Answer = self.config["ProductionVariants"][0]
        return variant


class Endpoints(Models):
    """CreateEndpoint, UpdateEndpoint, DeleteEndpoint and their reading operations."""

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self._endpoints: dict[str, Endpoint] = {}
        self._dead: set[Pipeline] = set()

    def create_endpoint(self, request: Request) -> Answer:
        refuse_members(request, ("EndpointName", "EndpointConfigName", "Tags"), "CreateEndpoint")
        name = request["EndpointName"]
        arn = self._arn("endpoint", name)
        with self._lock:
            if name in self._endpoints:
                raise invalid(f'Cannot create already existing endpoint "{arn}".')
            config = self._servable(request["EndpointConfigName"])
            now = self._now()
            record = {
                "EndpointName": name,
                "EndpointArn": arn,
                "EndpointStatus": "Creating",
                "CreationTime": now,
                "LastModifiedTime": now,
            }
            endpoint = self._endpoints[name] = Endpoint(name, arn, record, config)
            self._set_tags(arn, request)
        self._announce(endpoint)
        self._in_background(endpoint, config, self._created)
        return {"EndpointArn": arn}

    def update_endpoint(self, request: Request) -> Answer:
        known = ("EndpointName", "EndpointConfigName")
        refuse_members(request, known, "UpdateEndpoint")
        with self._lock:
            endpoint = self._endpoint(request["EndpointName"])
            _check_updatable(endpoint)
            config = self._servable(request["EndpointConfigName"])
            _check_change(endpoint, config)
            self._set_status(endpoint, "Updating")
        self._announce(endpoint)
        self._in_background(endpoint, config, self._updated)
        return {"EndpointArn": endpoint.arn}

    def describe_endpoint(self, request: Request) -> Answer:
        with self._lock:
            return self._describe(self._endpoint(request["EndpointName"]))

    def list_endpoints(self, request: Request) -> Answer:
        with self._lock:
            records = [dict(endpoint.record) for endpoint in self._endpoints.values()]
        filters = {"StatusEquals": lambda record, value: record["EndpointStatus"] == value}
        found, more = page(records, request, name="EndpointName", filters=filters)
        return {"Endpoints": [summary(record, SUMMARY) for record in found], **more}

    def delete_endpoint(self, request: Request) -> Answer:
        with self._lock:
            endpoint = self._endpoint(request["EndpointName"])
            if endpoint.status in ("Creating", "Updating"):
                raise invalid(f'Cannot update in-progress endpoint "{endpoint.arn}".')
            self._set_status(endpoint, "Deleting")
        self._announce(endpoint)
        with self._lock:
            self._endpoints.pop(endpoint.name, None)
            self._tags.pop(endpoint.arn, None)
        if endpoint.serving is not None:
            endpoint.serving.retire()
        return {}

    def endpoints_summary(self) -> dict[str, dict[str, str | None]]:
        """What each endpoint serves; the SHA-256 is that of the bytes its process loaded."""
        with self._lock:
            return {
                endpoint.name: {
                    "config": endpoint.config["EndpointConfigName"],
                    "model": endpoint.variant["ModelName"],
                    "artifact_sha256": endpoint.serving.sha256 if endpoint.serving else None,
                    "status": endpoint.status,
                }
                for endpoint in self._endpoints.values()
            }

    def serving_endpoint(self, name: str) -> Endpoint | None:
        """The endpoint if it can answer now, with one more request counted for its container.

        The caller must call `endpoint.serving.leave()`. It is a copy, so that an update does not
        replace the container while the caller uses it.
        """
        with self._lock:
            endpoint = self._endpoints.get(name)
            if endpoint is None or endpoint.serving is None or not endpoint.serving.enter():
                return None
            return Endpoint(name, endpoint.arn, endpoint.record, endpoint.config, endpoint.serving)

    def revive(self, name: str, dead: Pipeline) -> None:
        """Replace a container whose process ended by itself, as SageMaker does."""
        with self._lock:
            endpoint = self._endpoints.get(name)
            gone = not dead.alive() and not self._closing
            if endpoint is None or endpoint.serving is not dead or not gone or dead in self._dead:
                return
            self._dead.add(dead)
        log.warning("the container of endpoint %s ended; starting another", name)

        def revived(_: Endpoint, __: Answer, serving: Pipeline | None, ___: str | None) -> None:
            with self._lock:
                self._dead.discard(dead)
                current = self._endpoints.get(name) is endpoint and endpoint.serving is dead
                if serving is not None and current and not self._closing:
                    endpoint.serving, serving = serving, None
                    dead.retire()
            if serving is not None:
                serving.kill()

        self._in_background(endpoint, endpoint.config, revived)

    def close(self) -> None:
        super().close()
        with self._lock:
            servings = [endpoint.serving for endpoint in self._endpoints.values()]
        for serving in servings:
            if serving is not None:
                serving.kill()

    # Containers

    def _servable(self, name: str) -> Answer:
        config = self._config(name)
        self._model(config["ProductionVariants"][0]["ModelName"])
        return dict(config)

    def _in_background(self, endpoint: Endpoint, config: Answer, then: Any) -> None:
        def work() -> None:
            try:
                serving = self._serve(endpoint, config)
            except ServingFailed as error:
                then(endpoint, config, None, self._reason(config, error))
            except (BotoCoreError, ClientError, OSError, RuntimeError) as error:
                then(endpoint, config, None, f"{type(error).__name__}: {error}")
            else:
                then(endpoint, config, serving, None)

        threading.Thread(target=work, name=endpoint.arn, daemon=True).start()

    def _serve(self, endpoint: Endpoint, config: Answer) -> Pipeline:
        folder = self._folder / "endpoint" / endpoint.name / uuid.uuid4().hex[:8]
        try:
            return self._serve_from(folder, endpoint, config["ProductionVariants"][0])
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, NoCode):
                raise ServingFailed(str(error)) from error
            raise

    def _serve_from(self, folder: Path, endpoint: Endpoint, variant: Answer) -> Pipeline:
        placed = place(self.local.client("s3"), self._model(variant["ModelName"]), folder)
        stream = f"{variant['VariantName']}/i-{folder.name}"

        def log_of(container: str) -> LogStream:
            own = f"{stream}/{container}" if placed[1:] else stream
            return self._log_stream(f"{LOG_GROUP}/{endpoint.name}", own)

        return Pipeline(self.local, placed, log_of)

    def _reason(self, config: Answer, error: ServingFailed) -> str:
        variant = config["ProductionVariants"][0]
        if error.archive:
            return f'Failed to extract model data archive from URL "{error.archive}": {error}.'
        return (
            f"The primary container for production variant {variant['VariantName']} did not pass "
            f"the ping health check. Please check CloudWatch logs for this endpoint. ({error})"
        )

    def _created(
        self, endpoint: Endpoint, _: Answer, serving: Pipeline | None, reason: str | None
    ) -> None:
        with self._lock:
            endpoint.serving = serving
            if reason is None:
                self._set_status(endpoint, "InService")
            else:
                self._set_status(endpoint, "Failed", FailureReason=reason)
        self._after_change(endpoint)

    def _updated(
        self, endpoint: Endpoint, config: Answer, serving: Pipeline | None, reason: str | None
    ) -> None:
        old = None
        with self._lock:
            if serving is None:
                self._set_status(endpoint, "InService", FailureReason=reason)
            else:
                old, endpoint.serving, endpoint.config = endpoint.serving, serving, config
                endpoint.record.pop("FailureReason", None)
                self._set_status(endpoint, "InService")
        if old is not None:
            old.retire()
        self._after_change(endpoint)

    def _after_change(self, endpoint: Endpoint) -> None:
        if self._closing and endpoint.serving is not None:
            endpoint.serving.kill()
        self._announce(endpoint)

    # Records

    def _endpoint(self, name: str) -> Endpoint:
        endpoint = self._endpoints.get(name)
        if endpoint is None:
            raise invalid(f'Could not find endpoint "{self._arn("endpoint", name)}".')
        return endpoint

    def _set_status(self, endpoint: Endpoint, status: str, **changes: Any) -> None:
        endpoint.record |= {
            "EndpointStatus": status,
            "LastModifiedTime": self._now(),
            **changes,
        }

    def _describe(self, endpoint: Endpoint) -> Answer:
        described = {
            **endpoint.record,
            "EndpointConfigName": endpoint.config["EndpointConfigName"],
        }
        if endpoint.serving is not None:
            described["ProductionVariants"] = [_variant_summary(endpoint)]
        return described

    def _announce(self, endpoint: Endpoint) -> None:
        with self._lock:
            detail = self._describe(endpoint)
        detail["EndpointStatus"] = EVENT_STATUS[detail["EndpointStatus"]]
        self._emit("Endpoint", endpoint.arn, detail)


def _check_updatable(endpoint: Endpoint) -> None:
    if endpoint.status in ("Creating", "Updating", "Deleting"):
        raise invalid(f'Cannot update in-progress endpoint "{endpoint.arn}".')
    if endpoint.status != "InService":
        raise invalid(
            f'Cannot update endpoint "{endpoint.arn}" in status {endpoint.status}: a Failed '
            "endpoint can only be deleted."
        )


def _check_change(endpoint: Endpoint, config: Answer) -> None:
    if config["EndpointConfigName"] == endpoint.config["EndpointConfigName"]:
        raise invalid(
            f'Cannot update endpoint "{endpoint.arn}" with the endpoint configuration that it '
            f'already uses, "{config["EndpointConfigArn"]}".'
        )
    new = config["ProductionVariants"][0]
    if ("ServerlessConfig" in new) != ("ServerlessConfig" in endpoint.variant):
        raise invalid(
            f'Cannot update endpoint "{endpoint.arn}": an endpoint cannot change between '
            "serverless and instance-based; delete it and create it again."
        )


def _variant_summary(endpoint: Endpoint) -> Answer:
    variant = endpoint.variant
    weight = variant.get("InitialVariantWeight", 1.0)
    described: Answer = {
        "VariantName": variant["VariantName"],
        "CurrentWeight": weight,
        "DesiredWeight": weight,
    }
    if "ServerlessConfig" in variant:
        described["CurrentServerlessConfig"] = variant["ServerlessConfig"]
        described["CurrentInstanceCount"] = 0
    else:
        described["CurrentInstanceCount"] = variant["InitialInstanceCount"]
        described["DesiredInstanceCount"] = variant["InitialInstanceCount"]
    return described
