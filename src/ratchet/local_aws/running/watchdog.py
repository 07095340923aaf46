"""Runs a child's program, and kills its whole session once the parent is gone.

Started as `python -I watchdog.py <fd> <script or module> args...`. The parent keeps the other end
of the pipe `fd` open for as long as the child may live: not even a SIGKILL of the parent can
prevent the end of file read here. Standard library only: it runs before the child's own imports.
"""

from __future__ import annotations

import contextlib
import os
import runpy
import signal
import sys
import threading
from pathlib import Path


def kill_session(session: int, *, spare: int = 0) -> None:
    """SIGKILL every process of the session (and its group), except the process `spare`.

    Children that moved to another group are found on systems with /proc.
    """
    for pid in _members(session):
        if pid not in (spare, session):
            _kill(pid)
    if not spare:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(session, signal.SIGKILL)


def _members(session: int) -> list[int]:
    pids = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    return [pid for pid in pids if _session_of(pid) == session]


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _watch(parent: int) -> None:
    os.read(parent, 1)
    kill_session(os.getsid(0))


def _run(target: str, args: list[str]) -> None:
    sys.argv = [target, *args]
    if target.endswith(".py") or os.sep in target:
        runpy.run_path(target, run_name="__main__")
    else:
        runpy.run_module(target, run_name="__main__", alter_sys=True)


def main(parent: int, target: str, args: list[str]) -> None:
    """Run the program; `parent` is the pipe. What it leaves behind in its session is killed."""
    threading.Thread(target=_watch, args=(parent,), daemon=True, name="watchdog").start()
    try:
        _run(target, args)
    finally:
        kill_session(os.getsid(0), spare=os.getpid())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
