"""Commands at a terminal, and a census of the processes they start: their kinds, what each is told.

The kinds are told apart by their command lines, as `ps` would show them.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import socket
import struct
import termios
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from watching import PROC, processes_of
from workplace import Workplace

KINDS = {
    "functions": "lambda_/boot.py",
    "recipe": "databrew.compiler.run_recipe",
    "driver": "glue/boot.py",
    "java": "java-runtime/bin/java",
    "training": "containers.xgboost.train",
    "transform": "containers.transform",
    "serving": "containers.serve",
    "made-up data": "sample_data.py",
}
"""Every kind of child that a retraining run or the demo has, and what its command line holds."""
END_SECONDS = 10
_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def soon(look: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """What `look` gives once it gives something, looking often: the moments here are short."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.01)
    return found


def living(folder: Path) -> list[str]:
    """Processes that name the folder in their environment or in their command: 'pid command'."""
    found = {line.split(" ")[0]: line for line in processes_of(folder)}
    for process in PROC.glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if str(folder) in command and process.name != str(os.getpid()):
                found.setdefault(process.name, f"{process.name} {command}")
    return list(found.values())


def kinds(folder: Path) -> list[str]:
    """The kinds of the workplace's living children, one entry for each process."""
    lines = living(folder)
    return [kind for line in lines for kind, mark in KINDS.items() if mark in line]


def wait_for(folder: Path, *wanted: str, seconds: float = 60) -> None:
    """Wait until a child of each wanted kind lives."""
    soon(lambda: set(wanted) <= set(kinds(folder)), f"alive: {wanted}", seconds)


def wait_for_none(folder: Path) -> None:
    """No process of the workplace may live a few seconds from now."""
    what = "the end of every process"
    try:
        soon(lambda: not living(folder), what, END_SECONDS)
    except AssertionError:
        raise AssertionError(f"alive after {END_SECONDS} s: {living(folder)}") from None


def work_folders(place: Workplace) -> list[Path]:
    """The folders of local AWSs, alive or left."""
    return list(place.temporary.glob("ratchet-*/local-aws-*/"))


def can_be_bound(port: int) -> bool:
    """True when a server can take the port, as `ratchet up` does."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Terminal:
    """A command in a terminal of its own: it can be typed to, read, and closed."""

    def __init__(self, place: Workplace, *command: str) -> None:
        self._end, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 40, 120, 0, 0))
        modes = termios.tcgetattr(theirs)
        modes[3] |= termios.NOFLSH  # else Ctrl-C discards what was printed and not yet read
        termios.tcsetattr(theirs, termios.TCSANOW, modes)
        self._said = b""
        self._stop, self._stopped = os.pipe()
        streams: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
        self.process = place.start(*command, **streams, preexec_fn=_take_the_terminal)
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def said(self) -> str:
        """Everything on the terminal so far, without colours and cursor movements."""
        return _CONTROLS.sub("", self._said.decode(errors="replace"))

    def port(self) -> int:
        """The port of the local AWS, once it says that it is deployed."""
        pattern = re.compile(r"Local AWS at http://127\.0\.0\.1:(\d+), stack ratchet deployed")
        found: re.Match[str] = soon(lambda: pattern.search(self.said), "a deployed stack")
        return int(found[1])

    def press_ctrl_c(self) -> None:
        """Type Ctrl-C: the kernel sends SIGINT to what runs in the foreground."""
        os.write(self._end, b"\x03")

    def close(self) -> None:
        """Close the window: the kernel sends SIGHUP."""
        if self._reader.is_alive():
            os.close(self._stopped)
            self._reader.join()
        if self._end >= 0:
            os.close(self._end)
            self._end = -1

    def _read(self) -> None:
        while True:
            ready, _, _ = select.select([self._end, self._stop], [], [])
            if self._stop in ready:
                return
            try:
                self._said += os.read(self._end, 65536)
            except OSError:  # nobody is left to write
                return


def _take_the_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Census:
    """Notes the environment of every child of a workplace while it runs, by kind."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_again_and_again, daemon=True)
        self.environments: dict[str, dict[str, str]] = {}
        """By 'kind pid': the environment that the child was started with."""

    def __enter__(self) -> Census:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def seen(self) -> set[str]:
        """The kinds of children that were met."""
        return {name.split(" ")[0] for name in self.environments}

    def _look_again_and_again(self) -> None:
        while not self._stop.wait(0.1):
            for line in processes_of(self._folder):
                for kind, mark in KINDS.items():
                    if mark in line:
                        self._note(kind, line.split(" ")[0])

    def _note(self, kind: str, pid: str) -> None:
        try:
            told = (PROC / pid / "environ").read_bytes().decode()
        except OSError:  # it has ended
            return
        pairs = (entry.partition("=") for entry in told.split("\0") if entry)
        self.environments[f"{kind} {pid}"] = {name: value for name, _, value in pairs}
