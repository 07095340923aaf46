"""Scripts that name /opt/ml, which nobody but root may make: their text names our folder instead.

A text that is replaced works for whatever opens the file, Python, a library in C or a program, on
Linux and macOS alike. What a script puts together from parts ("/opt" + "/ml") is not found.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

THERE = "/opt/ml"
WHOLE = re.compile(rf"{THERE}(?![\w-])")
"""Not the beginning of another name, such as /opt/mlflow."""
TEXTS = frozenset({".py", ".sh"})


def holds(folder: str, place: str) -> bool:
    """Whether a place in the container is this folder, or below it."""
    path = PurePosixPath(place)
    return path.is_relative_to(folder) and ".." not in path.parts


def here(text: str, root: Path) -> str:
    """The text with our folder in the place of /opt/ml."""
    return WHOLE.sub(lambda _: str(root), text)


def point(folder: Path, root: Path) -> None:
    """Let the scripts below a folder name our folder."""
    _replace(folder, WHOLE, str(root))


def restore(folder: Path, root: Path) -> None:
    """Let scripts that go into an artifact name /opt/ml again."""
    _replace(folder, re.compile(re.escape(str(root))), THERE)


def _replace(folder: Path, old: re.Pattern[str], new: str) -> None:
    pattern = re.compile(old.pattern.encode())
    for path in sorted(folder.rglob("*")):
        if path.suffix in TEXTS and path.is_file():
            made, count = pattern.subn(lambda _: new.encode(), path.read_bytes())
            if count:
                path.write_bytes(made)
