"""What all parts of SageMaker share: ARNs, tags, events, refusals, time."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.running.service import Service
from ratchet.local_aws.shared.logs import LogStream

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Host

Request = dict[str, Any]
Answer = dict[str, Any]


def invalid(message: str) -> ServiceError:
    """AWS's error for an invalid request."""
    return ServiceError("ValidationException", message)


def unsupported(what: str) -> ServiceError:
    """Our error for what only AWS supports; `what` names it and the alternative."""
    return ServiceError("ValidationException", f"Not supported by local AWS: {what}")


def refuse_members(request: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Refuse members that would be ignored here (empty and false ones have no effect)."""
    for name in sorted(set(request) - set(known)):
        if request[name]:
            raise unsupported(f"{where} {name}={request[name]!r}; leave it out")


ENDPOINT = r"s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?"
S3_URI = re.compile(
    rf"s3://(?P<plain>[^/]+)(?:/(?P<key>.*))?"
    rf"|https://{ENDPOINT}/(?P<path>[^/]+)(?:/(?P<path_key>.*))?"
    rf"|https://(?P<host>[^/]+)\.{ENDPOINT}(?:/(?P<host_key>.*))?",
    re.DOTALL,
)
"""The API's types take https:// too, which notebooks of the first SDK wrote."""


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Bucket and key of an S3 URI; refuses anything else."""
    found = S3_URI.fullmatch(uri)
    if found is None:
        raise invalid(f"{uri!r} is not an S3 URI of the form s3://bucket/key")
    bucket = found["plain"] or found["path"] or found["host"]
    return bucket, found["key"] or found["path_key"] or found["host_key"] or ""


class SageMakerPart(Service):
    """A part of the service; one class that answers everything inherits all parts."""

    name = "sagemaker"
    model = "sagemaker"

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self._lock = threading.RLock()
        self._closing = False
        self._tags: dict[str, dict[str, str]] = {}
        self._folder = local.folder / "sagemaker"

    def _arn(self, kind: str, name: str) -> str:
        # In the ARN, AWS writes the name in lower case.
        where = f"{self.local.region}:{self.local.account}"
        return f"arn:aws:sagemaker:{where}:{kind}/{name.lower()}"

    def _now(self) -> datetime:
        return self.local.clock.now()

    def _log_stream(self, group: str, stream: str) -> LogStream:
        """SageMaker writes a tab as #011."""
        logs = self.local.client("logs")
        return LogStream(logs, group, stream, lambda line: line.replace("\t", "#011"))

    def _set_tags(self, arn: str, request: Request) -> None:
        self._tags[arn] = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}

    def _emit(self, kind: str, arn: str, detail: Mapping[str, Any]) -> None:
        """An event of the documented shape; times are epoch milliseconds as in AWS's examples."""
        if self._closing:
            return
        body = {**detail, "Tags": dict(self._tags.get(arn, {}))}
        plain = _event_value(body)
        self.local.emit("aws.sagemaker", f"SageMaker {kind} State Change", plain, [arn])

    def close(self) -> None:
        self._closing = True


class Tags(SageMakerPart):
    """AddTags, ListTags and DeleteTags, for all resources."""

    def add_tags(self, request: Request) -> Answer:
        with self._lock:
            tags = self._tags_of(request["ResourceArn"])
            tags.update({tag["Key"]: tag["Value"] for tag in request["Tags"]})
            return {"Tags": _tag_list(tags)}

    def list_tags(self, request: Request) -> Answer:
        with self._lock:
            return {"Tags": _tag_list(self._tags_of(request["ResourceArn"]))}

    def delete_tags(self, request: Request) -> Answer:
        with self._lock:
            tags = self._tags_of(request["ResourceArn"])
            for key in request["TagKeys"]:
                tags.pop(key, None)
        return {}

    def _tags_of(self, arn: str) -> dict[str, str]:
        if arn not in self._tags:
            raise invalid(f'Could not find resource "{arn}".')
        return self._tags[arn]


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _event_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if isinstance(value, Mapping):
        return {key: _event_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_event_value(item) for item in value]
    return value
