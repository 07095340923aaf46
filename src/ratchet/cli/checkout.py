"""Finds the checkout of Ratchet: its template and its pipelines."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ratchet.cli.errors import CliError


@cache
def root() -> Path:
    """The folder with Ratchet's template.yaml: here or above, else where this package lives."""
    here = Path.cwd()
    for folder in (here, *here.parents, *Path(__file__).resolve().parents):
        if (folder / "template.yaml").is_file() and (folder / "statemachines").is_dir():
            return folder
    raise CliError(
        f"no checkout of Ratchet in {here} or above it (template.yaml with statemachines/)",
        "Local AWS deploys that template: run this command inside the folder you cloned.",
    )
