"""Every option and argument that more than one command has: its name, type and help, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ratchet.cli.connection import Aws, Stack

DEFAULT_STACK = "ratchet"
_PANEL = "Which AWS"

Pipeline = Annotated[
    str, typer.Argument(metavar="PIPELINE", help="A registered pipeline, such as bank-marketing.")
]
AnyPipeline = Annotated[
    str | None, typer.Argument(metavar="PIPELINE", help="A registered one; default: all of them.")
]
Folder = Annotated[
    str, typer.Argument(metavar="FOLDER", help="A pipeline's folder, or its name in pipelines/.")
]
Run = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's id, such as bank-marketing-000002.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs, and nothing else.")]
Follow = Annotated[
    bool, typer.Option("--follow", "-f", help="Follow it, state by state, until it ends.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Follow the run until it ends.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change this value in pipeline.yaml first, such as"
        " training.hyperparameters.max_depth=6. Repeat it for several.",
    ),
]


@dataclass(frozen=True)
class Where:
    """Which AWS, and which stack in it. A command's parameter of this type is these options."""

    endpoint_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Talk to this endpoint, such as http://127.0.0.1:4566.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Talk to real AWS with this profile of your AWS configuration.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    region: Annotated[
        str | None, typer.Option(metavar="NAME", help="AWS region.", rich_help_panel=_PANEL)
    ] = None
    stack: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the stack.", rich_help_panel=_PANEL)
    ] = DEFAULT_STACK

    def aws(self, *, writes: bool = False) -> Aws:
        """The AWS that is meant; CliError says what is missing."""
        from ratchet.cli.connection import connect

        return connect(self.endpoint_url, self.profile, self.region, writes=writes)

    def find(self, *, writes: bool = False) -> Stack:
        """The stack that is meant; CliError says what is missing."""
        from ratchet.cli.connection import stack_in

        return stack_in(self.aws(writes=writes), self.stack)


DEFAULT_AWS = Where()
