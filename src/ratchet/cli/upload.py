"""`ratchet upload`: puts files where a pipeline's data lands."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ratchet.cli.command import command
from ratchet.cli.connection import Stack
from ratchet.cli.errors import CliError
from ratchet.cli.layout import landing_prefix
from ratchet.cli.options import DEFAULT_AWS, Json, Pipeline, Wait, Where

_BIG = 16 * 1024 * 1024
_PACKED = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "Zstandard"}
_UNPACK = {"bzip2": "bunzip2 --keep", "xz": "unxz --keep", "Zstandard": "unzstd"}


@dataclass(frozen=True)
class Landed:
    """One object version in the landing bucket.

    `version` is what the ledger tells two contents of a key apart by: the version's id, and in a
    bucket without versions the ETag.
    """

    file: str
    key: str
    version: str
    bytes: int


@command
def upload(
    pipeline: Pipeline,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Data files, sent unchanged.")
    ],
    wait: Wait = False,
    json_output: Json = False,
    where: Where = DEFAULT_AWS,
) -> None:
    """Drop files into the landing bucket; a run starts once the drop is complete.

    With --wait the exit code is 0 only when the run ends PROMOTED.

    Example: ratchet upload bank-marketing calls-2010.csv --wait
    """
    from ratchet.cli.ledger import registration
    from ratchet.cli.screen import print_json, size, stderr, stdout

    for file in files:
        refuse_unfit(file)
    found = where.find(writes=True)
    registration(found, pipeline)
    landed = [put(found, pipeline, file) for file in files]
    document = {"pipeline": pipeline, "objects": [vars(one) for one in landed]}
    if not json_output:
        for one in landed:
            target = f"s3://{found.landing_bucket}/{one.key}"
            stdout().print(f"{one.file} ({size(one.bytes)}) landed at {target}", soft_wrap=True)
    if not wait:
        if json_output:
            print_json(document)
        else:
            stdout().print(f"Watch with: ratchet runs {pipeline}")
        return
    from ratchet.cli.following import follow_drop
    from ratchet.cli.run_report import end_with

    try:
        record = follow_drop(found, pipeline, landed, stderr())
    except KeyboardInterrupt:
        stderr().print(f"The run continues without you; see it with: ratchet runs {pipeline}")
        raise
    end_with(found, record, document if json_output else None)


def refuse_unfit(file: Path) -> None:
    """CliError for what no data check could read: a folder, an empty or a strangely packed file."""
    if not file.name.isprintable():
        raise CliError(f"{str(file)!r} has a control character in its name", "Rename the file.")
    if file.is_dir():
        raise CliError(f"{file} is a folder", f"Name its files: {file}/*.csv")
    if not file.exists():
        raise CliError(f"{file} does not exist", "Check the path.")
    with file.open("rb") as stream:
        head = stream.read(6)
    if not head:
        raise CliError(f"{file} is empty", "It contains nothing to train on.")
    for magic, kind in _PACKED.items():
        if head.startswith(magic):
            step = f"Unpack it first: {_UNPACK[kind]} {file}"
            what = f"{file} is {kind}-compressed, and pipelines read plain files, gzip and zip"
            raise CliError(what, step)


def put(stack: Stack, pipeline: str, file: Path) -> Landed:
    """Put one file under landing/<pipeline>/; big ones in parts, with a progress bar."""
    key, bytes_ = _key(stack, pipeline, file.name), file.stat().st_size
    s3 = stack.client("s3")
    if bytes_ < _BIG:
        return put_bytes(stack, pipeline, str(file), file.read_bytes())
    with _bar(file.name, bytes_) as advance:
        s3.upload_file(str(file), stack.landing_bucket, key, Callback=advance)
    reply = s3.head_object(Bucket=stack.landing_bucket, Key=key)
    return Landed(str(file), key, _version(reply), bytes_)


def put_bytes(stack: Stack, pipeline: str, name: str, content: bytes) -> Landed:
    """Put one object under landing/<pipeline>/ in one request."""
    key = _key(stack, pipeline, Path(name).name)
    reply = stack.client("s3").put_object(Bucket=stack.landing_bucket, Key=key, Body=content)
    return Landed(name, key, _version(reply), len(content))


def _version(reply: dict[str, Any]) -> str:
    return str(reply.get("VersionId") or reply["ETag"].strip('"'))


def _key(stack: Stack, pipeline: str, name: str) -> str:
    return landing_prefix(stack.landing_prefix, pipeline) + name


@contextmanager
def _bar(name: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar in a terminal, a line every ten seconds elsewhere."""
    from ratchet.cli.screen import stderr

    if not stderr().is_terminal:
        yield _lines(name, total)
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), console=stderr()) as progress:
        task = progress.add_task(name, total=total)
        yield lambda count: progress.advance(task, count)


def _lines(name: str, total: int) -> Callable[[int], None]:
    from ratchet.cli.screen import remark, size

    lock, sent, printed = threading.Lock(), 0, time.monotonic()

    def advance(count: int) -> None:
        nonlocal sent, printed
        with lock:
            sent += count
            if time.monotonic() - printed >= 10:
                printed = time.monotonic()
                remark(f"{name}: {size(sent)} of {size(total)}")

    return advance
