"""The serving container: one model behind /ping and /invocations on the loopback address.

Usage: python -m ratchet.local_aws.sagemaker.containers.serve IMAGE ARCHIVE REPORT_FD [CODE]

CODE is the archive of the code that the environment names, for a model in script mode.
Reports one line of JSON on REPORT_FD: {"port", "sha256"} once the model is loaded (the SHA-256 of
the very bytes it was loaded from), or {"error", "archive": whether the archive is to blame}.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from ratchet.local_aws.sagemaker.containers.errors import BadArtifact, BadPayload, ContainerError
from ratchet.local_aws.sagemaker.containers.modes import Mode, load_mode
from ratchet.local_aws.sagemaker.containers.scripts import BATCH

MAX_CONTENT_LENGTH = 6 * 1024**2


class Server(ThreadingHTTPServer):
    """A keep-alive server that holds the loaded model."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, mode: Mode) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mode = mode

    def server_bind(self) -> None:
        """Bind without the reverse look-up of the host name that HTTPServer does."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]


class Handler(BaseHTTPRequestHandler):
    """The container's routes.

    Head and body leave in one write and without Nagle's delay: otherwise the second packet waits
    40 ms for the client's delayed acknowledgement.
    """

    protocol_version: ClassVar[str] = "HTTP/1.1"  # type: ignore[misc]
    wbufsize = 64 * 1024
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """/ping: the model is loaded, or the server would not listen."""
        self._answer(200 if self.path == "/ping" else 404, b"")

    def do_POST(self) -> None:
        """/invocations: what the model answers."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/invocations":
            self._answer(404, b"")
        elif not body:
            self._answer(204, b"")
        else:
            self._invoke(body)

    def _invoke(self, body: bytes) -> None:
        content, accept = (
            _media_type(self.headers.get(name)) for name in ("Content-Type", "Accept")
        )
        try:
            _check_size(len(body))
            answer, kind = self.server.mode.answer(body, content, accept)
        except BadPayload as error:
            sys.stdout.write(f"{error.status} {error}\n")
            sys.stdout.flush()
            self._answer(error.status, str(error).encode())
        else:
            self._answer(200, answer, kind)

    def _answer(self, status: int, body: bytes, content_type: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Requests that succeed are not worth a line."""


def _media_type(header: str | None) -> str:
    return (header or "").partition(";")[0].strip().lower()


def _check_size(size: int) -> None:
    """In a batch transform the job says how large a payload may be (MaxPayloadInMB)."""
    if size > MAX_CONTENT_LENGTH and BATCH not in os.environ:
        raise BadPayload(413, f"the request is larger than {MAX_CONTENT_LENGTH} bytes")


def main(image: str, archive: str, report: int, code: str | None = None) -> int:
    """Load, listen, report, serve until SIGTERM."""
    try:
        mode, digest = load_mode(image, Path(archive), Path(code) if code else None)
        server = Server(mode)
    except (ContainerError, OSError) as error:
        _report(report, {"error": str(error), "archive": isinstance(error, BadArtifact)})
        return 1
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    _report(report, {"port": server.server_port, "sha256": digest})
    server.serve_forever()
    return 0


def _report(descriptor: int, what: dict[str, Any]) -> None:
    with os.fdopen(descriptor, "w", encoding="utf-8") as pipe:
        pipe.write(json.dumps(what) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:]))
