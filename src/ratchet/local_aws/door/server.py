"""The HTTP server of the gateway: a thread for each connection, which stays open between requests.

werkzeug's own closes the connection after every answer, so that clients open one for every call.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from typing import TYPE_CHECKING, Any, ClassVar

from moto.server import MotoRequestHandler
from werkzeug.exceptions import HTTPException
from werkzeug.serving import make_server
from werkzeug.wsgi import LimitedStream

if TYPE_CHECKING:
    from collections.abc import Iterable

log = logging.getLogger(__name__)

MOST_UNREAD = 1 << 20
"""Bytes of a body nobody read that are skipped; beyond that the connection is closed."""
_NO_BODY = (204, 304)


class _Answer:
    """The answer to one request, begun when its first part is written."""

    def __init__(self, handler: _Handler) -> None:
        self._handler = handler
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._begun = self._chunked = False
        self._bodiless = handler.command == "HEAD"

    def start(self, status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        """WSGI's start_response."""
        self._status, self._headers = int(status.split(None, 1)[0]), headers
        return self.write

    def write(self, part: bytes) -> None:
        if not self._begun:
            self._begin()
        if not part or self._bodiless:
            return
        if self._chunked:
            part = b"%x\r\n%b\r\n" % (len(part), part)
        self._handler.wfile.write(part)

    def end(self) -> None:
        self.write(b"")
        if self._chunked:
            self._handler.wfile.write(b"0\r\n\r\n")
        self._handler.wfile.flush()

    def _begin(self) -> None:
        self._begun = True
        handler = self._handler
        handler.send_response(self._status)
        for name, value in self._headers:
            handler.send_header(name, value)
        self._bodiless = self._bodiless or self._status in _NO_BODY
        sized = any(name.lower() == "content-length" for name, _ in self._headers)
        if not sized and not self._bodiless:
            self._chunked = handler.request_version != "HTTP/1.0"
            handler.close_connection = handler.close_connection or not self._chunked
            if self._chunked:
                handler.send_header("Transfer-Encoding", "chunked")
        if handler.close_connection:
            handler.send_header("Connection", "close")
        handler.end_headers()


class _Handler(MotoRequestHandler):  # type: ignore[misc]
    """HTTP/1.1 (AWS clients expect 100-continue), without a line per request on stderr."""

    disable_nagle_algorithm = True
    connections: ClassVar[set[socket.socket]]
    wbufsize = -1  # an answer is one packet, headers and all

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        log.debug("%s: " + message, type, *args)

    def setup(self) -> None:
        super().setup()
        self.connections.add(self.connection)

    def finish(self) -> None:
        self.connections.discard(self.connection)
        super().finish()

    def run_wsgi(self) -> None:
        """Answer one request."""
        environ = self.make_environ()
        if not environ.get("wsgi.input_terminated"):
            size = int(environ.get("CONTENT_LENGTH") or 0)
            environ["wsgi.input"] = LimitedStream(self.rfile, size)
        try:
            self._answer(environ)
        except (OSError, HTTPException):  # the client went away, or sent what cannot be read
            self.close_connection = True
        except Exception:  # it may have begun: all that is left is to cut it off
            self.close_connection = True
            log.exception("%s %s: an answer broke off", self.command, self.path)
        self._skip(environ["wsgi.input"])

    def _answer(self, environ: dict[str, Any]) -> None:
        answer = _Answer(self)
        parts: Iterable[bytes] = self.server.app(environ, answer.start)
        try:
            for part in parts:
                answer.write(part)
            answer.end()
        finally:
            with contextlib.suppress(AttributeError):
                parts.close()  # type: ignore[attr-defined]

    def handle_expect_100(self) -> bool:
        """Tell the client at once that it may send the body."""
        answered = bool(super().handle_expect_100())
        self.wfile.flush()
        return answered

    def _skip(self, body: Any) -> None:
        """Read what is left of the body, so that the next request begins where it should."""
        try:
            rest = body.read(MOST_UNREAD)
            self.close_connection = self.close_connection or len(rest) == MOST_UNREAD
        except (OSError, HTTPException):  # the client went away, or sent what cannot be read
            self.close_connection = True


class Server:
    """Serves the gateway on the caller's listening socket (which it copies)."""

    def __init__(self, listener: socket.socket) -> None:
        self._app: Any = None
        self._closed = False
        self._connections: set[socket.socket] = set()
        own = {"connections": self._connections, "protocol_version": "HTTP/1.1"}
        handler = type("Handler", (_Handler,), own)
        host, port = listener.getsockname()
        self._server = make_server(
            host, port, self._serve, threaded=True, request_handler=handler, fd=listener.fileno()
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.port)

    def start(self, app: Any) -> None:
        self._app = app
        self._thread.start()

    def close(self) -> None:
        """Stop listening and reading; requests in progress may finish."""
        self._closed = True
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
        for connection in self._connections.copy():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)

    def _listen(self) -> None:
        try:
            self._server.serve_forever(poll_interval=0.2)
        except (OSError, ValueError):  # Ctrl-C may close the socket before the thread has begun
            if not self._closed:
                raise

    def _serve(self, environ: dict[str, Any], start: Any) -> Any:
        return self._app(environ, start)
