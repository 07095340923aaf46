"""Installs PyTorch for its tests, if pip has the build for the CPU.

The default build for Linux brings gigabytes of CUDA. Where pip has no other, this installs nothing
and says that the tests of PyTorch skip; it never fails.

    make install-torch
    PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make install-torch
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

from packaging.requirements import Requirement
from packaging.version import Version

VERSION = "2.13.0"
ASKED = (f"torch=={VERSION}+cpu", f"torch=={VERSION}")
"""Any build meets the second, which pip may have to download to look at: it is asked for last."""
CUDA = ("nvidia-", "cuda-", "triton", "pytorch-triton")
LONGEST = 900
"""Seconds that pip may take to look, and again to install: an index that hangs is none."""
PIP = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")


def cpu_build(report: dict[str, Any]) -> str | None:
    """The requirement of exactly what pip would install; None if that is not a CPU build."""
    for item in report["install"]:
        metadata = item["metadata"]
        found = Version(metadata["version"])
        brings = _names(metadata.get("requires_dist", []), report["environment"])
        if metadata["name"] == "torch" and (
            found.local == "cpu" or (not found.local and not any(map(_is_cuda, brings)))
        ):
            return f"torch=={found}"
    return None


def _names(requirements: list[str], environment: dict[str, str]) -> list[str]:
    """What of the requirements applies on this machine, without extras."""
    here = {**environment, "extra": ""}
    known = map(Requirement, requirements)
    return [one.name.lower() for one in known if not one.marker or one.marker.evaluate(here)]


def _is_cuda(name: str) -> bool:
    return name.startswith(CUDA)


def _asked(requirement: str) -> dict[str, Any] | None:
    """Pip's report of what it would install, dependencies aside; None if it finds nothing."""
    options = (
        "--dry-run",
        "--report",
        "-",
        "--no-deps",
        "--ignore-installed",
        "--only-binary=torch",
    )
    ended = _pip(*options, requirement, stderr=subprocess.DEVNULL)
    return json.loads(ended.stdout) if ended and ended.returncode == 0 else None


def _pip(*arguments: str, stderr: int | None = None) -> subprocess.CompletedProcess[bytes] | None:
    run = [*PIP, *arguments]
    try:
        return subprocess.run(
            run, stdout=subprocess.PIPE, stderr=stderr, check=False, timeout=LONGEST
        )
    except subprocess.TimeoutExpired:
        return None


def main() -> str:
    """Install it; what came of that, in a line."""
    if find_spec("torch") is not None:
        return "PyTorch is installed."
    for requirement in ASKED:
        report = _asked(requirement)
        wanted = cpu_build(report) if report else None
        ended = _pip(wanted) if wanted else None
        if ended and ended.returncode == 0:
            return f"Installed {wanted}, the build for the CPU."
    return f"Pip has no CPU build of torch {VERSION} here: the tests of PyTorch skip."


if __name__ == "__main__":
    print(main())
