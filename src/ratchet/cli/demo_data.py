"""Where the demo's data comes from: the user's file, the cache, UCI, or the seeded generator.

Nothing of the real file is part of this repository. Archives are read with a limit on what they
unpack to.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import os
import queue
import sys
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from ratchet.cli.errors import CliError

UCI_SHA256 = "74adfc578bf77a7ff4bb1ba4a9f8709d9e3c6907342959c2c8416847e0afb4d8"
UCI_URL = "https://archive.ics.uci.edu/static/public/222/bank+marketing.zip"
UCI_NAME = "bank-additional-full.csv"
DOWNLOAD_SECONDS = 8.0
MOST_BYTES = 128 * 1024 * 1024
GENERATED_ROWS = 41_188
_DEPTH = 2


class Readable(Protocol):
    """What bytes are read from: a file, an unzipping stream, an HTTP answer."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes."""


@dataclass(frozen=True)
class DemoData:
    """The demo's rows, and in words where they come from and why."""

    content: bytes
    origin: str
    real: bool
    why: str = ""


def find_data(given: Path | None, generator: Path, is_uci: bool) -> DemoData:
    """The user's file, else the cached, else UCI's, else made-up rows. CliError for a bad file.

    Only a file that the user names can fail; a missing cache or network is not an error. Without
    `is_uci` (another pipeline than bank-marketing) there is only the user's file.
    """
    if given is not None:
        content = read_data(given)
        real = hashlib.sha256(content).hexdigest() == UCI_SHA256
        kind = "UCI's Bank Marketing file" if real else "your file"
        return DemoData(content, f"{kind}, {given}", real)
    if not is_uci:
        raise CliError("only bank-marketing brings its own data", "Give yours with --data FILE.")
    return _cached() or _downloaded() or _generated(generator)


def read_data(path: Path) -> bytes:
    """The CSV in a file that may be plain, .gz, .zip or a zip in a zip; CliError says why not."""
    try:
        with path.open("rb") as file:
            return _unfolded(file, str(path), _DEPTH)
    except FileNotFoundError as error:
        raise CliError(f"{path} does not exist", "Check --data.") from error
    except IsADirectoryError as error:
        raise CliError(f"{path} is a folder", "Give a file with --data.") from error
    except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error, RuntimeError,
            NotImplementedError) as error:  # fmt: skip
        msg = f"{path} cannot be unpacked: {error}"
        raise CliError(msg, "Is it complete? Download it again, or unpack it yourself.") from error


def _unfolded(file: IO[bytes], name: str, depth: int) -> bytes:
    head = file.read(4)
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        with gzip.GzipFile(fileobj=file) as unzipped:
            return _bounded(unzipped, name)
    if head == b"PK\x03\x04":
        return _from_zip(file, name, depth)
    content = _bounded(file, name)
    if not content.strip():
        raise CliError(f"{name} is empty", "Give a CSV file with a header and rows.")
    if b"\0" in content[:65536]:
        raise CliError(f"{name} is not text", "Give a CSV file, or a .gz or .zip of one.")
    return content


def _from_zip(file: IO[bytes], name: str, depth: int) -> bytes:
    """UCI's file if it is in there, else the only CSV, else look into the zips inside."""
    with zipfile.ZipFile(file) as archive:
        members = [m for m in archive.infolist() if not m.filename.startswith("__MACOSX")]
        tables = [m for m in members if m.filename.lower().endswith((".csv", ".csv.gz"))]
        known = [m for m in tables if Path(m.filename).name == UCI_NAME]
        if known or len(tables) == 1:
            with archive.open((known or tables)[0]) as inner:
                return _unfolded(io.BytesIO(_bounded(inner, name)), name, 0)
        zips = [m for m in members if m.filename.lower().endswith(".zip")] if depth else []
        for member in sorted(zips, key=lambda m: "additional" not in m.filename):
            with archive.open(member) as inner:
                return _unfolded(io.BytesIO(_bounded(inner, name)), name, depth - 1)
        found = ", ".join(m.filename for m in members[:6]) or "nothing"
    step = "Unpack it and give the CSV itself with --data."
    raise CliError(f"{name} holds no single CSV file; it holds {found}", step)


def _bounded(file: Readable, name: str) -> bytes:
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise CliError(
            f"{name} unpacks to more than {MOST_BYTES // 1024 // 1024} MB",
            "The demo is for small files; try bigger ones with ratchet up and ratchet upload.",
        )
    return content


def cache_folder() -> Path:
    """The platform's folder for caches, ours in it."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ratchet"
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "ratchet"


def _cached() -> DemoData | None:
    with contextlib.suppress(OSError, RuntimeError):
        path = cache_folder() / UCI_NAME
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() == UCI_SHA256:
            return DemoData(content, f"UCI's Bank Marketing file, cached at {path}", real=True)
    return None


def _downloaded() -> DemoData | None:
    from ratchet.cli.screen import Progress

    with Progress(f"Asking UCI for the file, at most {DOWNLOAD_SECONDS:.0f} s ..."):
        content = within(DOWNLOAD_SECONDS, _download)
    if content is None:
        return None
    _keep(content)
    return DemoData(content, f"UCI's Bank Marketing file, from {UCI_URL}", real=True)


def within(seconds: float, work: Callable[[], bytes | None]) -> bytes | None:
    """What `work` returns if it does in time: name resolution alone can hang for a minute."""
    done: queue.Queue[bytes | None] = queue.Queue()
    threading.Thread(target=lambda: done.put(work()), daemon=True).start()
    try:
        return done.get(timeout=seconds)
    except queue.Empty:
        return None


def _download() -> bytes | None:
    """The pinned file, or None whatever goes wrong: the generator stands in for it."""
    import http.client
    import urllib.request

    try:
        with urllib.request.urlopen(UCI_URL, timeout=DOWNLOAD_SECONDS) as answer:
            archive = _bounded(answer, UCI_URL)
        content = _unfolded(io.BytesIO(archive), UCI_URL, _DEPTH)
    except (OSError, ValueError, http.client.HTTPException, zipfile.BadZipFile, EOFError,
            zlib.error, RuntimeError, CliError):  # fmt: skip
        return None
    return content if hashlib.sha256(content).hexdigest() == UCI_SHA256 else None


def _keep(content: bytes) -> None:
    """Into the cache, if that can be written."""
    with contextlib.suppress(OSError, RuntimeError):
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f"{UCI_NAME}.{os.getpid()}"
        fresh.write_bytes(content)
        fresh.replace(folder / UCI_NAME)


def _generated(generator: Path) -> DemoData:
    """Rows made up by the pipeline's own script, in a separate process."""
    from ratchet.local_aws.running.processes import Processes

    processes = Processes()
    with tempfile.TemporaryDirectory(prefix="ratchet-data-") as folder:
        out, log = Path(folder) / "made-up.csv", Path(folder) / "log"
        arguments = ["--rows", str(GENERATED_ROWS), "--out", str(out)]
        try:
            child = processes.spawn(
                generator, arguments, env={"PATH": os.defpath}, cwd=Path(folder), log=log
            )
            code = child.wait(120)
        finally:
            processes.close()
        if code != 0 or not out.exists():
            last = log.read_text(errors="replace").strip().splitlines()[-1:] or ["no message"]
            raise CliError(f"{generator} failed with exit code {code}: {last[0]}")
        content = out.read_bytes()
    return DemoData(
        content,
        f"made-up rows of the same shape and drift, by {generator.name}",
        real=False,
        why="UCI's file is not cached, and UCI does not answer; give your copy with --data FILE.",
    )
