"""Scripts that name /opt/ml, which nobody but root may make: their text names our folder instead.

A text that is replaced works for whatever opens the file, Python, a library in C or a program, on
Linux and macOS alike. What a script puts together from parts ("/opt" + "/ml") is not found.
"""

from __future__ import annotations

from pathlib import Path

THERE = "/opt/ml"
TEXTS = frozenset({".py", ".sh"})


def here(text: str, root: Path) -> str:
    """The text with our folder in the place of /opt/ml."""
    return text.replace(THERE, str(root))


def point(folder: Path, root: Path) -> None:
    """Let the scripts below a folder name our folder."""
    _replace(folder, THERE, str(root))


def restore(folder: Path, root: Path) -> None:
    """Let scripts that go into an artifact name /opt/ml again."""
    _replace(folder, str(root), THERE)


def _replace(folder: Path, old: str, new: str) -> None:
    for path in sorted(folder.rglob("*")):
        if path.suffix in TEXTS and path.is_file():
            data = path.read_bytes()
            if old.encode() in data:
                path.write_bytes(data.replace(old.encode(), new.encode()))
