"""All commands. What they need is imported when they run, so that --help is quick."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ratchet import __version__
from ratchet.cli.approve import approve, reject
from ratchet.cli.data import data
from ratchet.cli.delete import delete
from ratchet.cli.demo import demo
from ratchet.cli.graph import graph
from ratchet.cli.info import info
from ratchet.cli.invoke import invoke
from ratchet.cli.lint import lint
from ratchet.cli.new import new
from ratchet.cli.push import push
from ratchet.cli.retrain import retrain
from ratchet.cli.rollback import rollback
from ratchet.cli.runs import runs, show
from ratchet.cli.state_test import state_test
from ratchet.cli.try_files import try_files
from ratchet.cli.up import up
from ratchet.cli.upload import upload

app = typer.Typer(
    name="ratchet",
    help="Drop data in S3; a new model serves only after it earns it.",
    epilog="Start with: ratchet demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_PANELS: dict[str, dict[str, Any]] = {
    "Try": {"demo": demo, "up": up, "info": info},
    "Author a pipeline": {"new": new, "try": try_files, "push": push},
    "Keep it fresh": {
        "upload": upload,
        "retrain": retrain,
        "runs": runs,
        "show": show,
        "data": data,
        "invoke": invoke,
        "approve": approve,
        "reject": reject,
        "rollback": rollback,
        "delete": delete,
    },
    "Author a state machine": {"lint": lint, "graph": graph, "test-state": state_test},
}
for _panel, _commands in _PANELS.items():
    for _name, _command in _commands.items():
        if isinstance(_command, typer.Typer):
            app.add_typer(_command, name=_name, rich_help_panel=_panel)
        else:
            app.command(_name, rich_help_panel=_panel)(_command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ratchet {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Drop data in S3; a new model serves only after it earns it."""
