"""Watches S3 requests on their way to moto, and reports each change of an object to EventBridge.

A bucket's EventBridge setting is kept here: moto, whose events differ from AWS's, must not send
any. Shapes: "EventBridge event message structure" in S3's user guide.
"""

from __future__ import annotations

import io
import json
import threading
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, unquote_to_bytes
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from ratchet.local_aws.door.gateway import read_body, replay, send
from ratchet.local_aws.door.protocol import Reply
from ratchet.local_aws.s3.requests import (
    NAMESPACE,
    Deletion,
    S3Request,
    local_name,
    parse,
    read_deletions,
    read_failed_keys,
    read_request,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

Environ = dict[str, Any]

EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"
"""The ETag of a delete marker in S3's sample event."""
_CONDITIONS = ("HTTP_IF_", "HTTP_RANGE", "HTTP_X_AMZ_COPY_SOURCE", "HTTP_TRANSFER_ENCODING")


class Host(Protocol):
    """What the watcher needs of local AWS."""

    @property
    def account(self) -> str:
        """The account id."""

    def client(self, service: str) -> Any:
        """A boto3 client to this local AWS."""

    def emit(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        """Put an event on the default bus."""


@dataclass(frozen=True)
class _Answer:
    """moto's whole answer to one request."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def good(self) -> bool:
        return self.status.startswith("2")

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


class S3Watcher:
    """WSGI: everything goes to moto; what succeeds in a watched bucket becomes an event."""

    def __init__(self, local: Host, moto: Any) -> None:
        self._local = local
        self._moto = moto
        self._watched: set[str] = set()
        self._policies: dict[str, bytes] = {}
        self._sequence = _Sequence()

    def __call__(self, environ: Environ, start: Any) -> Iterable[bytes]:
        request = read_request(environ)
        if request.about_notification:
            return self._notification(request, environ, start)
        if request.about_policy:
            return self._policy(request, environ, start)
        if request.posts_a_form:
            return send(_refusal(501, "NotImplemented", _NO_FORMS), start)
        if request.creates and request.names_what_xml_cannot:
            return send(_refusal(501, "NotImplemented", _NO_CONTROLS), start)
        if request.deletes_bucket:
            return self._delete_bucket(request, environ, start)
        if request.bucket not in self._watched:
            return self._moto(environ, start)  # type: ignore[no-any-return]
        if request.creates:
            return self._create(request, environ, start)
        if request.deletes or request.deletes_many:
            return self._delete(request, environ, start)
        return self._moto(environ, start)  # type: ignore[no-any-return]

    # Changes of objects

    def _create(self, request: S3Request, environ: Environ, start: Any) -> Iterable[bytes]:
        answer = self._ask(environ)
        if answer.good and b"<Error>" not in answer.body:
            version = answer.header("x-amz-version-id")
            size = _sent_size(environ) if request.creates == "PutObject" else None
            head = answer if size is not None else self._head(environ, version)
            detail = self._object(request.key, head, version)
            detail["size"] = int(head.header("content-length") or 0) if size is None else size
            self._emit(request, "Object Created", detail, {"reason": request.creates})
        return _pass_on(answer, start)

    def _delete(self, request: S3Request, environ: Environ, start: Any) -> Iterable[bytes]:
        body = read_body(environ)
        environ = replay(environ, body)
        if request.deletes_many:
            try:
                deletions = read_deletions(body)
            except ET.ParseError as error:
                return send(_refusal(400, "MalformedXML", f"The request: {error}"), start)
        else:
            deletions = [Deletion(request.key, request.query.get("versionId"))]
        heads = {item: self._head(self._at(environ, item), item.version) for item in deletions}
        answer = self._ask(environ)
        if answer.good:
            failed = read_failed_keys(answer.body) if request.deletes_many else set()
            for item in deletions:
                if item.key not in failed:
                    self._emit_deleted(request, item, heads[item])
        return _pass_on(answer, start)

    def _emit_deleted(self, request: S3Request, item: Deletion, before: _Answer) -> None:
        marked = item.version is None and self._is_versioned(request.bucket)
        if not before.good and not marked:
            return  # nothing was deleted
        version = item.version
        if marked:
            version = self._newest_version(request.bucket, item.key)
        detail = self._object(item.key, before, version)
        if marked:
            detail["etag"] = EMPTY_ETAG
        kind = "Delete Marker Created" if marked else "Permanently Deleted"
        more = {"reason": "DeleteObject", "deletion-type": kind}
        self._emit(request, "Object Deleted", detail, more)

    def _is_versioned(self, bucket: str) -> bool:
        """Whether DELETE only adds a marker, as it also does in suspended versioning."""
        return "Status" in self._local.client("s3").get_bucket_versioning(Bucket=bucket)

    def _newest_version(self, bucket: str, key: str) -> str | None:
        found = self._local.client("s3").list_object_versions(Bucket=bucket, Prefix=key)
        markers = found.get("DeleteMarkers", [])
        newest = (entry for entry in markers if entry["Key"] == key and entry["IsLatest"])
        return next((entry["VersionId"] for entry in newest), None)

    def _object(self, key: str, head: _Answer, version: str | None) -> dict[str, Any]:
        etag = (head.header("etag") or "").strip('"')
        detail: dict[str, Any] = {"key": key, "etag": etag}
        if version not in (None, "null"):
            detail["version-id"] = version
        return {**detail, "sequencer": self._sequence.next()}

    def _emit(
        self, request: S3Request, kind: str, about: dict[str, Any], more: dict[str, Any]
    ) -> None:
        detail = {
            "version": "0",
            "event-version": "1.0",
            "bucket": {"name": request.bucket},
            "object": about,
            "request-id": uuid.uuid4().hex[:16].upper(),
            "requester": self._local.account,
            "source-ip-address": "127.0.0.1",
            **more,
        }
        self._local.emit("aws.s3", kind, detail, [f"arn:aws:s3:::{request.bucket}"])

    # The bucket's configuration

    def _notification(self, request: S3Request, environ: Environ, start: Any) -> Iterable[bytes]:
        body = read_body(environ)
        exists = self._ask(_aim(environ, "GET", f"/{quote(request.bucket)}", "location"))
        if not exists.good:
            return _pass_on(exists, start)
        if request.method == "PUT":
            return send(self._set_notification(request.bucket, body), start)
        inner = "<EventBridgeConfiguration/>" if request.bucket in self._watched else ""
        tag = "NotificationConfiguration"
        return send(_xml(200, f'<{tag} xmlns="{NAMESPACE}">{inner}</{tag}>'), start)

    def _set_notification(self, bucket: str, body: bytes) -> Reply:
        try:
            names = [local_name(element) for element in parse(body)]
        except ET.ParseError as error:
            return _refusal(400, "MalformedXML", f"The notification configuration: {error}")
        other = [name for name in names if name != "EventBridgeConfiguration"]
        if other:
            return _refusal(501, "NotImplemented", _NO_DIRECT.format(other[0]))
        change = self._watched.add if names else self._watched.discard
        change(bucket)
        return Reply(200, [], b"")

    def _policy(self, request: S3Request, environ: Environ, start: Any) -> Iterable[bytes]:
        """Kept and shown, but not enforced: to moto, which ignores conditions, "deny unless TLS"
        denies everything."""
        body = read_body(environ)
        exists = self._ask(_aim(environ, "GET", f"/{quote(request.bucket)}", "location"))
        if not exists.good:
            return _pass_on(exists, start)
        if request.method == "PUT":
            return send(self._set_policy(request.bucket, body), start)
        if request.bucket not in self._policies:
            return send(_refusal(404, "NoSuchBucketPolicy", _NO_POLICY), start)
        if request.method == "DELETE":
            del self._policies[request.bucket]
            return send(Reply(204, [], b""), start)
        json_type = [("Content-Type", "application/json")]
        return send(Reply(200, json_type, self._policies[request.bucket]), start)

    def _set_policy(self, bucket: str, body: bytes) -> Reply:
        try:
            json.loads(body)
        except ValueError as error:
            return _refusal(400, "MalformedPolicy", f"The bucket policy is not JSON: {error}")
        self._policies[bucket] = body
        return Reply(204, [], b"")

    def _delete_bucket(self, request: S3Request, environ: Environ, start: Any) -> Iterable[bytes]:
        answer = self._ask(environ)
        if answer.good:
            self._watched.discard(request.bucket)
            self._policies.pop(request.bucket, None)
        return _pass_on(answer, start)

    # Requests to moto

    def _ask(self, environ: Environ) -> _Answer:
        """moto's whole answer."""
        seen: list[tuple[str, list[tuple[str, str]]]] = []
        parts = self._moto(environ, lambda status, headers, *_: seen.append((status, headers)))
        try:
            body = b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()
        return _Answer(*seen[-1], body)

    def _head(self, environ: Environ, version: str | None) -> _Answer:
        path = environ["RAW_URI"].partition("?")[0]
        query = f"versionId={quote(version)}" if version not in (None, "null") and version else ""
        return self._ask(_aim(environ, "HEAD", path, query))

    @staticmethod
    def _at(environ: Environ, item: Deletion) -> Environ:
        """The same request, aimed at one of the objects that it deletes."""
        bucket = environ["RAW_URI"].partition("?")[0].lstrip("/").partition("/")[0]
        return _aim(environ, "HEAD", f"/{bucket}/{quote(item.key)}", "")


class _Sequence:
    """S3's sequencer: hexadecimal, always increasing, of fixed length."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> str:
        with self._lock:
            self._last = max(self._last + 1, time.time_ns())
            return f"00{self._last:016X}"


_NO_POLICY = "The bucket policy does not exist"
_NO_FORMS = "local AWS does not support browser form uploads (POST Object): use PutObject"
_NO_CONTROLS = "local AWS does not support control characters in keys, which moto cannot list"
_NO_DIRECT = (
    "local AWS does not send S3 notifications to {}: enable EventBridgeConfiguration on the "
    "bucket and add an EventBridge rule"
)


def _aim(environ: Environ, method: str, path: str, query: str) -> Environ:
    """Our own request to moto, signed by the same client, without body and conditions."""
    kept = {key: value for key, value in environ.items() if not key.startswith(_CONDITIONS)}
    uri = f"{path}?{query}" if query else path
    return {
        **kept,
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": uri,
        "REQUEST_URI": uri,
        "CONTENT_LENGTH": "0",
        "wsgi.input": io.BytesIO(),
    }


def _sent_size(environ: Environ) -> int | None:
    """The size of an object that is sent as a whole; None if only its end tells."""
    size = environ.get("HTTP_X_AMZ_DECODED_CONTENT_LENGTH") or environ.get("CONTENT_LENGTH")
    return int(size) if size else None


def _pass_on(answer: _Answer, start: Any) -> Iterable[bytes]:
    start(answer.status, answer.headers)
    return [answer.body]


def _refusal(status: int, code: str, message: str) -> Reply:
    inner = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    return _xml(status, f"<Error>{inner}<RequestId>{uuid.uuid4()}</RequestId></Error>")


def _xml(status: int, text: str) -> Reply:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return Reply(status, [("Content-Type", "application/xml")], body)
