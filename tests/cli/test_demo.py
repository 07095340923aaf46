"""The main job as a user sees it: the real command, in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ratchet.cli.story import CHANCE

from .conftest import ROOT, UCI_FILE

RATCHET = str(Path(sys.executable).with_name("ratchet"))
DEADLINE = 600


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A home, a temp folder and nothing of AWS: what runs here is found by nobody else."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONIOENCODING": "utf-8"}


def test_the_demo_tells_its_four_drops_and_leaves_its_keepsakes(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    if not UCI_FILE.exists():
        pytest.skip(f"the UCI file is not at {UCI_FILE}")
    done = subprocess.run(
        [RATCHET, "demo", str(ROOT / "pipelines" / "bank-marketing"), "--data", str(UCI_FILE)],
        check=False, capture_output=True, text=True, cwd=tmp_path, env=environment,
        timeout=DEADLINE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All four ended as told." in done.stdout
    told = re.findall(r"PROMOTED|MODEL_REJECTED|DATA_REJECTED", done.stdout)
    story = ["PROMOTED", "PROMOTED", "DATA_REJECTED", "MODEL_REJECTED"]
    assert told == story * 2  # as they happen, and in the closing table
    values = re.findall(r"fresh holdout: +challenger ([\d.]+)(?:, champion ([\d.]+))?", done.stdout)
    assert float(values[1][0]) > float(values[1][1]) + 0.1
    assert CHANCE[0] <= float(values[2][0]) <= CHANCE[1]
    keepsakes = tmp_path / "ratchet-demo"
    assert "PROMOTED" in (keepsakes / "report.md").read_text()
    ET.parse(keepsakes / "picture.svg")
    assert json.loads((keepsakes / "verdict.json").read_text())["decision"] == "promote"
    assert "forty-two" in (keepsakes / "quarantine.json").read_text()
    sha256 = hashlib.sha256((keepsakes / "model.tar.gz").read_bytes()).hexdigest()
    assert sha256 in (keepsakes / "report.md").read_text()
    assert not left_running(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_up_leaves_no_process_and_no_port_however_it_ends(
    tmp_path: Path, environment: dict[str, str], number: signal.Signals
) -> None:
    with running_up(tmp_path, environment) as (process, port):
        process.send_signal(number)
        code = process.wait(30)
    assert code == (-9 if number == signal.SIGKILL else 128 + number)
    wait_until(lambda: not left_running(tmp_path))
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


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


def left_running(folder: Path) -> list[str]:
    """Processes that carry this test's folder in their environment: children of its local AWS."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if f"TMPDIR={folder}".encode() in environment and state != "Z":
            found.append(f"{process.name} {(process / 'cmdline').read_bytes()!r}")
    return found
