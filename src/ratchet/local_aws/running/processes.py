"""Starts every child process of local AWS, under a watchdog that ends it with its parent."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ratchet.local_aws.running.watchdog import kill_session

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

WATCHDOG = Path(__file__).with_name("watchdog.py")
GRACE_SECONDS = 5.0
LONGEST_LINE = 200_000
"""How much of what a program prints is taken for one line."""


class Child:
    """A child: a Python program in its own session, with everything that it starts."""

    def __init__(self, process: subprocess.Popen[bytes], keep_alive: int) -> None:
        self._process = process
        self._keep_alive: int | None = keep_alive
        self._lock = threading.Lock()

    @property
    def pid(self) -> int:
        """Process id; also the id of the child's session and process group."""
        return self._process.pid

    @property
    def stdout(self) -> IO[bytes] | None:
        """The child's output, when it was started with `log=subprocess.PIPE`."""
        return self._process.stdout

    def poll(self) -> int | None:
        """Exit code, negative for a signal, None while it runs."""
        code = self._process.poll()
        if code is not None:
            self._reap()
        return code

    def wait(self, timeout: float | None = None) -> int:
        """Exit code; raises subprocess.TimeoutExpired when the child outlives `timeout`."""
        code = self._process.wait(timeout)
        self._reap()
        return code

    def terminate(self) -> None:
        """Ask the whole group to end (SIGTERM)."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End the whole session at once (SIGKILL) and reap the child."""
        if self._process.poll() is None:
            kill_session(self.pid)
        self.wait(GRACE_SECONDS)

    def _reap(self) -> None:
        """Once the child has ended: end what it left running and release its watchdog."""
        with self._lock:
            keep_alive, self._keep_alive = self._keep_alive, None
        if keep_alive is not None:
            kill_session(self.pid)
            os.close(keep_alive)


class Closing(RuntimeError):
    """Nothing is started any more: local AWS is closing."""


class Processes:
    """The children of one local AWS; closing it leaves none alive."""

    def __init__(self) -> None:
        self._children: set[Child] = set()
        self._lock = threading.Lock()
        self._closed = False

    def spawn(
        self,
        module_or_script: str | Path,
        args: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log: Path | IO[Any] | int,
        pass_fds: Iterable[int] = (),
    ) -> Child:
        """Start a Python module (dotted name) or script (path) under the watchdog.

        `env` is the whole environment. `log` takes stdout and stderr: a file to append to, an open
        file, a descriptor or subprocess.PIPE. Python runs unbuffered (-u), so that a killed child's
        last output is kept, and isolated (-I): PYTHON* variables are ignored and no folder is
        added to sys.path; a script that needs one adds it itself.
        """
        with self._lock:
            if self._closed:
                raise Closing(f"local AWS is closing: {module_or_script} is not started")
            self._forget_the_dead()
            child = _start(str(module_or_script), args, env, cwd, log, tuple(pass_fds))
            self._children.add(child)
            return child

    def close(self) -> None:
        """Kill every child with all its descendants, and wait for their end."""
        with self._lock:
            self._closed = True
            children = list(self._children)
            self._children.clear()
        for child in children:
            child.kill()

    def _forget_the_dead(self) -> None:
        self._children = {child for child in self._children if child.poll() is None}


def lines_from(stream: IO[bytes] | None) -> Iterator[str]:
    """What a program prints, line by line; one without an end comes in pieces."""
    if stream is not None:
        for line in iter(lambda: stream.readline(LONGEST_LINE), b""):
            yield line.decode(errors="replace")


def _start(
    target: str,
    args: Sequence[str],
    env: Mapping[str, str],
    cwd: Path,
    log: Path | IO[Any] | int,
    pass_fds: tuple[int, ...],
) -> Child:
    end, keep_alive = os.pipe()
    command = [sys.executable, "-I", "-u", str(WATCHDOG), str(end), target, *args]
    try:
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(log.open("ab")) if isinstance(log, Path) else log
            process = subprocess.Popen(
                command,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                pass_fds=(end, *pass_fds),
                start_new_session=True,
            )
    except BaseException:
        os.close(keep_alive)
        raise
    finally:
        os.close(end)
    return Child(process, keep_alive)
