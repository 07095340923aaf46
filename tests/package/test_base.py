"""What the base installs without the extra `local` must work without its packages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ratchet.cli import extras
from ratchet.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
BLOCKED = """
import sys

BLOCKED = frozenset({blocked!r})

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""
IMPORT_ALL = """
import importlib, pkgutil
import ratchet.cli, ratchet.workflow

for package in (ratchet.cli, ratchet.workflow):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
"""
RUN = """
import sys
from ratchet.cli import main

sys.argv[0] = "ratchet"
main()
"""


def of_the_base() -> set[str]:
    """The distributions that the base installs, with all they need themselves."""
    found: set[str] = set()
    left = [extras.DISTRIBUTION]
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        with suppress(metadata.PackageNotFoundError):  # for another system or Python
            needs = [need for need in metadata.requires(name) or [] if "extra ==" not in need]
            left += [normalised(re.split(r"[^\w.-]", need)[0]) for need in needs]
    return found


def normalised(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def modules_beyond_the_base() -> set[str]:
    """The top-level modules of everything here that the base does not install."""
    base = of_the_base()
    return {
        module
        for module, distributions in metadata.packages_distributions().items()
        if module != "ratchet" and not base & {normalised(name) for name in distributions}
    }


def with_the_base(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    hook = BLOCKED.format(blocked=sorted(modules_beyond_the_base()))
    return subprocess.run(
        [sys.executable, "-c", hook + code, *arguments],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=120,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip


def test_the_base_is_free_of_local_aws() -> None:
    assert {"boto3", "yaml", "typer"} & modules_beyond_the_base() == set()
    missing = {"moto", "pyspark", "duckdb", "samtranslator", "xgboost", "pyarrow"}
    assert missing <= modules_beyond_the_base()


def test_every_module_of_cli_and_workflow_is_imported_without_the_extra() -> None:
    ended = with_the_base(IMPORT_ALL)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("lint", "template.yaml"),
        ("lint", "statemachines/retraining.asl.yaml"),
        ("graph", "statemachines/promotion.asl.yaml", "-o", "{folder}/a.svg"),
        ("test-state", "statemachines/retraining.asl.yaml", "Verdict?", "--variables",
         '{"decision": "promote"}'),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_command_of_the_base_works_without_the_extra(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    ended = with_the_base(RUN, *(word.replace("{folder}", str(tmp_path)) for word in command))
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("command", ["up", "demo"])
def test_a_command_of_the_extra_says_how_to_install_it(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = metadata.version

    def version(name: str) -> str:
        if name == "pyspark":
            raise metadata.PackageNotFoundError(name)
        return installed(name)

    monkeypatch.setattr(metadata, "version", version)
    ended = CliRunner().invoke(app, [command])
    assert ended.exit_code == 2
    assert "needs the extra `local`, which is not installed (missing: pyspark)" in ended.stderr
    assert "pip install '.[local]'" in ended.stderr
