"""Which build of PyTorch `make install-torch` takes, by reports as pip writes them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import install_torch
import pytest

ROOT = Path(__file__).resolve().parents[2]
LINUX = {"platform_system": "Linux", "platform_machine": "x86_64", "sys_platform": "linux"}
MAC = {"platform_system": "Darwin", "platform_machine": "arm64", "sys_platform": "darwin"}
PLAIN = [
    "filelock",
    "typing-extensions>=4.10.0",
    "sympy>=1.13.3",
    'optree>=0.13.0; extra == "optree"',
]
ON_LINUX = 'platform_system == "Linux"'
CUDA_12 = [
    *PLAIN,
    f'nvidia-cublas-cu12==12.4.5.8; {ON_LINUX} and platform_machine == "x86_64"',
    f'triton==3.2.0; {ON_LINUX} and platform_machine == "x86_64"',
]
CUDA_13 = [*PLAIN, f"cuda-toolkit[cublas,cudart]==13.0.2; {ON_LINUX}"]


def report(version: str, requires: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """What `pip install --dry-run --report -` says, shortened."""
    metadata = {"name": "torch", "version": version, "requires_dist": requires}
    return {"version": "1", "install": [{"metadata": metadata}], "environment": environment}


@pytest.mark.parametrize(
    ("version", "requires", "environment", "taken"),
    [
        ("2.13.0+cpu", PLAIN, LINUX, "torch==2.13.0+cpu"),
        ("2.13.0", PLAIN, LINUX, "torch==2.13.0"),
        ("2.6.0", CUDA_12, LINUX, None),
        ("2.13.0", CUDA_13, LINUX, None),
        ("2.13.0", [*PLAIN, "pytorch-triton-rocm==3.4"], LINUX, None),
        ("2.6.0", CUDA_12, MAC, "torch==2.6.0"),
        ("2.13.0", CUDA_13, MAC, "torch==2.13.0"),
        ("2.13.0+cu130", PLAIN, LINUX, None),
        ("2.13.0+rocm7.0", PLAIN, LINUX, None),
    ],
)
def test_only_a_build_for_the_cpu_is_taken(
    version: str, requires: list[str], environment: dict[str, str], taken: str | None
) -> None:
    assert install_torch.cpu_build(report(version, requires, environment)) == taken


def test_nothing_is_taken_of_a_report_without_torch() -> None:
    assert install_torch.cpu_build({"install": [], "environment": LINUX}) is None


@pytest.mark.parametrize("answer", [None, report("2.13.0", CUDA_13, LINUX)])
def test_without_a_cpu_build_nothing_is_installed(
    answer: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pip that would install something would be started here, which a quick test may not."""
    asked: list[str] = []
    monkeypatch.setattr(install_torch, "find_spec", lambda name: None)
    monkeypatch.setattr(install_torch, "_asked", lambda text: asked.append(text) or answer)
    assert install_torch.main().endswith("the tests of PyTorch skip.")
    assert asked == [f"torch=={install_torch.VERSION}+cpu", f"torch=={install_torch.VERSION}"]


def test_a_pip_that_finds_nothing_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    found = subprocess.CompletedProcess([], 1, b"", b"ERROR: No matching distribution found")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: found)
    assert install_torch._asked("torch==0") is None


def test_ci_installs_it_before_the_tests() -> None:
    commands = (ROOT / ".ci" / "run").read_text().splitlines()
    assert commands.index("make install-torch") < commands.index("make test")
