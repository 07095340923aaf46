"""`ratchet up` running in a process of its own, and real commands beside it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from .conftest import ROOT

RATCHET = str(Path(sys.executable).with_name("ratchet"))
DEADLINE = 600


def surroundings(folder: Path) -> dict[str, str]:
    """A home, a temp folder and nothing of AWS: what runs here is found by nobody else."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": str(folder), "TMPDIR": str(folder), "PYTHONIOENCODING": "utf-8"}


def ratchet(
    environment: dict[str, str], *arguments: str, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """A command to its end, in the checkout unless a folder is given."""
    return subprocess.run(
        [RATCHET, *arguments], check=False, capture_output=True, text=True,
        cwd=cwd, env=environment, timeout=DEADLINE,
    )  # fmt: skip


@contextmanager
def running_up(
    folder: Path, environment: dict[str, str]
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`ratchet up` on a free port, ready for use."""
    log = folder / "up.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [RATCHET, "up", "--port", "0"], stdout=out, stderr=out, cwd=ROOT, env=environment,
            text=True, start_new_session=True,
            # a test run in the background of a shell would hand its deaf ear for Ctrl-C down
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
    try:
        wait_until(lambda: "leaves nothing" in log.read_text() or process.poll() is not None)
        found = re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text())
        assert found, log.read_text()
        yield process, int(found[1])
    finally:
        process.kill()
        process.wait()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)
