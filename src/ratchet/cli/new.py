"""`ratchet new`: a pipeline's folder from a file, ready to be pushed."""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ratchet.cli.command import command
from ratchet.cli.errors import WRONG_USAGE, CliError

if TYPE_CHECKING:
    from ratchet.cli.authoring.guessing import Column, Guess
    from ratchet.cli.authoring.looking import Look


MOST_SHOWN = 40
"""Columns that are listed one by one; of more, those that the model reads as they are, as one."""


FromFile = Annotated[
    Path,
    typer.Option(
        "--from-csv",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        readable=True,
        help="A file such as those that will be dropped; Parquet and JSON lines, too.",
    ),
]


@command
def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The pipeline's name, such as flight-delays.")
    ],
    from_csv: FromFile,
    label: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="The column to predict. Without, candidates are told."),
    ] = None,
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

    It says how the file is written, what it makes of each column, and what only a person can know.
    What it writes can be pushed as it is, and changed by hand.

    Example: ratchet new flight-delays --from-csv january.csv --label late --time day
    """
    from ratchet.cli.authoring import guessing, looking
    from ratchet.cli.extras import require
    from ratchet.cli.screen import Progress, stdout

    folder = into / name
    _require_free(name, folder)
    require("local")
    keys = tuple(dict.fromkeys(key or ()))
    wanted = _wanted(label, time, keys)
    with Progress(f"Reading {from_csv} ..."):
        seen = looking.look(from_csv, wanted, label)
        if label is None:
            raise _which(seen, guessing.candidates(seen))
        made = guessing.guess(name, seen, label, time, keys)
    _write(made, folder)
    stdout().print(*_told(made, folder), sep="\n", soft_wrap=True)


def _wanted(label: str | None, time: str | None, keys: tuple[str, ...]) -> dict[str, str]:
    """The columns that are named, each with its option."""
    if label is not None and label in keys:
        raise CliError(f"--key {label} is the label, which cannot identify a row")
    if label is not None and time == label:
        raise CliError(f"--time {time} is the label, which is not known when it counts")
    given = [(label, "--label"), *((key, "--key") for key in keys), (time, "--time")]
    return {column: option for column, option in given if column is not None}


def _which(seen: Look, candidates: list[tuple[str, str]]) -> CliError:
    """The question that only a person can answer, with what could be the answer."""
    columns = f"{len(seen.columns):,} columns, {seen.rows:,} rows"
    what = f"which column is to be predicted? {seen.path}: {seen.described}; {columns}"
    if not candidates:
        return CliError(what, "No column has two values or more that come again.")
    return CliError(
        what,
        "Name it: " + "; ".join(f"--label {column} ({holds})" for column, holds in candidates),
    )


def _write(made: Guess, folder: Path) -> None:
    """The folder, whole or not at all."""
    from ratchet.cli.authoring import writing
    from ratchet.cli.pipeline_folder import pack

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        unfinished = Path(scratch) / folder.name
        unfinished.mkdir()
        for file, text in writing.files(made, folder).items():
            (unfinished / file).write_text(text, encoding="utf-8")
        pack(unfinished)
        unfinished.rename(folder)


def _told(made: Guess, folder: Path) -> Iterator[object]:
    from ratchet.cli.screen import count, styled, table

    yield f"{folder}: {made.task.title} ({made.task.metric}; {made.look.rows:,} rows)"
    yield f"{made.look.path} is read as {made.look.described}"
    yield ""
    plain = [one for one in made.columns if one.use == "number"]
    left_out = set(plain) if len(made.columns) > MOST_SHOWN else set()
    shown = [one for one in made.columns if one not in left_out]
    rows = [(c.name, c.kind, count(c.seen.empty or None), _held(c), _use(c)) for c in shown]
    yield table("", ("column", "type", ">empty", "holds", "in the model"), rows)
    if left_out:
        yield f"{len(left_out):,} more columns are read as they are, as numbers"
    if made.doubts:
        yield ""
        yield styled("Look at", "bold")
        yield from (f"  {doubt}" for doubt in made.doubts)
    yield ""
    place = shlex.quote(str(folder))
    yield f"Next: ratchet try {place} {shlex.quote(str(made.look.path))}"
    yield f"      ratchet push {place}"


def _held(column: Column) -> str:
    from ratchet.cli.screen import in_one_line

    seen = column.seen
    if column.kind in ("integer", "number") and seen.low is not None and seen.high is not None:
        return f"{seen.low:g} to {seen.high:g}"
    shown = in_one_line(", ".join(value for value, _ in seen.values[:3]))[:40]
    return f"{seen.distinct:,} values: {shown}{', ...' if seen.distinct > 3 else ''}"


def _use(column: Column) -> str:
    texts = {"label": "what it predicts", "number": "as it is", "code": "as a code"}
    texts["clock"] = "as seconds"
    if column.use == "unit":
        return f"as a number, without {column.seen.unit}"
    return texts.get(column.use) or f"left out: {column.why}"


def _require_free(name: str, folder: Path) -> None:
    """CliError for a name that no pipeline can have, and a folder that exists."""
    from ratchet.cli.pipeline_folder import schema_of

    rule = schema_of("pipeline")["properties"]["name"]
    if not re.search(rule["pattern"], name) or len(name) > rule["maxLength"]:
        raise CliError(f"{name!r} cannot be a pipeline's name: {rule['patternErrorMessage']}",
                       code=WRONG_USAGE)  # fmt: skip
    if folder.exists():
        raise CliError(f"{folder} exists already", "Choose another name, or remove it first.")
