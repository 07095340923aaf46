"""`ratchet up` as a user sees it: the real command, in a process of its own."""

from __future__ import annotations

import json
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

import pytest

from .conftest import ROOT

RATCHET = str(Path(sys.executable).with_name("ratchet"))
DEADLINE = 600


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A home, a temp folder and nothing of AWS: what runs here is found by nobody else."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONIOENCODING": "utf-8"}


def test_commands_find_a_running_local_aws_and_a_taken_port_is_one_clear_line(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with running_up(tmp_path, environment) as (process, port):
        info = ratchet(environment, tmp_path, "info", "--json")
        assert json.loads(info.stdout)["endpoint_url"] == f"http://127.0.0.1:{port}"
        assert f"Using the local AWS at http://127.0.0.1:{port}" in info.stderr
        second = ratchet(environment, tmp_path, "up", "--port", str(port))
        assert second.returncode == 1
        assert f"cannot listen on 127.0.0.1:{port}" in second.stderr
        assert "Traceback" not in second.stderr
        pushed = ratchet(
            environment, tmp_path, "push", str(ROOT / "pipelines" / "bank-marketing"), "--json"
        )
        assert json.loads(pushed.stdout)["name"] == "bank-marketing", pushed.stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130


def ratchet(
    environment: dict[str, str], folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [RATCHET, *arguments], check=False, capture_output=True, text=True,
        cwd=ROOT, env=environment, timeout=DEADLINE,
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
