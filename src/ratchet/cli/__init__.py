"""The `ratchet` command: thin faces over the AWS API, local AWS and `ratchet.workflow`."""

import logging


def main() -> None:
    """Entry point of the `ratchet` command."""
    from ratchet.cli.app import app

    # what libraries log is for log files; people get our own lines
    logging.getLogger().addHandler(logging.NullHandler())
    app(prog_name="ratchet")
