"""What the service's own contract says about a packed pipeline, without a stack.

The contract is the service's code, which the CLI never imports: a process of its own runs it, from
the checkout. A JSON Schema says what a key may be; this says what fits together.
"""

from __future__ import annotations

import os
import subprocess
import sys

from ratchet.cli import checkout
from ratchet.cli.errors import CliError
from ratchet.cli.extras import require

MODULE = "retraining.rules.definition_problems"
"""Reads a definition on stdin, and prints its problems, one a line (tests/wall holds the name)."""


def why_not() -> str:
    """Why it cannot be asked here, or nothing: no checkout, or without the extra `local`."""
    try:
        checkout.root()
        require("local")  # the service's code imports what its Lambda layers hold
    except CliError as error:
        return str(error)
    return ""


def problems(definition: bytes) -> list[str]:
    """Every problem that a push of this definition would be refused for, each begins with its key.

    Raises CliError where the contract itself fails.
    """
    functions = checkout.root() / "functions"
    asked = subprocess.run(
        [sys.executable, "-P", "-m", MODULE],  # no module of the user's folder comes before ours
        input=definition,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(functions), "PYTHONUTF8": "1"},
    )
    if asked.returncode:
        raise CliError(f"{MODULE} failed: {asked.stderr.decode('utf-8', 'replace')[-400:]}")
    return asked.stdout.decode().splitlines()
