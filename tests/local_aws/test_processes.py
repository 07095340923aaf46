"""Children end with their parent, however it ends, and take their own children along."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ratchet.local_aws.running.processes import Processes

ENVIRONMENT = {"PATH": os.environ["PATH"]}

FAMILY = """
import os, subprocess, sys, time
fifo = sys.argv[1]
# A grandchild in the same group, and one in a group of its own, as Spark's Python daemon is.
for group in (None, 0):
    code = "import sys, time; print('up', flush=True); time.sleep(600)"
    subprocess.Popen([sys.executable, "-c", code], stdout=open(fifo, "w"), process_group=group)
with open(fifo, "w") as alive:
    print("up", file=alive, flush=True)
    time.sleep(600)
"""
PARENT = """
import os, sys, time
from pathlib import Path
from ratchet.local_aws.running.processes import Processes
script, fifo, folder = sys.argv[1:]
folder = Path(folder)
child = Processes().spawn(
    Path(script), [fifo], env=dict(os.environ), cwd=folder, log=folder / "log"
)
time.sleep(600)
"""


@pytest.fixture
def processes() -> Iterator[Processes]:
    started = Processes()
    yield started
    started.close()


@pytest.fixture
def family(tmp_path: Path) -> Path:
    """A script that starts two grandchildren; each member holds the pipe `alive` open."""
    os.mkfifo(tmp_path / "alive")
    script = tmp_path / "family.py"
    script.write_text(FAMILY)
    return script


def _script(folder: Path, text: str) -> Path:
    path = folder / "script.py"
    path.write_text(textwrap.dedent(text))
    return path


class _Alive:
    """Reads the pipe: a line per member that is up, end of file once none is left."""

    def __init__(self, fifo: Path) -> None:
        self._pipe = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self._seen = b""

    def wait_for_three(self) -> None:
        deadline = time.monotonic() + 30
        while self._seen.count(b"up") < 3:
            assert time.monotonic() < deadline, "the family did not come up"
            self._read(deadline)

    def wait_for_the_end(self) -> None:
        deadline = time.monotonic() + 10
        while self._read(deadline):
            assert time.monotonic() < deadline, "somebody lives on"

    def _read(self, deadline: float) -> bool:
        """False at the end of file."""
        select.select([self._pipe], [], [], max(0.0, deadline - time.monotonic()))
        try:
            data = os.read(self._pipe, 100)
        except BlockingIOError:
            return True
        self._seen += data
        return bool(data) or self._seen.count(b"up") < 3


def test_sigkill_of_the_parent_ends_child_and_grandchildren(tmp_path: Path, family: Path) -> None:
    fifo = tmp_path / "alive"
    alive = _Alive(fifo)
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(family), str(fifo), str(tmp_path)])
    try:
        alive.wait_for_three()
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    alive.wait_for_the_end()


def test_closing_ends_every_generation(tmp_path: Path, family: Path, processes: Processes) -> None:
    fifo = tmp_path / "alive"
    alive = _Alive(fifo)
    child = processes.spawn(
        family, [str(fifo)], env=ENVIRONMENT, cwd=tmp_path, log=tmp_path / "log"
    )
    alive.wait_for_three()
    processes.close()
    assert child.poll() == -signal.SIGKILL
    alive.wait_for_the_end()
    with pytest.raises(RuntimeError, match="closing"):
        processes.spawn(family, [], env=ENVIRONMENT, cwd=tmp_path, log=subprocess.DEVNULL)


def test_what_a_finished_child_leaves_behind_ends_too(tmp_path: Path, processes: Processes) -> None:
    os.mkfifo(tmp_path / "alive")
    script = _script(
        tmp_path,
        """
        import subprocess, sys
        code = "import time; print('up up up', flush=True); time.sleep(600)"
        with open(sys.argv[1], "w") as alive:
            subprocess.Popen([sys.executable, "-c", code], stdout=alive)
            alive.write("up up up")
        """,
    )
    alive = _Alive(tmp_path / "alive")
    child = processes.spawn(
        script, [str(tmp_path / "alive")], env=ENVIRONMENT, cwd=tmp_path, log=tmp_path / "log"
    )
    assert child.wait(30) == 0
    alive.wait_for_three()
    alive.wait_for_the_end()


def test_a_child_has_its_own_environment_arguments_and_exit_code(
    tmp_path: Path, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the user's")
    script = _script(
        tmp_path,
        """
        import os, sys
        print(__name__, sys.argv[1:], os.getcwd(), sorted(os.environ))
        print("to stderr", file=sys.stderr)
        sys.exit(3)
        """,
    )
    log = tmp_path / "log"
    child = processes.spawn(script, ["a", "b c"], env={"ONLY": "this"}, cwd=tmp_path, log=log)
    assert child.wait(30) == 3
    assert child.poll() == 3
    first, second = log.read_text().splitlines()
    assert first.startswith(f"__main__ ['a', 'b c'] {tmp_path} ['")
    assert "AWS_SECRET_ACCESS_KEY" not in first
    assert second == "to stderr"


def test_a_module_may_be_started_and_its_output_read(tmp_path: Path, processes: Processes) -> None:
    child = processes.spawn(
        "calendar", ["2026", "2"], env=ENVIRONMENT, cwd=tmp_path, log=subprocess.PIPE
    )
    assert child.stdout is not None
    assert b"February 2026" in child.stdout.read()
    assert child.wait(30) == 0


def test_a_child_may_end_in_its_own_way_when_asked(tmp_path: Path, processes: Processes) -> None:
    script = _script(
        tmp_path,
        """
        import signal, sys
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        print("ready", flush=True)
        signal.pause()
        """,
    )
    child = processes.spawn(script, [], env=ENVIRONMENT, cwd=tmp_path, log=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    child.terminate()
    assert child.wait(30) == 7
