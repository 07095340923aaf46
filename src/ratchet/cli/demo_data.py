"""Where a demo's data comes from: the user's file, the cache, the publisher, or made-up rows.

Nothing of a real file is part of this repository. Archives are read with a limit on what they
unpack to.
"""

from __future__ import annotations

import contextlib
import functools
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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from ratchet.cli.errors import CliError

if TYPE_CHECKING:
    from ratchet.cli.demo_plan import DemoPlan, PublishedFile

DOWNLOAD_SECONDS = 8.0
MOST_BYTES = 128 * 1024 * 1024
SCRIPT_SECONDS = 120
_DEPTH = 2
_TABLES = (".csv", ".csv.gz")
_WORKBOOK = "xl/workbook.xml"


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


def find_data(given: Path | None, plan: DemoPlan | None) -> DemoData:
    """The user's file, else the cached, else the published, else made-up rows.

    Only a file that the user names can fail, with a CliError; a missing cache or network is none.
    Without a plan (a pipeline that has no demo.yaml) there is only the user's file.
    """
    if plan is None:
        if given is None:
            step = "Give yours with --data FILE, or see ratchet demo --list."
            raise CliError("this pipeline brings no data of its own", step)
        return _given(given, None)
    found = _given(given, plan.published) if given else _cached(plan) or _downloaded(plan)
    if found is None:
        return _generated(plan)
    return replace(found, content=_converted(found.content, plan, str(given or found.origin)))


def _given(path: Path, published: PublishedFile | None) -> DemoData:
    content = read_data(path, published.name if published else "")
    real = published is not None and _is(content, published)
    kind = published.title if published and real else "your file"
    return DemoData(content, f"{kind}, {path}", real)


def _is(content: bytes, published: PublishedFile) -> bool:
    return published.sha256 is not None and (
        hashlib.sha256(content).hexdigest() == published.sha256
    )


def read_data(path: Path, wanted: str = "") -> bytes:
    """The table in a file that may be plain, .gz, .zip or a zip in a zip; CliError says why not.

    `wanted` is the member to take of a zip that holds several.
    """
    try:
        with path.open("rb") as file:
            return _unfolded(file, _Source(str(path), wanted), _DEPTH)
    except FileNotFoundError as error:
        raise CliError(f"{path} does not exist", "Check --data.") from error
    except IsADirectoryError as error:
        raise CliError(f"{path} is a folder", "Give a file with --data.") from error
    except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error, RuntimeError,
            NotImplementedError) as error:  # fmt: skip
        msg = f"{path} cannot be unpacked: {error}"
        raise CliError(msg, "Is it complete? Download it again, or unpack it yourself.") from error


@dataclass(frozen=True)
class _Source:
    """Where bytes come from, for sentences, and the file to look for in archives."""

    name: str
    wanted: str


def _unfolded(file: IO[bytes], source: _Source, depth: int) -> bytes:
    name, head = source.name, file.read(4)
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        with gzip.GzipFile(fileobj=file) as unzipped:
            return _bounded(unzipped, name)
    if head == b"PK\x03\x04":
        return _from_zip(file, source, depth)
    content = _bounded(file, name)
    if not content.strip():
        raise CliError(f"{name} is empty", "Give a CSV file with a header and rows.")
    if b"\0" in content[:65536]:
        raise CliError(f"{name} is not text", "Give a CSV file, or a .gz or .zip of one.")
    return content


def _from_zip(file: IO[bytes], source: _Source, depth: int) -> bytes:
    """The wanted file if it is in there, else the only table, else look into the zips inside."""
    name = source.name
    with zipfile.ZipFile(file) as archive:
        if _WORKBOOK in archive.namelist():
            return _workbook(file, source)
        members = [m for m in archive.infolist() if not m.filename.startswith("__MACOSX")]
        known = [m for m in members if Path(m.filename).name == source.wanted]
        tables = [m for m in members if m.filename.lower().endswith(_TABLES)]
        if known or len(tables) == 1:
            with archive.open((known or tables)[0]) as inner:
                return _unfolded(io.BytesIO(_bounded(inner, name)), source, 0)
        zips = [m for m in members if m.filename.lower().endswith(".zip")] if depth else []
        for member in sorted(zips, key=lambda m: "additional" not in m.filename):
            with archive.open(member) as inner:
                return _unfolded(io.BytesIO(_bounded(inner, name)), source, depth - 1)
        found = ", ".join(m.filename for m in members[:6]) or "nothing"
    step = "Unpack it and give the CSV itself with --data."
    raise CliError(f"{name} holds no single CSV file; it holds {found}", step)


def _workbook(file: IO[bytes], source: _Source) -> bytes:
    """A spreadsheet, which is a zip archive, as it is: for a pipeline whose convert.py reads it."""
    if not source.wanted.endswith(".xlsx"):
        raise CliError(f"{source.name} is a workbook", "Save its sheet as CSV and give that.")
    file.seek(0)
    return _bounded(file, source.name)


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


def _cached(plan: DemoPlan) -> DemoData | None:
    published = plan.published
    if published is None:
        return None
    with contextlib.suppress(OSError, RuntimeError):
        path = cache_folder() / published.name
        content = path.read_bytes()
        if _is(content, published):
            return DemoData(content, f"{published.title}, cached at {path}", real=True)
    return None


def _downloaded(plan: DemoPlan) -> DemoData | None:
    from ratchet.cli.screen import Progress

    published = plan.published
    if published is None or published.url is None:
        return None
    with Progress(f"Asking for the file, at most {DOWNLOAD_SECONDS:.0f} s: {published.url}"):
        content = within(DOWNLOAD_SECONDS, functools.partial(_download, published))
    if content is None:
        return None
    _keep(content, published.name)
    return DemoData(content, f"{published.title}, from {published.url}", real=True)


def within(seconds: float, work: Callable[[], bytes | None]) -> bytes | None:
    """What `work` returns if it does in time: name resolution alone can hang for a minute."""
    done: queue.Queue[bytes | None] = queue.Queue()
    threading.Thread(target=lambda: done.put(work()), daemon=True).start()
    try:
        return done.get(timeout=seconds)
    except queue.Empty:
        return None


def _download(published: PublishedFile) -> bytes | None:
    """The pinned file, or None whatever goes wrong: made-up rows stand in for it."""
    import http.client
    import urllib.request

    url = str(published.url)
    try:
        with urllib.request.urlopen(url, timeout=DOWNLOAD_SECONDS) as answer:  # noqa: S310
            archive = _bounded(answer, url)
        content = _unfolded(io.BytesIO(archive), _Source(url, published.name), _DEPTH)
    except (OSError, ValueError, http.client.HTTPException, zipfile.BadZipFile, EOFError,
            zlib.error, RuntimeError, CliError):  # fmt: skip
        return None
    return content if _is(content, published) else None


def _keep(content: bytes, name: str) -> None:
    """Into the cache, if that can be written."""
    with contextlib.suppress(OSError, RuntimeError):
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f"{name}.{os.getpid()}"
        fresh.write_bytes(content)
        fresh.replace(folder / name)


def _converted(content: bytes, plan: DemoPlan, name: str) -> bytes:
    """What the pipeline's convert.py makes of the published file; as it is where there is none."""
    if plan.converter is None:
        return content
    with tempfile.TemporaryDirectory(prefix="ratchet-data-") as folder:
        source = Path(folder) / "published"
        source.write_bytes(content)
        return _made_by(plan.converter, [str(source)], Path(folder), f"{name} cannot be converted")


def _generated(plan: DemoPlan) -> DemoData:
    """Rows made up by the pipeline's own script."""
    published = plan.published
    with tempfile.TemporaryDirectory(prefix="ratchet-data-") as folder:
        arguments = ["--rows", str(plan.rows), "--out"]
        content = _made_by(plan.generator, arguments, Path(folder), "no rows could be made up")
    answers = "and its publisher does not answer; " if published and published.url else ""
    return DemoData(
        content,
        f"{plan.made}, by {plan.generator.name}",
        real=False,
        why=f"{published.title} is not cached, {answers}give your copy with --data FILE."
        if published
        else "",
    )


def _made_by(script: Path, arguments: list[str], folder: Path, failed: str) -> bytes:
    """The file that a script of the pipeline's folder writes, in a process of its own."""
    from ratchet.local_aws.running.processes import Processes

    processes = Processes()
    out, log = folder / "made.csv", folder / "log"
    try:
        child = processes.spawn(
            script.absolute(), [*arguments, str(out)], env={"PATH": os.defpath}, cwd=folder, log=log
        )
        code = child.wait(SCRIPT_SECONDS)
    finally:
        processes.close()
    if code != 0 or not out.exists():
        last = log.read_text(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise CliError(f"{failed}: {script.name} ended with exit code {code}: {last[0]}")
    return out.read_bytes()
