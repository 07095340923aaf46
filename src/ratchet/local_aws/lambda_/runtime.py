"""Runtime processes, one for each set of importable packages, which fork functions' workers.

Importing boto3 and Powertools takes half a second of CPU; forking a process that has imported
them takes ten milliseconds. What a worker imports from its packages, its runtime then imports
too, so that the next worker starts with it.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ratchet.local_aws.lambda_.worker import Worker

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Children
    from ratchet.local_aws.running.processes import Child

BOOT = Path(__file__).with_name("boot.py")


@dataclass(frozen=True)
class RuntimeKind:
    """What distinguishes runtimes: the importable names, and whether to import them in advance.

    Not if a function or a layer has a package of the same name: its own comes first.
    """

    importable: frozenset[str]
    preloads: bool


class RuntimeProcess:
    """A process that forks workers on request."""

    def __init__(self, local: Children, kind: RuntimeKind, folder: Path) -> None:
        self._lock = threading.Lock()
        self._kind = kind
        self._loaded: set[str] = set()
        self._control, theirs = socket.socketpair()
        try:
            self._child: Child = local.processes.spawn(
                BOOT,
                [str(theirs.fileno())],
                env={**local.child_environment(), **_fork_safety()},
                cwd=folder,
                log=folder / "runtime.log",
                pass_fds=(theirs.fileno(),),
            )
        finally:
            theirs.close()
        self._order({"guard": sorted(kind.importable)})

    @property
    def alive(self) -> bool:
        """Whether it can fork."""
        return self._child.poll() is None

    def fork(self, task: dict[str, Any], stream: str) -> Worker:
        """A new worker for `task` {"handler", "roots": folders, "environment"}."""
        with ExitStack() as theirs, ExitStack() as ours:
            request_end, requests = _pipe(theirs, ours, reader_is_theirs=True)
            result_end, results = _pipe(theirs, ours, reader_is_theirs=False)
            log_end, log = _pipe(theirs, ours, reader_is_theirs=False)
            with self._lock:
                self._order({"fork": task}, [request_end, result_end, log_end])
                pid = int(self._reply())
            ours.pop_all()
        return Worker(pid, os.fdopen(requests, "wb"), results, log, stream)

    def learn(self, modules: list[str]) -> None:
        """Import these before the next fork, where that changes nothing but the time it takes."""
        with self._lock:
            known = self._kind.importable | sys.stdlib_module_names
            new = [m for m in modules if m not in self._loaded and m.partition(".")[0] in known]
            self._loaded.update(new)
            if self._kind.preloads and new:
                self._order({"preload": new})

    def close(self) -> None:
        """End the process and its workers."""
        self._child.kill()
        self._control.close()

    def _order(self, order: dict[str, Any], fds: list[int] | None = None) -> None:
        data = json.dumps(order).encode() + b"\n"
        sent = socket.send_fds(self._control, [data], fds or [])
        self._control.sendall(data[sent:])

    def _reply(self) -> bytes:
        data = b""
        while not data.endswith(b"\n"):
            part = self._control.recv(64)
            if not part:
                raise OSError("the Lambda runtime process ended; invoke again to start a new one")
            data += part
        return data


def _pipe(theirs: ExitStack, ours: ExitStack, *, reader_is_theirs: bool) -> tuple[int, int]:
    """A pipe as (the worker's end, our end), each closed with its stack."""
    reader, writer = os.pipe()
    worker_end, our_end = (reader, writer) if reader_is_theirs else (writer, reader)
    theirs.callback(os.close, worker_end)
    ours.callback(os.close, our_end)
    return worker_end, our_end


def _fork_safety() -> dict[str, str]:
    """Without these, macOS kills forked processes that use its libraries."""
    if sys.platform != "darwin":
        return {}
    return {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES", "no_proxy": "*"}
