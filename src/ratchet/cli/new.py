"""`ratchet new`: a pipeline's folder from a file, ready to be pushed."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ratchet.cli.command import command
from ratchet.cli.errors import WRONG_USAGE, CliError

if TYPE_CHECKING:
    from ratchet.cli.authoring.guessing import Column, Guess


@command
def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The pipeline's name, such as flight-delays.")
    ],
    from_csv: Annotated[
        Path,
        typer.Option(
            "--from-csv",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            readable=True,
            help="A file such as those that will be dropped.",
        ),
    ],
    label: Annotated[str, typer.Option(metavar="COLUMN", help="The column to predict.")],
    time: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="When a row is from: the newest rows of each drop are held out to judge on.",
        ),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Identifies a row: a newer one replaces it. Repeat it"
            " for a key of several columns.",
        ),
    ] = None,
    into: Annotated[
        Path, typer.Option("--into", metavar="FOLDER", help="Where the pipeline's folder is made.")
    ] = Path("pipelines"),
) -> None:
    """Write a pipeline's folder for the data in a file: columns, settings and features.

    Example: ratchet new flight-delays --from-csv january.csv --label late --time day
    """
    from ratchet.cli.authoring import guessing, looking, writing
    from ratchet.cli.extras import require
    from ratchet.cli.pipeline_folder import pack
    from ratchet.cli.screen import Progress, stdout

    _require_name(name)
    folder = into / name
    if folder.exists():
        raise CliError(f"{folder} exists already", "Choose another name, or remove it first.")
    require("local")
    keys = tuple(dict.fromkeys(key or ()))
    if label in keys:
        raise CliError(f"--key {label} is the label, which cannot identify a row")
    if time == label:
        raise CliError(f"--time {time} is the label, which is not known when it counts")
    wanted = {label: "--label", **dict.fromkeys(keys, "--key")}
    if time is not None:
        wanted[time] = "--time"
    with Progress(f"Reading {from_csv} ..."):
        seen = looking.look(from_csv, wanted)
        made = guessing.guess(name, seen, label, time, keys)
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=into) as scratch:
        unfinished = Path(scratch) / name
        unfinished.mkdir()
        for file, text in writing.files(made, folder).items():
            (unfinished / file).write_text(text, encoding="utf-8")
        pack(unfinished)
        unfinished.rename(folder)
    stdout().print(*_told(made, folder), sep="\n", soft_wrap=True)


def _told(made: Guess, folder: Path) -> Iterator[object]:
    from ratchet.cli.screen import count, styled, table

    yield f"{folder}: {made.task.title} ({made.task.metric}; {made.look.rows:,} rows)"
    yield ""
    rows = [(c.name, c.kind, count(c.seen.empty or None), _held(c), _use(c)) for c in made.columns]
    yield table("", ("column", "type", ">empty", "holds", "in the model"), rows)
    if made.doubts:
        yield ""
        yield styled("Look at", "bold")
        yield from (f"  {doubt}" for doubt in made.doubts)
    yield ""
    yield f"Next: ratchet push {folder}"


def _held(column: Column) -> str:
    seen = column.seen
    if column.kind in ("integer", "number") and seen.low is not None and seen.high is not None:
        return f"{seen.low:g} to {seen.high:g}"
    shown = ", ".join(value for value, _ in seen.values[:3])[:40]
    return f"{seen.distinct:,} values: {shown}{', ...' if seen.distinct > 3 else ''}"


def _use(column: Column) -> str:
    texts = {"label": "what it predicts", "number": "as it is", "code": "as a code"}
    return texts.get(column.use) or f"left out: {column.why}"


def _require_name(name: str) -> None:
    from ratchet.cli.pipeline_folder import schema_of

    rule = schema_of("pipeline")["properties"]["name"]
    if not re.search(rule["pattern"], name) or len(name) > rule["maxLength"]:
        raise CliError(f"{name!r} cannot be a pipeline's name: {rule['patternErrorMessage']}",
                       code=WRONG_USAGE)  # fmt: skip
