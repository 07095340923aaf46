"""Every file that a page names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "pipelines" / "README.md", *sorted(ROOT.glob("docs/*.md"))]
FOLDERS = (
    "benchmarks", "docs", "events", "functions", "jobs", "layers", "notebooks", "pipelines", "src",
    "statemachines", "tests",
)  # fmt: skip


def named_in(page: Path) -> list[str]:
    """The paths in backticks that begin with a folder of the repository."""
    quoted = re.findall(r"`([\w.*/-]+)`", page.read_text(encoding="utf-8"))
    return sorted({name for name in quoted if name.partition("/")[0] in FOLDERS and "/" in name})


def test_the_contributing_page_names_its_examples() -> None:
    assert len(named_in(ROOT / "docs" / "contributing.md")) > 30


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_path_of_a_page_exists(page: Path) -> None:
    missing = [name for name in named_in(page) if not list(ROOT.glob(name.rstrip("/")))]
    assert missing == []
