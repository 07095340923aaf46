"""Looks at the processes of a workplace from outside: which live, and where they listen."""

from __future__ import annotations

import ipaddress
import os
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
_LISTENING = "0A"


def processes_of(folder: Path) -> list[str]:
    """The living processes whose environment names this folder: 'pid command'."""
    if (PROC / "self/environ").exists():
        return [f"{pid} {_command(pid)}" for pid in _pids(folder)]
    shown = subprocess.run(
        ["ps", "-axww", "-E", "-o", "pid=,command="], capture_output=True, text=True, check=True
    )
    return [line.strip() for line in shown.stdout.splitlines() if str(folder) in line]


def listens(port: int) -> bool:
    """True when something answers at a port of 127.0.0.1."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


class ListenerWatch:
    """Notes, while it runs, every listener of the folder's processes that is off loopback.

    Only Linux tells whose a listener is without special rights; elsewhere it notes nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen = 0
        self.exposed: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_again_and_again, daemon=True)

    def __enter__(self) -> ListenerWatch:
        if (PROC / "net/tcp").exists():
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def verify(self) -> None:
        """AssertionError when a listener was off loopback, or when the watch saw none at all."""
        assert not self.exposed, f"others can reach these listeners: {self.exposed}"
        assert self.seen or not (PROC / "net/tcp").exists(), "the watch saw no listener at all"

    def _look_again_and_again(self) -> None:
        while not self._stop.wait(0.5):
            listeners = _listeners()
            for pid in _pids(self.folder):
                for address in filter(None, map(listeners.get, _sockets(pid))):
                    self.seen += 1
                    if not ipaddress.ip_address(address.rpartition(" ")[0]).is_loopback:
                        self.exposed.add(f"{address} of {_command(pid)}")


def _pids(folder: Path) -> list[int]:
    named, found = str(folder).encode(), []
    for process in PROC.glob("[0-9]*"):
        with suppress(OSError):  # another user's, or gone since
            if int(process.name) != os.getpid() and named in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


def _command(pid: int) -> str:
    with suppress(OSError):
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:200]
    return "(gone)"


def _sockets(pid: int) -> list[str]:
    found = []
    with suppress(OSError):
        for descriptor in (PROC / str(pid) / "fd").iterdir():
            with suppress(OSError):
                found.append(str(descriptor.readlink()))
    return found


def _listeners() -> dict[str, str]:
    """'address port' of every listening socket by its 'socket:[inode]'."""
    found = {}
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (PROC / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING:
                    found[f"socket:[{fields[9]}]"] = _address(fields[1])
    return found


def _address(field: str) -> str:
    """The kernel writes addresses as words of four bytes, each in the machine's order."""
    words, port = field.split(":")
    packed = b"".join(bytes.fromhex(words[at : at + 8])[::-1] for at in range(0, len(words), 8))
    address = ipaddress.ip_address(packed)
    mapped = getattr(address, "ipv4_mapped", None)
    return f"{mapped or address} {int(port, 16)}"
