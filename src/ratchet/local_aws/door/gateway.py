"""The single entrance of local AWS: finds the service a request is for and passes it on.

Our own living services answer through `protocol.py`; everything else goes, unchanged, to moto's
WSGI application in this process. Only requests to loopback names are answered, and none from a
web page: a browser on this machine must not reach a service that runs code.
"""

from __future__ import annotations

import errno
import io
import ipaddress
import json
import logging
import re
import tempfile
import threading
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from botocore import xform_name
from werkzeug.http import HTTP_STATUS_CODES

from ratchet.local_aws.door.calls import Call, reporting_status
from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.door.protocol import Reply, Request, protocol_for
from ratchet.local_aws.door.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ratchet.local_aws.door import protocol
    from ratchet.local_aws.door.calls import Listener

log = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Any
"""WSGI's start_response."""

ABOUT_PATH = "/_ratchet"
_RUNTIME_PATH = re.compile(r"/endpoints/[^/]+/(invocations|async-invocations|invocations-.*)")


class Living(Protocol):
    """What the gateway needs of a living service, besides the methods named after operations."""

    model: ClassVar[str]
    passes: ClassVar[frozenset[str]]


class Backend(Protocol):
    """What the gateway needs of the local AWS behind it."""

    @property
    def region(self) -> str:
        """The only Region that is served."""

    @property
    def services(self) -> Mapping[str, Living]:
        """The living services by signing name."""

    @property
    def listeners(self) -> Sequence[Listener]:
        """Called with every request."""

    def model(self, name: str, *, former: bool = False) -> Any:
        """botocore's ServiceModel of that name, or that of the query protocol it spoke before."""

    def about(self) -> dict[str, Any]:
        """The answer to `/_ratchet`."""


class Gateway:
    """The WSGI application in front of living services, watchers and moto."""

    def __init__(self, host: Backend, moto: Any, watchers: Mapping[str, Any]) -> None:
        """`watchers` stand before moto: WSGI applications by the signing name of a service."""
        self._host = host
        self._moto = moto
        self._watchers = watchers
        self._protocols: dict[tuple[str, bool], protocol.Protocol] = {}
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        refusal = refuse_outsider(environ)
        if refusal is not None:
            return send(refusal, start)
        if environ["PATH_INFO"].startswith(_NOT_OURS):
            return send(
                _json_reply(404, {"message": f"there is nothing at {environ['PATH_INFO']}"}), start
            )
        if environ["PATH_INFO"] == ABOUT_PATH:
            return send(_json_reply(200, self._host.about()), start)
        name, region = service_of(environ)
        if self._host.listeners:
            environ, start = self._observed(name, environ, start)
        if name in self._host.services:
            return self._living(name, region, environ, start)
        if not name:
            return send(_json_reply(400, {"message": _UNSIGNED}), start)
        return self._of_moto(name, environ, start)

    def _of_moto(self, name: str, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        try:
            answer = self._watchers.get(name, self._moto)
            return answer(environ, start)  # type: ignore[no-any-return]
        except Exception as error:
            log.exception("%s: %s %s failed", name, environ["REQUEST_METHOD"], environ["PATH_INFO"])
            return send(_moto_failure(name, environ, error), start)

    def _observed(
        self, name: str, environ: Environ, start: StartResponse
    ) -> tuple[Environ, StartResponse]:
        """The same request, reported to the listeners when its answer begins."""
        request, key = read_request(environ), access_key_of(environ)

        def report(status: int) -> None:
            for listener in self._host.listeners:
                listener(Call(key, name, request, status))

        return replay(environ, request.body), reporting_status(start, report)

    def _living(
        self, name: str, region: str, environ: Environ, start: StartResponse
    ) -> Iterable[bytes]:
        try:
            service = self._host.services[name]
            speaks = self._protocol(service, environ)
        except Exception as error:
            log.exception("%s cannot start", name)
            failure = _internal_failure(name, error)
            return send(
                _json_reply(500, {"__type": failure.code, "message": failure.message}), start
            )
        request = read_request(environ)
        try:
            self._refuse_region(region)
            operation = speaks.operation(request)
            method = _method(service, operation.name)
            parameters = speaks.parameters(operation, request)
            validate(service.model, operation, parameters)
            if method is None:
                return self._moto(replay(environ, request.body), start)  # type: ignore[no-any-return]
            reply = speaks.answer(operation, method(parameters) or {})
        except ServiceError as error:
            reply = speaks.refuse(error)
        except Exception as error:
            log.exception("%s: %s %s failed", name, request.method, request.path)
            reply = speaks.refuse(_internal_failure(name, error))
        return send(reply, start)

    def _protocol(self, service: Living, environ: Environ) -> protocol.Protocol:
        """The service's protocol, or the one before it if the request speaks that."""
        former = service.model in _SPOKE_QUERY and "HTTP_X_AMZ_TARGET" not in environ
        key = (service.model, former)
        with self._lock:
            if key not in self._protocols:
                model = self._host.model(service.model, former=former)
                self._protocols[key] = protocol_for(model)
            return self._protocols[key]

    def _refuse_region(self, region: str) -> None:
        if region and region != self._host.region:
            raise ServiceError(
                "NotSupportedByLocalAws",
                f"this local AWS runs in {self._host.region}, but the request is for {region}: "
                f"set AWS_DEFAULT_REGION={self._host.region}, "
                f"or start local AWS with --region {region}",
                501,
            )


_SPOKE_QUERY = {"sqs"}
"""Services that spoke the query protocol before JSON, and still understand it."""
_NOT_OURS = ("/moto-api", "/latest/meta-data/", "/latest/api/", "/favicon.ico")
"""Paths that moto would answer for anyone: its own controls, and instance metadata."""
_UNSIGNED = (
    "local AWS cannot determine which service this request is for: it is not signed. "
    f"Use an AWS client with this endpoint and any keys; {ABOUT_PATH} shows what is running here."
)


def _method(service: Living, operation: str) -> Callable[[dict[str, Any]], Any] | None:
    """The method that answers the operation; None if moto does."""
    if operation in service.passes:
        return None
    method = getattr(service, xform_name(operation), None)
    if method is None:
        raise ServiceError(
            "NotSupportedByLocalAws",
            f"local AWS does not support {operation} of {service.model}",
            501,
        )
    return method  # type: ignore[no-any-return]


def _internal_failure(name: str, error: Exception) -> ServiceError:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        reason = _disk_full(error)
    else:
        reason = f"{type(error).__name__}: {error}"
    return ServiceError("InternalFailure", f"local AWS failed in {name}: {reason}", 500)


def _disk_full(error: OSError) -> str:
    where = error.filename or tempfile.gettempdir()
    return f"the disk is full: no space left in {where}; free some there"


def _moto_failure(name: str, environ: Environ, error: Exception) -> Reply:
    """The failure in the form that clients of this service, which moto answers, can read."""
    failure = _internal_failure(name, error)
    if "HTTP_X_AMZ_TARGET" in environ:
        return _json_reply(500, {"__type": failure.code, "message": failure.message})
    details = f"<Code>{failure.code}</Code><Message>{escape(failure.message)}</Message>"
    body = f"<Error>{details}</Error>"
    if name != "s3":
        body = f"<ErrorResponse>{body}</ErrorResponse>"
    return Reply(500, [("Content-Type", "application/xml")], body.encode())


# Which service


def service_of(environ: Environ) -> tuple[str, str]:
    """The service and Region of a request, from its signature; ("", "") if unknown.

    An unsigned request for a path, such as a public or SigV2-presigned S3 URL, goes to S3.
    """
    scope = _credential_scope(environ)
    if scope is not None:
        region, name = scope
        return _refined(name.lower(), environ["PATH_INFO"]), region
    query = environ.get("QUERY_STRING", "")
    unsigned_path = environ["PATH_INFO"] != "/" and "HTTP_X_AMZ_TARGET" not in environ
    if "AWSAccessKeyId=" in query or unsigned_path:
        return "s3", ""
    return "", ""


def _credential_scope(environ: Environ) -> tuple[str, str] | None:
    parts = _credential(environ)
    return (parts[2], parts[3]) if len(parts) == 5 else None


def access_key_of(environ: Environ) -> str:
    """The access key id that signed a request; "" if it is not signed."""
    return _credential(environ)[0]


def _credential(environ: Environ) -> list[str]:
    """Key id, date, region, service and "aws4_request" of a signed request."""
    text = environ.get("HTTP_AUTHORIZATION", "")
    found = re.search(r"Credential=([^,\s]+)", text)
    credential: str = found[1] if found else _presigned_credential(environ)
    return credential.rsplit("/", 4)


def _presigned_credential(environ: Environ) -> str:
    query = environ.get("QUERY_STRING", "")
    if "X-Amz-Credential=" not in query:
        return ""
    return str(parse_qs(query).get("X-Amz-Credential", [""])[0])


def _refined(name: str, path: str) -> str:
    """SageMaker and its runtime sign with the same name: the path decides."""
    if name == "sagemaker" and _RUNTIME_PATH.fullmatch(path):
        return "sagemaker-runtime"
    return name


# Who may ask


def refuse_outsider(environ: Environ) -> Reply | None:
    """The refusal of a request that no AWS client on this machine would send, else None."""
    host = environ.get("HTTP_HOST", "")
    if not is_loopback(host):
        text = f"local AWS answers only on loopback names, not Host {host!r}: use http://127.0.0.1"
        return _json_reply(403, {"message": text})
    origin = environ.get("HTTP_ORIGIN", "")
    site = environ.get("HTTP_SEC_FETCH_SITE", "none")
    if origin or site not in {"none", "same-origin"}:
        text = f"local AWS does not answer web pages (Origin {origin!r}): use an AWS client"
        return _json_reply(403, {"message": text})
    return None


def is_loopback(host: str) -> bool:
    """Whether a Host header names this machine's loopback (a rebound DNS name does not)."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


# WSGI


def read_request(environ: Environ) -> Request:
    """The WSGI request with its whole body."""
    path, _, query = environ["RAW_URI"].partition("?")
    headers = {
        key.removeprefix("HTTP_").replace("_", "-").lower(): value
        for key, value in environ.items()
        if key.startswith("HTTP_") or key in {"CONTENT_TYPE", "CONTENT_LENGTH"}
    }
    return Request(environ["REQUEST_METHOD"], path, query, headers, read_body(environ))


def read_body(environ: Environ) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return bytes(stream.read())
    return bytes(stream.read(int(environ.get("CONTENT_LENGTH") or 0)))


def replay(environ: Environ, body: bytes) -> Environ:
    """The same request with a body that can be read again."""
    fresh = {k: v for k, v in environ.items() if k != "HTTP_TRANSFER_ENCODING"}
    return {**fresh, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}


def send(reply: Reply, start: StartResponse) -> Iterable[bytes]:
    """A reply as WSGI sends it."""
    headers = list(reply.headers)
    if isinstance(reply.body, bytes):
        headers.append(("Content-Length", str(len(reply.body))))
    start(f"{reply.status} {HTTP_STATUS_CODES.get(reply.status, '')}", headers)
    return [reply.body] if isinstance(reply.body, bytes) else reply.body


def _json_reply(status: int, body: dict[str, Any]) -> Reply:
    text = json.dumps(body, indent=2) + "\n"
    return Reply(status, [("Content-Type", "application/json")], text.encode())
