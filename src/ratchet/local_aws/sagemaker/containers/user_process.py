"""A user's program as a process by itself, as a container starts it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import packages_distributions, version
from pathlib import Path
from types import MappingProxyType
from typing import IO

from ratchet.local_aws.running.processes import lines_from
from ratchet.local_aws.sagemaker.containers.catalog import container_named
from ratchet.local_aws.sagemaker.containers.threads import QUIET

GUARD = Path(__file__).with_name("guard")
LAST_LINES = 100
NOTHING: Mapping[str, str] = MappingProxyType({})
WRITING = threading.Lock()
TRACEBACK = "Traceback (most recent call last):"


@dataclass(frozen=True)
class Ending:
    """How it ended: its exit code, and what it said about that."""

    code: int
    said: str


def say_what_runs(image: str) -> None:
    """Write which framework runs in the place of the image's."""
    framework = container_named(image).framework
    (distribution, *_) = packages_distributions()[framework.module]
    sys.stdout.write(f"{framework.name} {version(distribution)} stands in for {image}\n")
    sys.stdout.flush()


def run(
    command: Sequence[str],
    folder: Path,
    *,
    imports: Iterable[Path] = (),
    variables: Mapping[str, str] = NOTHING,
    started: Callable[[subprocess.Popen[bytes]], None] = lambda _: None,
) -> Ending:
    """Run a command in a folder, to its end. What it writes is passed on.

    `variables` are added to those of this process; `started` gets the process.
    """
    environment = {**QUIET, **os.environ, **variables, "PYTHONUNBUFFERED": "1"}
    own = [environment["PYTHONPATH"]] if environment.get("PYTHONPATH") else []
    environment["PYTHONPATH"] = os.pathsep.join([*(str(path) for path in (GUARD, *imports)), *own])
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    started(process)
    lines: deque[str] = deque(maxlen=LAST_LINES)
    told = threading.Thread(target=_pass_on, args=(process.stdout,), daemon=True)
    told.start()
    _pass_on(process.stderr, lines)
    told.join()
    return Ending(process.wait(), _said(lines))


def _pass_on(stream: IO[bytes] | None, kept: deque[str] | None = None) -> None:
    """Write whole lines: several processes write at once, and metrics are read line by line."""
    for text in lines_from(stream):
        if kept is not None:
            kept.append(text)
        with WRITING:
            sys.stdout.write(text)
            sys.stdout.flush()


def _said(lines: Iterable[str]) -> str:
    """The exception that ended a Python program, else the last lines of what it wrote."""
    kept = list(lines)
    starts = [place for place, line in enumerate(kept) if line.strip() == TRACEBACK]
    if starts:
        inside = kept[starts[-1] + 1 :]
        ends = [place for place, line in enumerate(inside) if not line.startswith((" ", "\n"))]
        kept = inside[ends[0] :] if ends else kept
    return "".join(kept[-5:]).strip()
