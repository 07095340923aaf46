"""The `ratchet` command: thin faces over the AWS API, local AWS and `ratchet.workflow`."""


def main() -> None:
    """Entry point of the `ratchet` command."""
    from ratchet.cli.app import app

    app(prog_name="ratchet")
