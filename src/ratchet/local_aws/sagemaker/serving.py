"""One serving container: its process, its connection, and its end once no request is left."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import urllib3

from ratchet.local_aws.running.processes import lines_from
from ratchet.local_aws.sagemaker import containers

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Children
    from ratchet.local_aws.running.processes import Child
    from ratchet.local_aws.sagemaker.placing import Placed
    from ratchet.local_aws.shared.logs import LogStream

START_SECONDS = 60.0
INVOKE_SECONDS = 60.0
"""SageMaker gives a model 60 seconds to answer."""
CONNECTIONS = 32


class ServingFailed(Exception):
    """The container did not start, and why. `archive`: its artifact, if that is to blame."""

    def __init__(self, reason: str, archive: str | None = None) -> None:
        super().__init__(reason)
        self.archive = archive


@dataclass(frozen=True)
class Reply:
    """What a container answered, and its name."""

    container: str
    status: int
    body: bytes
    content_type: str


class Serving:
    """A running container with a loaded model; `sha256` is that of the archive it loaded."""

    def __init__(self, local: Children, placed: Placed, log: LogStream) -> None:
        self._folder = placed.archive.parent
        self._log = log
        self._name = placed.name
        self._asked = 0
        self._retired = False
        self._idle = threading.Condition()
        self._child, report = _start(local, placed)
        threading.Thread(target=self._read_log, name="serving log", daemon=True).start()
        try:
            self.sha256, port = _await_report(self._child, report, placed.uri)
            self._pool = urllib3.HTTPConnectionPool(
                "127.0.0.1", port, maxsize=CONNECTIONS, timeout=INVOKE_SECONDS, retries=False
            )
            self._ping()
        except BaseException:
            self._end()
            raise

    def _ping(self) -> None:
        status = self._pool.request("GET", "/ping").status
        if status != 200:
            raise ServingFailed(f"it answered ping with {status}")

    @property
    def pid(self) -> int:
        """The process of the container."""
        return self._child.pid

    @property
    def asked(self) -> int:
        """How many requests it is answering now."""
        return self._asked

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._child.poll() is None

    def enter(self) -> bool:
        """Count another request; False once the container is being retired."""
        with self._idle:
            if self._retired:
                return False
            self._asked += 1
            return True

    def leave(self) -> None:
        """A counted request is finished."""
        with self._idle:
            self._asked -= 1
            self._idle.notify_all()

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """POST /invocations; raises urllib3.exceptions.HTTPError if the container has ended."""
        answer = self._pool.request("POST", "/invocations", body=body, headers=dict(headers))
        return Reply(self._name, answer.status, answer.data, answer.headers.get("Content-Type", ""))

    def retire(self) -> None:
        """Take no more requests and end the process once it is idle; returns at once."""
        with self._idle:
            self._retired = True
        threading.Thread(target=self._drain, name="serving drain", daemon=True).start()

    def kill(self) -> None:
        """End the process at once."""
        with self._idle:
            self._retired = True
        self._end()

    def _drain(self) -> None:
        with self._idle:
            self._idle.wait_for(lambda: self._asked == 0, timeout=INVOKE_SECONDS)
        self._end()

    def _end(self) -> None:
        self._child.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _read_log(self) -> None:
        for line in lines_from(self._child.stdout):
            self._log.write(line)
        self._log.close()


def _start(local: Children, placed: Placed) -> tuple[Child, int]:
    """The container's process and the descriptor on which it will report."""
    report, written = os.pipe()
    code = [str(placed.code)] if placed.code else []
    try:
        child = local.processes.spawn(
            f"{containers.__name__}.serve",
            [placed.image, str(placed.archive), str(written), *code],
            env={**local.child_environment(), **placed.environment},
            cwd=placed.archive.parent,
            log=subprocess.PIPE,
            pass_fds=(written,),
        )
    except BaseException:
        os.close(report)
        raise
    finally:
        os.close(written)
    return child, report


def _await_report(child: Child, report: int, uri: str) -> tuple[str, int]:
    """SHA-256 and port, once the container listens; raises ServingFailed."""
    timer = threading.Timer(START_SECONDS, child.kill)
    timer.start()
    try:
        with os.fdopen(report, "rb") as pipe:
            line = pipe.readline()
    finally:
        timer.cancel()
    if not line:
        raise ServingFailed("its process ended before it answered ping")
    found: dict[str, Any] = json.loads(line)
    if "error" in found:
        raise ServingFailed(found["error"], uri if found["archive"] else None)
    return found["sha256"], found["port"]
