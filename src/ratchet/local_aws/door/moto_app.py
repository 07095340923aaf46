"""moto as local AWS uses it: its public WSGI application, set up to behave as AWS does.

moto keeps its state in the process, so all local AWSs of a process share it; it is discarded with
the last one. `count` numbers what must be unique within that state.

moto finds the backend of a request by listing its own folder, under a lock that all requests share:
most of the time of a small request. The answer cannot change, so it is remembered.
"""

from __future__ import annotations

import functools
import io
import json
import os
import threading
from collections import Counter
from typing import Any

_lock = threading.Lock()
_users = 0
_counts: Counter[str] = Counter()


def open_moto() -> Any:
    """The application; every `open_moto` is matched by one `close_moto`."""
    global _users  # noqa: PLW0603
    # Roles may attach AWS's own policies (AWSLambdaBasicExecutionRole); costs 0.6 s and 30 MB.
    os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    from moto.server import DomainDispatcherApplication, create_backend_app

    with _lock:
        _users += 1

    class Dispatcher(DomainDispatcherApplication):  # type: ignore[misc]
        @functools.lru_cache  # noqa: B019  there is one, as long as moto is open
        def get_backend_for_host(self, host: str | None) -> Any:
            return super().get_backend_for_host(host)

    return Dispatcher(create_backend_app)


def close_moto(app: Any) -> None:
    """Discard all state once moto is no longer in use."""
    global _users  # noqa: PLW0603
    with _lock:
        _users -= 1
        if _users == 0:
            _counts.clear()
            b"".join(app(_RESET | {"wsgi.input": io.BytesIO()}, lambda *_: None))


def ask_moto(app: Any, region: str, target: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """moto's answer to an operation of SQS, whose queues no client can reach here."""
    body = json.dumps(parameters).encode()
    credential = f"Credential=local/20260101/{region}/sqs/aws4_request"
    environ = _RESET | {
        "PATH_INFO": "/",
        "RAW_URI": "/",
        "CONTENT_TYPE": "application/x-amz-json-1.0",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0",
        "HTTP_X_AMZ_TARGET": target,
        "wsgi.input": io.BytesIO(body),
    }
    return dict(json.loads(b"".join(app(environ, lambda *_: None)) or b"{}"))


def count(key: str) -> int:
    """How many times this key has been counted since moto's state was last empty."""
    with _lock:
        _counts[key] += 1
        return _counts[key] - 1


_RESET: dict[str, Any] = {
    "REQUEST_METHOD": "POST",
    "PATH_INFO": "/moto-api/reset",
    "RAW_URI": "/moto-api/reset",
    "QUERY_STRING": "",
    "SCRIPT_NAME": "",
    "CONTENT_LENGTH": "0",
    "HTTP_HOST": "127.0.0.1",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.url_scheme": "http",
}
