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
from ratchet.cli.connection import (
    DEFAULT_STACK,
    EndpointUrl,
    Json,
    Profile,
    Region,
    Stack,
    StackName,
    find_stack,
)
from ratchet.cli.errors import CliError
from ratchet.cli.layout import landing_prefix

_BIG = 16 * 1024 * 1024
_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
_UNPACK = {"gzip": "gunzip --keep", "zip": "unzip", "bzip2": "bunzip2 --keep", "xz": "unxz --keep"}


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
    pipeline: Annotated[str, typer.Argument(metavar="PIPELINE", help="Registered.")],
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Data files, sent unchanged.")
    ],
    wait: Annotated[bool, typer.Option("--wait", help="Follow the run until it ends.")] = False,
    json_output: Json = False,
    endpoint_url: EndpointUrl = None,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Drop files into the landing bucket; a run starts once the drop is complete.

    With --wait the exit code is 0 only when the run ends PROMOTED.

    Example: ratchet upload bank-marketing calls-2010.csv --wait
    """
    from ratchet.cli.ledger import registration
    from ratchet.cli.screen import print_json, size, stderr, stdout

    for file in files:
        refuse_unfit(file)
    found = find_stack(endpoint_url, profile, region, stack, writes=True)
    registration(found, pipeline)
    landed = [put(found, pipeline, file) for file in files]
    if not json_output:
        for one in landed:
            where = f"s3://{found.landing_bucket}/{one.key}"
            stdout().print(f"{one.file} ({size(one.bytes)}) landed at {where}", soft_wrap=True)
    if not wait:
        if json_output:
            print_json({"pipeline": pipeline, "objects": [vars(one) for one in landed]})
        else:
            stdout().print(f"Watch with: ratchet runs {pipeline}")
        return
    from ratchet.cli.following import follow_drop
    from ratchet.cli.ledger import RunRef
    from ratchet.cli.run_report import print_problems, print_record, problems

    try:
        record = follow_drop(found, pipeline, landed, stderr())
    except KeyboardInterrupt:
        stderr().print(f"The run continues without you; see it with: ratchet runs {pipeline}")
        raise
    if json_output:
        print_json({"pipeline": pipeline, "objects": [vars(one) for one in landed], "run": record})
    else:
        print_record(stdout(), record)
        if found_problems := list(problems(found, RunRef.parse(record["run"]))):
            print_problems(stdout(), found_problems)
    if record.get("outcome") != "PROMOTED":
        raise typer.Exit(1)


def refuse_unfit(file: Path) -> None:
    """CliError for what no data check could read: a folder, an empty or a compressed file."""
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
            raise CliError(f"{file} is {kind}-compressed, and pipelines read plain files", step)


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
