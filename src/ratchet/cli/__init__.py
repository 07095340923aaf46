"""The `ratchet` command: thin faces over the AWS API, local AWS and `ratchet.workflow`."""

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

        # what libraries log is for log files; people get our own lines
        logging.getLogger().addHandler(logging.NullHandler())
        app(prog_name="ratchet")
    except KeyboardInterrupt:  # no command has begun: the imports alone take a moment
        sys.stderr.write("Stopped.\n")
        sys.exit(128 + signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # one more would show Python's own ending


def _open_closed_streams() -> None:
    """After `ratchet info >&-` Python has no sys.stdout at all."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
