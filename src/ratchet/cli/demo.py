"""`ratchet demo`: the whole main job in four drops, on its own local AWS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ratchet.cli import checkout, extras
from ratchet.cli.command import command, stay
from ratchet.cli.errors import WRONG_USAGE, CliError
from ratchet.cli.options import Folder, Json

if TYPE_CHECKING:
    from rich.console import Console

    from ratchet.cli.connection import Stack
    from ratchet.cli.demo_data import DemoData
    from ratchet.cli.demo_plan import DemoPlan
    from ratchet.cli.drops import Drops
    from ratchet.cli.pipeline_folder import Packed
    from ratchet.cli.scenario import Outcome

FOLDER = Path("ratchet-demo")
_FIRST = "bank-marketing"


@command
def demo(
    pipeline: Folder = _FIRST,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="FILE", help="Your copy of the data: .csv, .gz or .zip."),
    ] = None,
    show_list: Annotated[bool, typer.Option("--list", help="List the demos there are.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Stay up afterwards for a look around, until Ctrl-C.")
    ] = False,
    json_output: Json = False,
) -> None:
    """Watch the main job in four drops, on a local AWS that ends with the command.

    Old data trains the first champion; newer data brings a better one; a broken drop is
    quarantined; one with shuffled labels is set aside. Reports, picture and model stay in
    ./ratchet-demo/. The exit code is 0 only if all four end as expected.

    Without --data: the cached file, else its publisher's, else made-up rows.

    Example: ratchet demo customer-churn --keep
    """
    from ratchet.cli import screen

    if show_list:
        _list(json_output=json_output)
        return
    extras.require("local")
    packed, source, drops, plan = _prepare(pipeline, data)
    console = screen.stderr() if json_output else screen.stdout()
    _say_start(console, packed, source)
    outcomes, ended = _run(console, packed, source, drops, plan, keep=keep)
    if json_output:
        screen.print_json([one.document() for one in outcomes])
    if not ended:
        raise typer.Exit(1)


def _list(*, json_output: bool) -> None:
    from ratchet.cli import screen
    from ratchet.cli.demo_plan import plans

    found = plans(checkout.root() / "pipelines")
    if json_output:
        screen.print_json([{"name": one.pipeline, "shows": one.shows} for one in found])
        return
    rows = [
        (one.pipeline, one.shows, one.published.title if one.published else one.made)
        for one in found
    ]
    screen.stdout().print(screen.table("", ["demo", "shows", "data"], rows))
    screen.stdout().print("Start one with: ratchet demo NAME")


def _prepare(pipeline: str, data: Path | None) -> tuple[Packed, DemoData, Drops, DemoPlan | None]:
    """Find everything that can be wrong with the input before anything starts."""
    from ratchet.cli.demo_data import find_data
    from ratchet.cli.demo_plan import DemoPlan
    from ratchet.cli.drops import cut
    from ratchet.cli.pipeline_folder import find, pack

    checkout.root()  # what is deployed: a folder of one's own is not enough
    folder = find(pipeline)
    packed = pack(folder)
    _require_framework(packed)
    plan = DemoPlan.find(folder)
    source = find_data(data, plan)
    drops = cut(source.content, packed.definition, str(data or "the file"))
    _make_folder()
    return packed, source, drops, plan


def _require_framework(packed: Packed) -> None:
    """CliError where a script's framework is not installed: its training job would say so late."""
    from ratchet.cli.frameworks import missing

    if found := missing(packed):
        raise CliError(found.what, f"Install it: {found.command}", code=WRONG_USAGE)


def _make_folder() -> None:
    """Make the folder; CliError before four drops when an earlier one cannot be written to."""
    FOLDER.mkdir(exist_ok=True)
    if not os.access(FOLDER, os.W_OK | os.X_OK):
        step = "Run the command in a folder that you may write to."
        raise CliError(f"{FOLDER.absolute()} cannot be written to", step)


def _run(
    console: Console,
    packed: Packed,
    source: DemoData,
    drops: Drops,
    plan: DemoPlan | None,
    *,
    keep: bool,
) -> tuple[list[Outcome], bool]:
    from ratchet.cli import artifacts, push, scenario, up

    with up.running(0, None, announced=keep) as (_, stack):
        answer = push.send(stack, packed)
        console.print(push.summary(answer), soft_wrap=True)
        outcomes = scenario.play(scenario.Scenario(stack, packed.name, console, plan), drops)
        artifacts.write(FOLDER, stack, packed.name, source, outcomes)
        scenario.close(console, outcomes, FOLDER)
        if keep:
            _stay(console, stack, packed.name)
    return outcomes, len(outcomes) == scenario.DROPS and all(one.as_expected for one in outcomes)


def _stay(console: Console, stack: Stack, pipeline: str) -> None:
    where = f"--endpoint-url {stack.aws.endpoint_url}"
    console.print()
    console.print("Local AWS stays up until Ctrl-C. In another terminal:")
    for line in ("ratchet info", f"ratchet runs {pipeline}", f"ratchet invoke {pipeline}"):
        console.print(f"  {line} {where}", soft_wrap=True)
    stay()


def _say_start(console: Console, packed: Packed, source: DemoData) -> None:
    from ratchet.cli.screen import size

    console.print(f"Ratchet: {packed.name} in four drops", style="bold")
    console.print(f"Data: {source.origin} ({size(len(source.content))}).", soft_wrap=True)
    if source.why:
        console.print(source.why, soft_wrap=True)
