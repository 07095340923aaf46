"""`ratchet demo` as a user watches it: in a terminal, to its end, and what is left afterwards."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pty
import re
import struct
import tarfile
import termios
import threading
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from watching import ListenerWatch, listens, processes_of
from workplace import UCI_FILE, Workplace, bank_rows, csv_bytes, until

ROWS, COLUMNS = 50, 120
DEMO_SECONDS = 600
_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\))")


@dataclass(frozen=True)
class Shown:
    """A demo that has ended: what the terminal showed, and what the command left."""

    code: int
    text: str
    watch: ListenerWatch
    kept: Path


@pytest.fixture(scope="module")
def demo(place: Workplace) -> Shown:
    """One demo, watched in a terminal."""
    data = UCI_FILE
    if not data.exists():
        data = place.work / "made-up.csv"
        data.write_bytes(csv_bytes(*bank_rows(place)))
    with ListenerWatch(place.folder) as watch:
        code, text = _in_a_terminal(place, "ratchet", "demo", "--data", str(data))
    return Shown(code, text, watch, place.work / "ratchet-demo")


def _in_a_terminal(place: Workplace, *command: str) -> tuple[int, str]:
    """Exit code, and what the terminal shows in the end, without colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    process = place.start(*command, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    timer = threading.Timer(DEMO_SECONDS, process.kill)
    timer.start()
    try:
        sent = _everything(ours)
        return process.wait(), _shown(sent)
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        os.close(ours)


def _shown(sent: bytes) -> str:
    """What was sent, each line as it was last written: progress writes a line again and again."""
    lines = _ESCAPES.sub("", sent.decode()).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rpartition("\r")[2] for line in lines)


def _everything(terminal: int) -> bytes:
    sent = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux's way to say that the other side is closed
            return sent
        if not piece:
            return sent
        sent += piece


def test_the_demo_ends_well_and_says_so(demo: Shown) -> None:
    assert demo.code == 0, demo.text
    assert "All four ended as expected." in demo.text
    assert "NOT AS EXPECTED" not in demo.text


def test_the_demo_shows_four_outcomes_state_by_state(demo: Shown) -> None:
    outcomes = re.findall(r"^  (PROMOTED|DATA_REJECTED|SUSPECT)\s*$", demo.text, re.MULTILINE)
    assert outcomes == ["PROMOTED", "PROMOTED", "DATA_REJECTED", "SUSPECT"], demo.text
    for state in ("Check the data", "Train a model", "Verify the endpoint's answers"):
        assert re.search(rf"✓ {state} +\d+\.\d s", demo.text), state
    assert re.search(r"fresh holdout: +challenger 0\.\d+, champion 0\.\d+", demo.text)
    assert re.search(r"of the serving model on [\d,]+ rows it had not seen: 0\.\d+", demo.text)
    assert "The endpoint answers as before, byte for byte" in demo.text
    assert "forty-two" in demo.text


def test_what_the_demo_leaves_belongs_together(demo: Shown) -> None:
    kept = demo.kept
    assert {path.name for path in kept.iterdir()} == {
        "report.md", "picture.svg", "model.tar.gz", "verdict.json", "quarantine.json",
        "drop-1.html", "drop-2.html", "drop-3.html", "drop-4.html",
    }  # fmt: skip
    report = (kept / "report.md").read_text()
    assert hashlib.sha256((kept / "model.tar.gz").read_bytes()).hexdigest() in report
    for outcome in ("PROMOTED", "DATA_REJECTED", "SUSPECT"):
        assert outcome in report
    with tarfile.open(kept / "model.tar.gz") as model:
        assert model.getnames() == ["xgboost-model"]
    assert ET.parse(kept / "picture.svg").getroot().tag.endswith("svg")
    told = (kept / "drop-2.html").read_text()
    for part in ("PROMOTED", "Verdict", "Calibration", "Promise and truth", "Cost", "The run"):
        assert part in told, part
    assert "Problems of the data" in (kept / "drop-3.html").read_text()
    verdict = json.loads((kept / "verdict.json").read_text())
    assert verdict["decision"] == "promote"
    problems = [
        problem
        for one in json.loads((kept / "quarantine.json").read_text()).values()
        for problem in one["problems"]
    ]
    assert {"line": 43, "value": "forty-two"}.items() <= {
        key: value for problem in problems for key, value in problem.items() if value
    }.items()


def test_after_the_demo_no_process_no_port_and_no_folder_is_left(
    demo: Shown, place: Workplace
) -> None:
    demo.watch.verify()
    (port,) = re.findall(r"Local AWS at http://127\.0\.0\.1:(\d+)", demo.text)
    assert not listens(int(port))
    until(lambda: not processes_of(place.folder), "no process is left", 10)
    assert not list(place.temporary.glob("ratchet-*/local-aws*"))
    assert not list(place.temporary.glob("ratchet-error-*"))
