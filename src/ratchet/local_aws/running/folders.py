"""Where a running local AWS keeps its files, and how the next one finds and sweeps what is left.

`<tempdir>/ratchet-<uid>/<random>/` belongs to one local AWS, which holds a lock on it for as long
as it lives: a folder whose lock is free was left by a killed one.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

LOCK = ".lock"
RUNTIME_FILE = "runs.json"
ANSWER_SECONDS = 2.0
_PROBE_BYTES = 1 << 20
"""A disk without even this much room is full."""


class StartFailed(Exception):
    """Local AWS cannot start; the message is one line: what, which value, what to do."""


def home() -> Path:
    """The folder of this user's local AWSs, private to the user; StartFailed when it cannot be."""
    folder = _home()
    _refuse_a_bad(folder.parent)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        info = folder.lstat()
    except OSError as error:
        raise _unusable(folder, error) from error
    if folder.is_symlink() or info.st_uid != os.getuid() or info.st_mode & 0o077:
        raise StartFailed(
            f"{folder} is not a folder of yours alone: remove it, or set TMPDIR to another place"
        )
    return folder


def _home() -> Path:
    """Where it is, full disk or not: Python's gettempdir() would then quietly name another."""
    named = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    return Path(next(filter(None, named), "/tmp")) / f"ratchet-{os.getuid()}"  # noqa: S108


def _refuse_a_bad(tmpdir: Path) -> None:
    if not (tmpdir.is_dir() and os.access(tmpdir, os.W_OK | os.X_OK)):
        raise StartFailed(
            f"TMPDIR is {tmpdir}, which is no folder that you may write: set it to one, or unset it"
        )


def _unusable(folder: Path, error: OSError) -> StartFailed:
    return StartFailed(
        f"cannot write in {folder}: {error.strerror or error}; "
        "free some space there, or set TMPDIR to a folder that you may write"
    )


class WorkFolder:
    """The folder of one local AWS: a name at first, made and locked by `make`, until `remove`."""

    def __init__(self) -> None:
        self._base = home()
        self.path = self._base / f"local-aws-{secrets.token_hex(8)}"
        self._lock: int | None = None

    def make(self) -> None:
        """Sweep what killed ones left, then make it; StartFailed when it cannot be written to."""
        try:
            with _locked(self._base / LOCK):
                _sweep(self._base)
                self.path.mkdir(mode=0o700)
                self._lock = _try_lock(self.path / LOCK)
            (self.path / "probe").write_bytes(bytes(_PROBE_BYTES))
            (self.path / "probe").unlink()
        except OSError as error:
            raise _unusable(self._base, error) from error

    def remove(self) -> None:
        """Delete the folder, as far as it was made, and let go of its lock."""
        shutil.rmtree(self.path, ignore_errors=True)
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)


def _sweep(base: Path) -> None:
    for folder in base.glob("local-aws-*/"):
        lock = _try_lock(folder / LOCK)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _try_lock(path: Path) -> int | None:
    """A descriptor that holds the lock, None when another process has it."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


# who runs


def identity() -> dict[str, Any]:
    """Who runs this process, and in which folder it was started."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = str(os.getuid())
    with suppress(OSError):  # the folder was deleted
        return {"pid": os.getpid(), "user": user, "started_in": str(Path.cwd())}
    return {"pid": os.getpid(), "user": user, "started_in": None}


def announce(folder: Path, endpoint: str, identity: dict[str, Any]) -> None:
    """Write into the work folder where its local AWS answers, and whose it is."""
    (folder / RUNTIME_FILE).write_text(json.dumps({"endpoint": endpoint, **identity}))


def find_running() -> dict[str, Any] | None:
    """What `/_ratchet` of the first local AWS that was announced answers; None when none runs."""
    return next(all_running(), None)


def all_running() -> Iterator[dict[str, Any]]:
    """What `/_ratchet` of each announced local AWS of this user answers, in the order they started.

    The process that answers must be the one that wrote the file: another program may have taken
    the port since.
    """
    entries = [_read(path) for path in _home().glob(f"local-aws-*/{RUNTIME_FILE}")]
    for _, entry in sorted((entry for entry in entries if entry), key=lambda entry: entry[0]):
        about = ask(str(entry.get("endpoint", ""))) or {}
        if about.get("product") == "ratchet" and about.get("pid") == entry.get("pid"):
            yield about


def _read(path: Path) -> tuple[int, dict[str, Any]] | None:
    """When an announcement was written, and what it says; None when it is not ours or half."""
    try:
        info = path.stat()
        entry = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    ours = info.st_uid == os.getuid() and isinstance(entry, dict)
    return (info.st_mtime_ns, entry) if ours else None


def ask(endpoint: str) -> dict[str, Any] | None:
    """What `/_ratchet` answers at an endpoint of 127.0.0.1; None when that is no local AWS."""
    if not endpoint.startswith("http://127.0.0.1:"):
        return None
    try:
        with closing(HTTPConnection(endpoint.removeprefix("http://"), timeout=ANSWER_SECONDS)) as c:
            c.request("GET", "/_ratchet")
            about = json.loads(c.getresponse().read())
    except (OSError, HTTPException, ValueError, OverflowError):
        return None
    return about if isinstance(about, dict) else None
