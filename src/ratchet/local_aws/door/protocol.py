"""Translates HTTP requests to operations and back, generically, by botocore's service models.

Speaks the protocols of the living services: json (1.0 and 1.1), rest-json and query. There is
one `Protocol` per service model, immutable and shared by all request threads.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from typing import Protocol as Interface
from urllib.parse import parse_qsl, unquote
from xml.sax.saxutils import escape

from ratchet.local_aws.door import wire_values
from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.door.wire_values import UnreadableValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ratchet.local_aws.door.wire_values import Shape


@dataclass(frozen=True)
class Request:
    """An HTTP request: `path` as sent (still percent-encoded), header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """An HTTP response."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes | Iterable[bytes]


@dataclass
class _Draft:
    """A reply being put together from an output shape."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | Iterable[bytes] = b""


class Protocol(Interface):
    """How one service's requests are read and its answers written."""

    def operation(self, request: Request) -> Any:
        """The operation model that the request names; ServiceError if there is none."""

    def parameters(self, operation: Any, request: Request) -> dict[str, Any]:
        """The operation's input as a dict; ServiceError if it cannot be read."""

    def answer(self, operation: Any, result: Mapping[str, Any]) -> Reply:
        """The operation's output."""

    def refuse(self, error: ServiceError) -> Reply:
        """An error in the form of the service."""


def protocol_for(model: Any) -> Protocol:
    """The protocol of a botocore ServiceModel; NotImplementedError if it is not supported."""
    match model.metadata["protocol"]:
        case "json":
            return JsonProtocol(model)
        case "rest-json":
            return RestJsonProtocol(model)
        case "query":
            return QueryProtocol(model)
    raise NotImplementedError(
        f"local AWS does not support the protocol {model.metadata['protocol']} of "
        f"{model.service_name}"
    )


def _unknown_operation(model: Any, what: str) -> ServiceError:
    return ServiceError(
        "UnknownOperationException", f"{model.service_name} has no operation {what}"
    )


def _unreadable(reason: object) -> ServiceError:
    return ServiceError("SerializationException", f"The request cannot be read: {reason}")


def _json_body(body: bytes) -> Any:
    try:
        return json.loads(body) if body.strip() else {}
    except ValueError as error:
        raise _unreadable(error) from error


def _shape_of_error(model: Any, code: str) -> Shape | None:
    for shape in model.error_shapes:
        if code in (shape.name, shape.metadata.get("error", {}).get("code")):
            return shape
    return None


def _status_of_error(shape: Shape | None, error: ServiceError) -> int:
    modelled = shape.metadata.get("error", {}).get("httpStatusCode") if shape else None
    return int(modelled or error.status)


def _error_members(shape: Shape | None, error: ServiceError) -> dict[str, Any]:
    """The error's body: its message under the model's own spelling, and its further members."""
    names = list(shape.members) if shape else []
    message = next((name for name in names if name.lower() == "message"), "message")
    body = {message: error.message}
    for name, value in error.members.items():
        member = shape.members[name] if shape else None
        body[name] = wire_values.to_json(member, value) if member is not None else value
    return body


def _request_id() -> tuple[str, str]:
    return ("x-amzn-RequestId", str(uuid.uuid4()))


class JsonProtocol:
    """json 1.0 and 1.1: the operation in X-Amz-Target, everything else in the body."""

    def __init__(self, model: Any) -> None:
        self._model = model
        version = model.metadata.get("jsonVersion", "1.0")
        self._headers = [("Content-Type", f"application/x-amz-json-{version}")]

    def operation(self, request: Request) -> Any:
        target = request.headers.get("x-amz-target", "")
        prefix, _, name = target.rpartition(".")
        if prefix != self._model.metadata["targetPrefix"]:
            raise _unknown_operation(self._model, target or "(no X-Amz-Target header)")
        if name not in self._model.operation_names:
            raise _unknown_operation(self._model, name)
        return self._model.operation_model(name)

    def parameters(self, operation: Any, request: Request) -> dict[str, Any]:
        body = _json_body(request.body)
        if not isinstance(body, dict):
            raise _unreadable("its body is not a JSON object")
        try:
            return dict(wire_values.from_json(operation.input_shape, body)) if body else {}
        except UnreadableValue as error:
            raise _unreadable(error) from error

    def answer(self, operation: Any, result: Mapping[str, Any]) -> Reply:
        shape = operation.output_shape
        body = wire_values.to_json(shape, result) if shape is not None else {}
        return Reply(200, [*self._headers, _request_id()], json.dumps(body).encode())

    def refuse(self, error: ServiceError) -> Reply:
        shape = _shape_of_error(self._model, error.code)
        body = {"__type": shape.name if shape else error.code, **_error_members(shape, error)}
        status = _status_of_error(shape, error)
        headers = [*self._headers, _request_id()]
        if error.query_code:
            headers.append(("x-amzn-query-error", f"{error.query_code};Sender"))
        return Reply(status, headers, json.dumps(body).encode())


@dataclass(frozen=True)
class _Route:
    method: str
    pattern: re.Pattern[str]
    query: frozenset[tuple[str, str]]
    literal: int
    name: str


_LABEL = re.compile(r"\{(\w+)(\+?)\}")


def _route(name: str, http: Mapping[str, Any]) -> _Route:
    """A template of the model, `/a/{B}/{C+}?d=e`, as a pattern over the encoded path."""
    template, _, query = http["requestUri"].partition("?")
    pattern, position = "", 0
    for label in _LABEL.finditer(template):
        wanted = ".+" if label[2] else "[^/]+"
        pattern += re.escape(template[position : label.start()]) + f"(?P<{label[1]}>{wanted})"
        position = label.end()
    pattern += re.escape(template[position:])
    fixed = frozenset(parse_qsl(query, keep_blank_values=True))
    literal = len(_LABEL.sub("", template)) + len(query)
    return _Route(http["method"], re.compile(pattern), fixed, literal, name)


class RestJsonProtocol:
    """rest-json: the operation in method and path; input in path, query string, headers, body."""

    def __init__(self, model: Any) -> None:
        self._model = model
        routes = [_route(name, model.operation_model(name).http) for name in model.operation_names]
        self._routes = sorted(routes, key=lambda route: -route.literal)

    def operation(self, request: Request) -> Any:
        route = self._match(request)[0]
        return self._model.operation_model(route.name)

    def _match(self, request: Request) -> tuple[_Route, re.Match[str]]:
        query = set(parse_qsl(request.query, keep_blank_values=True))
        for path in (request.path, request.path.rstrip("/"), request.path + "/"):
            for route in self._routes:
                match = route.pattern.fullmatch(path)
                if match and route.method == request.method and route.query <= query:
                    return route, match
        raise _unknown_operation(self._model, f"at {request.method} {request.path}")

    def parameters(self, operation: Any, request: Request) -> dict[str, Any]:
        shape = operation.input_shape
        if shape is None:
            return {}
        try:
            labels = self._match(request)[1].groupdict()
            return {**self._body(shape, request), **_located(shape, request, labels)}
        except UnreadableValue as error:
            raise _unreadable(error) from error

    def _body(self, shape: Shape, request: Request) -> dict[str, Any]:
        payload = shape.serialization.get("payload")
        if payload is None:
            body = _json_body(request.body) if _in_body(shape) else {}
            if not isinstance(body, dict):
                raise _unreadable("its body is not a JSON object")
            return dict(wire_values.from_json(shape, body))
        member = shape.members[payload]
        if not request.body and payload not in shape.required_members:
            return {}
        if member.type_name == "blob":
            return {payload: request.body}
        if member.type_name == "string":
            return {payload: request.body.decode()}
        return {payload: wire_values.from_json(member, _json_body(request.body))}

    def answer(self, operation: Any, result: Mapping[str, Any]) -> Reply:
        draft = _Draft(status=operation.http.get("responseCode", 200))
        shape = operation.output_shape
        if shape is not None:
            _fill(draft, shape, {key: item for key, item in result.items() if item is not None})
        return Reply(draft.status, [*draft.headers, _request_id()], draft.body)

    def refuse(self, error: ServiceError) -> Reply:
        shape = _shape_of_error(self._model, error.code)
        code = shape.name if shape else error.code
        headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", code), _request_id()]
        body = json.dumps(_error_members(shape, error)).encode()
        return Reply(_status_of_error(shape, error), headers, body)


def _in_body(shape: Shape) -> bool:
    return any("location" not in member.serialization for member in shape.members.values())


def _located(shape: Shape, request: Request, labels: Mapping[str, str]) -> dict[str, Any]:
    """The members of the input outside the body."""
    query = parse_qsl(request.query, keep_blank_values=True)
    found = {}
    for name, member in shape.members.items():
        value = _at_location(member, wire_values.wire_name(name, member), request, labels, query)
        if value is not None:
            found[name] = value
    return found


def _at_location(
    member: Shape,
    name: str,
    request: Request,
    labels: Mapping[str, str],
    query: list[tuple[str, str]],
) -> Any:
    match member.serialization.get("location"):
        case "uri":
            return wire_values.from_text(member, unquote(labels[name]), name)
        case "header" if name.lower() in request.headers:
            return wire_values.from_text(member, request.headers[name.lower()], name)
        case "headers":
            start = name.lower()
            found = {k[len(start) :]: v for k, v in request.headers.items() if k.startswith(start)}
            return found or None
        case "querystring":
            return _from_query(member, name, query)
    return None


def _from_query(member: Shape, name: str, query: list[tuple[str, str]]) -> Any:
    if member.type_name == "map":
        return dict(query) or None
    values = [value for key, value in query if key == name]
    if member.type_name == "list":
        return [wire_values.from_text(member.member, value, name) for value in values] or None
    return wire_values.from_text(member, values[0], name) if values else None


def _fill(draft: _Draft, shape: Shape, result: dict[str, Any]) -> None:
    """Put an output's members where the model wants them: status, headers, payload or body."""
    inside = {}
    for name, value in result.items():
        member = shape.members[name]
        match member.serialization.get("location"):
            case "statusCode":
                draft.status = int(value)
            case "header":
                text = wire_values.to_text(member, value, "rfc822")
                draft.headers.append((wire_values.wire_name(name, member), text))
            case "headers":
                prefix = wire_values.wire_name(name, member)
                draft.headers.extend((prefix + key, text) for key, text in value.items())
            case _:
                inside[name] = value
    _fill_body(draft, shape, inside)


def _fill_body(draft: _Draft, shape: Shape, inside: dict[str, Any]) -> None:
    payload = shape.serialization.get("payload")
    if payload is None:
        draft.headers.append(("Content-Type", "application/json"))
        draft.body = json.dumps(wire_values.to_json(shape, inside)).encode()
        return
    member, value = shape.members[payload], inside.get(payload, b"")
    if member.type_name == "blob":
        draft.body = value.encode() if isinstance(value, str) else _chunks(value)
    else:
        draft.headers.append(("Content-Type", "application/json"))
        draft.body = json.dumps(wire_values.to_json(member, value or {})).encode()


def _chunks(value: Any) -> bytes | Iterable[bytes]:
    """A blob that may be bytes, a file-like object or an iterable of bytes."""
    if hasattr(value, "read"):
        return iter(lambda: value.read(65536), b"")
    return value  # type: ignore[no-any-return]


class QueryProtocol:
    """query: form fields in, XML out."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._headers = [("Content-Type", "text/xml")]

    def operation(self, request: Request) -> Any:
        name = self._form(request).get("Action", "")
        if name not in self._model.operation_names:
            raise _unknown_operation(self._model, name or "(no Action field)")
        return self._model.operation_model(name)

    def parameters(self, operation: Any, request: Request) -> dict[str, Any]:
        if operation.input_shape is None:
            return {}
        try:
            return dict(wire_values.from_form(operation.input_shape, self._form(request), ""))
        except UnreadableValue as error:
            raise _unreadable(error) from error

    def _form(self, request: Request) -> dict[str, str]:
        try:
            text = request.body.decode() or request.query
        except UnicodeDecodeError as error:
            raise _unreadable(error) from error
        return dict(parse_qsl(text, keep_blank_values=True))

    def answer(self, operation: Any, result: Mapping[str, Any]) -> Reply:
        shape = operation.output_shape
        inner = ""
        if shape is not None:
            wrapper = shape.serialization.get("resultWrapper", f"{operation.name}Result")
            inner = wire_values.to_xml(shape, result, wrapper)
        return self._xml(200, f"{operation.name}Response", inner)

    def refuse(self, error: ServiceError) -> Reply:
        shape = _shape_of_error(self._model, error.code)
        code = shape.metadata.get("error", {}).get("code", shape.name) if shape else error.code
        code = error.query_code or code
        status = _status_of_error(shape, error)
        kind = "Sender" if status < 500 else "Receiver"
        inner = f"<Type>{kind}</Type><Code>{escape(code)}</Code>"
        inner += f"<Message>{escape(error.message)}</Message>"
        return self._xml(status, "ErrorResponse", f"<Error>{inner}</Error>")

    def _xml(self, status: int, tag: str, inner: str) -> Reply:
        header = _request_id()
        space = self._model.metadata.get("xmlNamespace", "")
        end = f"<ResponseMetadata><RequestId>{header[1]}</RequestId></ResponseMetadata>"
        body = f'<?xml version="1.0"?><{tag} xmlns="{space}">{inner}{end}</{tag}>'
        return Reply(status, [*self._headers, header], body.encode())
