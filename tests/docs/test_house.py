"""Import arrows fall one way, as docs/architecture.md draws them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = {
    "src/ratchet/workflow": ("ratchet.local_aws", "ratchet.cli", "retraining"),
    "src/ratchet/local_aws": ("ratchet.cli", "retraining"),
    "src/ratchet/cli": ("retraining",),
    "functions": ("ratchet",),
    "jobs": ("ratchet", "retraining"),
}
NEEDS_AWS = ("boto3", "botocore")


def imports(file: Path) -> Iterator[str]:
    """Every module that the file imports, relative ones aside."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def arrows(folder: str, modules: tuple[str, ...]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)} -> {name}"
        for file in sorted((ROOT / folder).rglob("*.py"))
        for name in imports(file)
        if any(name == module or name.startswith(f"{module}.") for module in modules)
    ]


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_no_arrow_runs_upward(folder: str) -> None:
    assert arrows(folder, FORBIDDEN[folder]) == []


def test_only_the_adapters_speak_boto3() -> None:
    speaking = arrows("functions", NEEDS_AWS)
    assert [arrow for arrow in speaking if "/adapters/" not in arrow] == []


def test_only_settings_reads_the_environment() -> None:
    reading = [
        str(file.relative_to(ROOT))
        for file in sorted((ROOT / "functions").rglob("*.py"))
        if "environ" in file.read_text(encoding="utf-8") and file.name != "settings.py"
    ]
    assert reading == []
