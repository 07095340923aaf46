"""`ratchet try`: what the service would make of a file, without a run and without an account."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ratchet.cli import extras
from ratchet.cli.command import command
from ratchet.cli.options import Folder, Json

if TYPE_CHECKING:
    from rich.console import Console

    from ratchet.cli.trial import Prepared, Trial

_DECIMALS = re.compile(r"-?[0-9]+\.[0-9]{7,}")


@command
def try_files(
    pipeline: Folder,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files of one drop.")],
    json_output: Json = False,
) -> None:
    """Check and prepare files as a run would, in seconds: problems, rows and prepared columns.

    The whole service runs on a local AWS that ends with the command, up to the prepared data.
    Nothing is trained, and nothing registered anywhere changes. The exit code is 0 only if data
    was prepared.

    Example: ratchet try pipelines/bank-marketing calls-2010.csv
    """
    from ratchet.cli import trial
    from ratchet.cli.pipeline_folder import find, pack
    from ratchet.cli.screen import Progress, print_json, remark, stdout
    from ratchet.cli.upload import refuse_unfit

    extras.require("local")
    packed = pack(find(pipeline))
    for file in files:
        refuse_unfit(file)
    for warning in packed.warnings:
        remark(warning)
    with Progress("Trying ...") as update:
        tried = trial.run(packed, files, update)
    if json_output:
        print_json(tried.document())
    else:
        _print(stdout(), tried)
    if tried.prepared is None:
        raise typer.Exit(1)


def _print(out: Console, tried: Trial) -> None:
    from ratchet.cli.run_report import count_of
    from ratchet.cli.screen import count, duration

    for problem in tried.problems:
        out.print(_located(problem), soft_wrap=True)
    if (total := count_of(tried.problems)) > len(tried.problems):
        out.print(f"{len(tried.problems)} of {total:,} problems", soft_wrap=True)
    numbers = ", ".join(f"{name} {count(number)}" for name, number in tried.checked.items())
    rows = numbers if tried.checked["landed"] else "none could be read"
    out.print(f"Rows: {rows}", soft_wrap=True)
    if tried.prepared is not None:
        _print_prepared(out, tried.prepared)
    else:
        out.print(tried.sentence, style="bold red", soft_wrap=True)
    if tried.log:
        out.print(f"Log of the job: {tried.log}", soft_wrap=True)
    out.print(f"Tried in {duration(tried.seconds)}; nothing was trained.", style="dim")


def _located(problem: dict[str, Any]) -> str:
    """'file:line: what is wrong', as editors and terminals find it."""
    line = problem.get("line")
    where = problem["file"] if line is None else f"{problem['file']}:{line}"
    return f"{where}: {problem['sentence']}"


def short(number: str) -> str:
    """As a person reads it: a 32-bit float has seven digits, and the others say nothing."""
    return f"{float(number):.7g}" if _DECIMALS.fullmatch(number) else number


def _print_prepared(out: Console, prepared: Prepared) -> None:
    from ratchet.cli.run_report import LEFT_OUT, SIDES
    from ratchet.cli.screen import count, table

    parts = [f"{name} {count(prepared.account[name])}" for name in SIDES]
    left_out = [
        f"{count(prepared.account[name])} {words}"
        for name, words in LEFT_OUT.items()
        if prepared.account[name]
    ]
    out.print(f"Prepared: {', '.join(parts)}", soft_wrap=True)
    if left_out:
        out.print(f"Left out: {', '.join(left_out)}", soft_wrap=True)
    out.print()
    rows = [
        (name + (" (label)" if place == 0 else ""), *(short(row[place]) for row in prepared.head))
        for place, name in enumerate(prepared.columns)
    ]
    shown = [f">row {n}" for n in range(1, len(prepared.head) + 1)]
    out.print(table("", ["column", *shown], rows))
