"""The `ratchet` command: thin front ends for the AWS API, local AWS and `ratchet.workflow`."""

import logging
import os
import signal
import sys
from pathlib import Path


def main() -> None:
    """Entry point of the `ratchet` command."""
    _open_closed_streams()
    try:
        from ratchet.cli.app import app

        # libraries log to files only; people get our own lines
        logging.getLogger().addHandler(logging.NullHandler())
        app(prog_name="ratchet")
    except KeyboardInterrupt:  # before any command begins: the imports take a moment
        sys.stderr.write("Stopped.\n")
        sys.exit(128 + signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # another one would show Python's traceback


def _open_closed_streams() -> None:
    """After `ratchet info >&-` Python has no sys.stdout at all."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
