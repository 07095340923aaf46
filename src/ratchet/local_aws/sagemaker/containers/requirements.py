"""requirements.txt: the container installs what it names; local AWS looks whether it is there."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

FILE = "requirements.txt"
RUNS = "local AWS installs nothing; install it into the Python that runs local AWS"


def missing(folder: Path) -> str | None:
    """What the file asks for and this Python does not have; None if nothing."""
    file = folder / FILE
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    for line in lines:
        text = line.partition("#")[0].strip()
        if text and not _is_met(text):
            return f"{FILE} asks for {text}: {RUNS}"
    return None


def _is_met(text: str) -> bool:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate():
            return True
        return wanted.specifier.contains(version(wanted.name), prereleases=True)
    except (InvalidRequirement, PackageNotFoundError):
        return False
