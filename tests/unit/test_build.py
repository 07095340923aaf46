"""What `sam build` makes fits into Lambda. Opt-in: a cold cache downloads 60 MB of wheels."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIMIT_MB = 200  # Lambda's is 250, function and layers together, unzipped

pytestmark = pytest.mark.skipif(
    os.environ.get("RATCHET_TEST_BUILD") != "1",
    reason="builds the layers from the package index: set RATCHET_TEST_BUILD=1",
)


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def test_each_function_and_its_layers_fit_into_lambda(tmp_path: Path) -> None:
    tools = Path(sys.executable).parent
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = mine | {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    folders = ["--build-dir", str(tmp_path / "build"), "--cache-dir", str(tmp_path / "cache")]
    subprocess.run([str(tools / "sam"), "build", *folders], cwd=ROOT, env=environment, check=True)
    sizes = {folder.name: megabytes(folder) for folder in (tmp_path / "build").iterdir()}
    layers = sizes.pop("DependenciesLayer") + sizes.pop("ArrowLayer")
    assert layers < LIMIT_MB
    functions = {name: size for name, size in sizes.items() if name.endswith("Function")}
    assert max(functions.values()) < 1
