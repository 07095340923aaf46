"""The README of each pipeline is one screen, and says what a reader asks first."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = sorted(path.parent for path in ROOT.glob("pipelines/*/pipeline.yaml"))
SCREEN = 50  # lines of a terminal or an editor
COLUMNS = 120
LICENCE = re.compile(r"CC BY 4\.0|licen[cs]e|nothing to license|Nothing of it is here")


def height(text: str) -> int:
    """Lines on a screen, with long ones wrapped."""
    return sum(max(1, math.ceil(len(line) / COLUMNS)) for line in text.splitlines())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_the_page_of_a_pipeline_is_one_screen(folder: Path) -> None:
    assert height((folder / "README.md").read_text(encoding="utf-8")) <= SCREEN


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_it_has_its_commands_files_figures_source_and_licence(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    demo = (folder / "demo.yaml").exists()
    assert f"ratchet demo {folder.name}" in text or not demo
    assert f"ratchet push pipelines/{folder.name}" in text or demo
    assert "## The figures" in text
    assert LICENCE.search(text)
    named = set(re.findall(r"\| `([\w.]+)` \|", text))
    files = {path.name for path in folder.iterdir() if path.is_file() and path.name != "README.md"}
    assert named == files
