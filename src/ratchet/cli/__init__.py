"""The `ratchet` command: thin faces over the AWS API, local AWS and `ratchet.workflow`."""

import logging
import signal
import sys


def main() -> None:
    """Entry point of the `ratchet` command."""
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
