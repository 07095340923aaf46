"""One `ratchet up` for each file of tests, ended by Ctrl-C and looked after."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from watching import ListenerWatch, listens, processes_of
from workplace import COMMAND_SECONDS, Stack, Workplace, until


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A workplace that no other file of tests shares."""
    return Workplace(tmp_path_factory.mktemp("place"))


@pytest.fixture(scope="module")
def stack(place: Workplace) -> Iterator[Stack]:
    """A deployed stack in a `ratchet up` of its own, which leaves nothing when it ends."""
    with ListenerWatch(place.folder) as watch, _up(place) as endpoint:
        yield Stack(place, endpoint)
    watch.verify()


@contextmanager
def _up(place: Workplace) -> Iterator[str]:
    said = place.folder / "up.txt"
    with said.open("wb") as file:
        process = place.start("ratchet", "up", "--port", "0", stdout=file, stderr=file)
    try:
        until(lambda: process.poll() is not None or "Ctrl-C" in said.read_text(), "ratchet up")
        found = re.search(r"local AWS at (http://127\.0\.0\.1:(\d+))", said.read_text())
        assert found, said.read_text()
        yield found[1]
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(COMMAND_SECONDS) == 128 + signal.SIGINT, said.read_text()
    finally:
        process.kill()
        process.wait()
    _nothing_left(place.folder, int(found[2]))
    assert "Error" not in said.read_text()


def _nothing_left(folder: Path, port: int) -> None:
    until(lambda: not processes_of(folder), f"no process is left of {processes_of(folder)}", 10)
    assert not listens(port)
    assert not list((folder / "tmp").glob("ratchet-*/local-aws*"))
