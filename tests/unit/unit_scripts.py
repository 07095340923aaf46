"""The scripts of a pipeline's folder, run as a person runs them."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

PIPELINES = Path(__file__).parents[2] / "pipelines"
SECONDS = 120

Ended = subprocess.CompletedProcess[str]


def run_script(
    pipeline: str, script: str, *arguments: object, environment: dict[str, str] | None = None
) -> Ended:
    """A script's end, whatever its exit code; `environment` is set beside this process's."""
    return subprocess.run(
        [sys.executable, str(PIPELINES / pipeline / script), *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={**os.environ, **(environment or {})},
    )


def converted(pipeline: str, folder: Path, content: bytes) -> list[dict[str, str]]:
    """The rows of the drop that convert.py makes of this content."""
    (folder / "in").write_bytes(content)
    ended = run_script(pipeline, "convert.py", folder / "in", folder / "out.csv")
    assert ended.returncode == 0, ended.stderr
    with (folder / "out.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))
