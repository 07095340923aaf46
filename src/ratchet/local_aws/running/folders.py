"""Where a running local AWS keeps its files, and how the next one removes what was left behind.

`<tempdir>/ratchet-<uid>/<random>/` belongs to one local AWS, which holds a lock on it while it
runs: a folder whose lock is free was left by one that was killed.
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
"""A disk with less free space than this counts as full."""


class StartFailed(Exception):
    """Local AWS cannot start; the message is one line: what, which value, the next step."""


def home() -> Path:
    """The folder of this user's local AWSs, private to them; StartFailed if impossible."""
    folder = _home()
    _refuse_unusable(folder.parent)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        info = folder.lstat()
    except OSError as error:
        raise _unusable(folder, error) from error
    if folder.is_symlink() or info.st_uid != os.getuid() or info.st_mode & 0o077:
        raise StartFailed(
            f"{folder} is not private to you: remove it, or set TMPDIR to another folder"
        )
    return folder


def _home() -> Path:
    """The same place even on a full disk, where Python's gettempdir() quietly picks another."""
    named = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    return Path(next(filter(None, named), "/tmp")) / f"ratchet-{os.getuid()}"  # noqa: S108


def _refuse_unusable(tmpdir: Path) -> None:
    if not (tmpdir.is_dir() and os.access(tmpdir, os.W_OK | os.X_OK)):
        raise StartFailed(
            f"TMPDIR is {tmpdir}, not a folder you can write to: set it to one, or unset it"
        )


def _unusable(folder: Path, error: OSError) -> StartFailed:
    return StartFailed(
        f"cannot write in {folder}: {error.strerror or error}; "
        "free some space there, or set TMPDIR to a folder you can write to"
    )


class WorkFolder:
    """The folder of one local AWS: only a name until `make` creates and locks it."""

    def __init__(self) -> None:
        self._base = home()
        self.path = self._base / f"local-aws-{secrets.token_hex(8)}"
        self._lock: int | None = None

    def make(self) -> None:
        """Remove what killed ones left, then create it; StartFailed if it is not writable."""
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
        """Delete the folder, as far as it was created, and release its lock."""
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
    """A descriptor that holds the lock, None if another process has it."""
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


# Which local AWSs are running


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


def all_running() -> Iterator[dict[str, Any]]:
    """The answer of `/_ratchet` of each announced local AWS of this user, oldest first.

    The process that answers must be the one that wrote the file: another program may have taken
    the port since.
    """
    entries = [_read(path) for path in _home().glob(f"local-aws-*/{RUNTIME_FILE}")]
    for _, entry in sorted((entry for entry in entries if entry), key=lambda entry: entry[0]):
        about = ask(str(entry.get("endpoint", ""))) or {}
        if about.get("product") == "ratchet" and about.get("pid") == entry.get("pid"):
            yield about


def _read(path: Path) -> tuple[int, dict[str, Any]] | None:
    """When an announcement was written, and its content; None if it is not ours or incomplete."""
    try:
        info = path.stat()
        entry = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    ours = info.st_uid == os.getuid() and isinstance(entry, dict)
    return (info.st_mtime_ns, entry) if ours else None


def ask(endpoint: str) -> dict[str, Any] | None:
    """The answer of `/_ratchet` at an endpoint of 127.0.0.1; None if it is not a local AWS."""
    if not endpoint.startswith("http://127.0.0.1:"):
        return None
    try:
        with closing(HTTPConnection(endpoint.removeprefix("http://"), timeout=ANSWER_SECONDS)) as c:
            c.request("GET", "/_ratchet")
            about = json.loads(c.getresponse().read())
    except (OSError, HTTPException, ValueError, OverflowError):
        return None
    return about if isinstance(about, dict) else None
