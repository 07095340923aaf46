"""A user's program as a process by itself, as a container starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import packages_distributions, version
from pathlib import Path

from ratchet.local_aws.sagemaker.containers.catalog import container_named
from ratchet.local_aws.sagemaker.containers.threads import QUIET

GUARD = Path(__file__).with_name("guard")
LAST_LINES = 100
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


def run(command: Sequence[str], folder: Path, *, imports: Iterable[Path] = ()) -> Ending:
    """Run a command in a folder, to its end. What it writes is passed on."""
    paths = os.pathsep.join(str(path) for path in (GUARD, *imports))
    environment = {**QUIET, **os.environ, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE)
    lines: deque[str] = deque(maxlen=LAST_LINES)
    for line in process.stderr or ():
        lines.append(line.decode(errors="replace"))
        sys.stdout.write(lines[-1])
        sys.stdout.flush()
    return Ending(process.wait(), _said(lines))


def _said(lines: Iterable[str]) -> str:
    """The exception that ended a Python program, else the last lines of what it wrote."""
    kept = list(lines)
    starts = [place for place, line in enumerate(kept) if line.strip() == TRACEBACK]
    if starts:
        inside = kept[starts[-1] + 1 :]
        ends = [place for place, line in enumerate(inside) if not line.startswith((" ", "\n"))]
        kept = inside[ends[0] :] if ends else kept
    return "".join(kept[-5:]).strip()
