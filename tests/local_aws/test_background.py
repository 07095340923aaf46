"""Runs in the background of a request: their end, and the ways to end them early."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ratchet.local_aws.running.clock import Clock
from ratchet.local_aws.running.processes import LONGEST_LINE, Processes
from ratchet.local_aws.shared.background import BackgroundRun, RunFailed
from ratchet.local_aws.shared.job_runs import JobRun

ENDLESS = f"print('x' * {3 * LONGEST_LINE}, end='')"
WAITING = "import time\nprint('waiting', flush=True)\ntime.sleep(600)\n"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAITING
MINUTE = timedelta(minutes=1)


class Host:
    """What starts the children of these tests."""

    def __init__(self) -> None:
        self.processes = Processes()
        self.clock = Clock()

    def child_environment(self) -> dict[str, str]:
        return {"PATH": os.defpath}


class Trial:
    """One run of a script, with what it printed and how it ended."""

    def __init__(self, host: Host, folder: Path, script: str, limit: timedelta | None) -> None:
        self.run = BackgroundRun(host, folder / "run")
        self.lines: queue.Queue[str] = queue.Queue()
        self.ended: queue.Queue[Exception | None] = queue.Queue()
        self.code: int | None = None
        self.left: list[str] = []
        self._script = folder / "script.py"
        self._script.write_text(script)
        self._limit = limit

    def start(self) -> None:
        self.run.start("a trial", self._work, self._end)

    def end(self) -> Exception | None:
        return self.ended.get(timeout=20)

    def _work(self) -> None:
        (self.run.folder / "made").touch()
        self.code = self.run.call(
            self._script, [], {}, self.run.folder, self.lines.put, self._limit
        )

    def _end(self, problem: Exception | None) -> None:
        self.left = [path.name for path in self.run.folder.iterdir()]
        self.ended.put(problem)


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()
    yield made
    made.clock.close()
    made.processes.close()


def trial(host: Host, folder: Path, script: str, limit: timedelta | None = None) -> Trial:
    """A started run; if its script waits, it is waiting now."""
    made = Trial(host, folder, script, limit)
    made.start()
    if "waiting" in script:
        assert made.lines.get(timeout=20) == "waiting\n"
    return made


def test_a_program_runs_to_its_end_in_the_folder_of_its_run(host: Host, tmp_path: Path) -> None:
    made = trial(host, tmp_path, "print('hello')\nopen('left', 'w')\n")
    assert made.end() is None
    assert (made.code, made.lines.get()) == (0, "hello\n")
    assert sorted(made.left) == ["left", "made"]
    assert (made.run.stopped, made.run.exceeded) == (False, False)


def test_a_stopped_run_ends(host: Host, tmp_path: Path) -> None:
    made = trial(host, tmp_path, WAITING)
    made.run.stop()
    assert made.end() is None
    assert made.code != 0
    assert made.run.stopped


def test_a_run_that_is_stopped_before_its_program_starts_ends_too(
    host: Host, tmp_path: Path
) -> None:
    made = Trial(host, tmp_path, WAITING, None)
    made.run.stop()
    made.start()
    assert made.end() is None
    assert made.code != 0


def test_a_program_that_ignores_the_stop_is_killed_after_its_grace(
    host: Host, tmp_path: Path
) -> None:
    made = trial(host, tmp_path, STUBBORN)
    made.run.stop()
    assert made.ended.empty()
    host.clock.turn(MINUTE)
    assert made.end() is None
    assert made.code != 0


def test_a_run_past_its_limit_ends_as_exceeded(host: Host, tmp_path: Path) -> None:
    made = trial(host, tmp_path, WAITING, MINUTE)
    host.clock.turn(MINUTE)
    assert made.end() is None
    assert made.run.exceeded
    assert not made.run.stopped


@pytest.mark.parametrize("problem", [RunFailed("no rows"), ValueError("a fault of ours")])
def test_what_the_work_raises_reaches_the_end(
    host: Host, tmp_path: Path, problem: Exception
) -> None:
    run, ended = BackgroundRun(host, tmp_path / "run"), queue.Queue[Exception | None]()

    def work() -> None:
        raise problem

    run.start("a trial", work, ended.put)
    assert ended.get(timeout=20) is problem


def test_nothing_starts_once_local_aws_is_closing(host: Host, tmp_path: Path) -> None:
    host.processes.close()
    made = Trial(host, tmp_path, WAITING, None)
    made.start()
    assert "closing" in str(made.end())


class Timed(JobRun):
    timed_out_error = "took too long"
    stopped_error = "was stopped"


ENDS = [
    ({}, None, "SUCCEEDED", ""),
    ({}, RunFailed("no rows"), "FAILED", "no rows"),
    ({}, ValueError("a fault"), "FAILED", "Internal error: a fault"),
    ({"exceeded"}, RunFailed("killed"), "TIMEOUT", "took too long"),
    ({"stopped"}, RunFailed("killed"), "STOPPED", "was stopped"),
    ({"stopped", "exceeded"}, None, "STOPPED", "was stopped"),
]


@pytest.mark.parametrize(("ways", "problem", "state", "error"), ENDS)
def test_a_job_run_ends_in_the_state_of_its_cause(
    host: Host, tmp_path: Path, ways: set[str], problem: Exception | None, state: str, error: str
) -> None:
    started = host.clock.now()
    run = Timed("r", {"Name": "job"}, started, BackgroundRun(host, tmp_path))
    run.background.exceeded = "exceeded" in ways
    if "stopped" in ways:
        assert run.stop()
    run.end(problem, started + MINUTE)
    assert (run.state, run.error) == (state, error)
    assert not run.stop()
    shown = run.ending()
    assert (shown["ExecutionTime"], shown.get("ErrorMessage", "")) == (60, error)


def test_a_line_without_an_end_is_not_kept_whole(host: Host, tmp_path: Path) -> None:
    endless = trial(host, tmp_path, ENDLESS)
    assert endless.end() is None
    assert [len(endless.lines.get_nowait()) for _ in range(3)] == [LONGEST_LINE] * 3
