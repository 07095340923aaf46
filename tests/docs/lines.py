"""Counts the lines of each part, for docs/architecture.md: python tests/docs/lines.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = {
    "service": ("functions/**/*.py", "jobs/*.py", "statemachines/*.yaml", "template.yaml"),
    "command line": ("src/ratchet/cli/**/*.py",),
    "workflow": ("src/ratchet/workflow/**/*.py",),
    "local AWS": ("src/ratchet/local_aws/**/*.py",),
    "tests": ("tests/**/*.py",),
}
"""Parts and their files, as git patterns from the root of the repository."""


def count(patterns: tuple[str, ...]) -> int:
    """Lines of all files that match, blank ones and comments included."""
    files = (file for pattern in patterns for file in ROOT.glob(pattern))
    return sum(file.read_text(encoding="utf-8").count("\n") for file in files)


def rows() -> Iterator[str]:
    """The rows of the page's table, rounded to hundreds."""
    for part, patterns in PARTS.items():
        named = ", ".join(f"`{pattern.removesuffix('/**/*.py')}`" for pattern in patterns)
        yield f"| {part} ({named}) | {round(count(patterns), -2):,} |"


if __name__ == "__main__":
    print("\n".join(rows()))
