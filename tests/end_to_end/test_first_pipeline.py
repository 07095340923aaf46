"""docs/your-first-pipeline.md, followed word for word by somebody who has nothing but the page.

A year of a dozen runs: four minutes where nothing else runs, eleven on a machine that others use.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from workplace import BIN, ROOT, Workplace

PAGE = ROOT / "docs" / "your-first-pipeline.md"
BLOCK = re.compile(r"^```(console|text|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d[\d.,]*")
DEFECT = 70

pytestmark = pytest.mark.process


@dataclass(frozen=True)
class Step:
    """A block of the page: commands to type, an edit to make, or what is then on the screen."""

    kind: str
    text: str
    line: int


def steps() -> Iterator[Step]:
    page = PAGE.read_text(encoding="utf-8")
    for found in BLOCK.finditer(page):
        yield Step(found[1], found[2], page.count("\n", 0, found.start()) + 1)


class Reader:
    """Types and edits what the page says, and looks whether the screen says it too."""

    def __init__(self, place: Workplace) -> None:
        self.place = place
        self.folder = place.work
        (self.folder / "docs").symlink_to(ROOT / "docs")
        self.screen = ""
        self.running: subprocess.Popen[bytes] | None = None

    def follow(self, step: Step) -> None:
        {"console": self._type, "diff": self._edit, "text": self._look}[step.kind](step)

    def _type(self, step: Step) -> None:
        self.screen = ""
        for line in step.text.splitlines():
            command = line.partition("   #")[0].strip()
            if command.startswith("cd "):
                self.folder = (self.folder / command.removeprefix("cd ")).resolve()
            elif command == "ratchet up":
                self._start()
            elif command:
                self.screen += self._run(command, step)

    def _run(self, command: str, step: Step) -> str:
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.place.environment, check=False,
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        said = done.stderr + done.stdout  # remarks and progress come before results
        assert done.returncode not in (2, DEFECT, 127), f"line {step.line}: {command}\n{said}"
        return said

    def _start(self) -> None:
        log = self.place.folder / "up.log"
        with log.open("wb") as out:
            self.running = subprocess.Popen(
                [str(BIN / "ratchet"), "up", "--port", "0"], stdout=out, stderr=out,
                cwd=self.folder, env=self.place.environment, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 120
        while "leaves nothing behind" not in log.read_text():
            assert self.running.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)

    def _edit(self, step: Step) -> None:
        """The file's name, then lines that stay, go (-) and come (+)."""
        name, *lines = step.text.splitlines()
        path = self.folder / name.removeprefix("--- ")
        old = "".join(f"{line[1:]}\n" for line in lines if line[:1] in " -")
        new = "".join(f"{line[1:]}\n" for line in lines if line[:1] in " +")
        text = path.read_text()
        assert text.count(old) == 1, f"line {step.line}: not once in {path.name}:\n{old}\n{text}"
        path.write_text(text.replace(old, new))

    def _look(self, step: Step) -> None:
        """Every line but `...` is on the screen, in this order; numbers may be others."""
        seen = words(self.screen)
        at = 0
        for line in step.text.splitlines():
            if line.strip() in ("", "..."):
                continue
            found = pattern(line).search(seen, at)
            assert found, f"line {step.line}: not on the screen: {line}\n{self.screen}"
            at = found.end()


def words(text: str) -> str:
    return " ".join(text.split())


def pattern(line: str) -> re.Pattern[str]:
    """A line of the page with any numbers; `...` stands for anything."""
    parts = [
        "".join(
            r"\d[\d.,]*" if NUMBER.fullmatch(piece) else re.escape(piece)
            for piece in re.split(r"(\d[\d.,]*)", words(part))
        )
        for part in line.split("...")
    ]
    return re.compile(r"\s?.*?\s?".join(parts))


def test_the_page_can_be_followed_from_its_first_line_to_its_last(place: Workplace) -> None:
    reader = Reader(place)
    try:
        for step in steps():
            reader.follow(step)
    finally:
        if reader.running is not None:
            reader.running.terminate()
            reader.running.wait(60)


def test_every_command_of_the_page_is_followed_by_what_it_says() -> None:
    """So that a command that stops working is noticed."""
    found = list(steps())
    silent = [a.text for a, b in pairwise(found) if (a.kind, b.kind) == ("console", "console")]
    assert silent == ["ratchet up\n"]


def test_the_same_seed_makes_the_same_months(tmp_path: Path) -> None:
    script = ROOT / "docs" / "your-first-pipeline" / "monthly_drops.py"
    for name in ("one", "two"):
        subprocess.run(
            ["python3", str(script), "--out", str(tmp_path / name), "--rows", "40"], check=True
        )
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    months = [f"2024-{month:02}.csv" for month in range(1, 13)]
    assert sorted(files) == sorted([*months, "2024-09-corrected.csv"])
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
