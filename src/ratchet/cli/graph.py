"""`ratchet graph`: draws a state machine, and how an execution of it went."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ratchet.cli.command import command
from ratchet.cli.errors import CliError
from ratchet.cli.options import DEFAULT_AWS, Follow, Where

if TYPE_CHECKING:
    from ratchet.workflow.drawing.draw import History


@command
def graph(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="An ASL file, YAML or JSON. Not needed with --execution."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The picture's file: .svg, .html or .mmd (Mermaid).",
        ),
    ] = None,
    execution: Annotated[
        str | None,
        typer.Option("--execution", metavar="ARN", help="Colour it by this execution."),
    ] = None,
    follow: Follow = False,
    title: Annotated[str | None, typer.Option("--title", help="The picture's title.")] = None,
    where: Where = DEFAULT_AWS,
) -> None:
    """Draw a state machine as a self-contained picture, coloured by an execution.

    Example: ratchet graph statemachines/retraining.asl.yaml -o retraining.svg
    """
    from ratchet.cli.screen import stdout
    from ratchet.workflow.drawing.wording import execution_title

    _refuse(file, output, execution, follow=follow)
    definition = _read(file) if file is not None else None
    history: History = None
    if execution is not None:
        definition, history = _executed(definition, execution, where, follow=follow)
    if output is None or definition is None:
        return
    name = title or (execution_title(execution) if execution else _stem(file))
    output.write_text(_drawn(output, definition, history, name), encoding="utf-8")
    stdout().print(f"Picture: {output}", soft_wrap=True)
    if file is not None:
        _warn_of_errors(file)


def _warn_of_errors(file: Path) -> None:
    """A machine that AWS would refuse is drawn too, with a remark."""
    from ratchet.cli.screen import plural, remark
    from ratchet.workflow.asl.findings import errors_of
    from ratchet.workflow.lint import lint_file

    errors = errors_of(lint_file(file))
    if errors:
        remark(f"{file} has {plural(len(errors), 'error')}: ratchet lint {file}")


def _refuse(file: Path | None, output: Path | None, execution: str | None, *, follow: bool) -> None:
    from ratchet.workflow.drawing.formats import FORMATS

    if file is None and execution is None:
        raise CliError("nothing to draw", "Name an ASL file, or an execution with --execution ARN.")
    if follow and execution is None:
        raise CliError("--follow without an execution", "Name one with --execution ARN.")
    if output is None and not follow:
        raise CliError("no file to draw into", "Name one with -o: x.svg, x.html or x.mmd.")
    if output is not None and output.suffix not in FORMATS:
        raise CliError(
            f"{output}: a picture cannot end in '{output.suffix}'", f"Use {', '.join(FORMATS)}."
        )


def _read(file: Path) -> Mapping[str, Any]:
    from ratchet.workflow.asl.findings import InvalidDefinition
    from ratchet.workflow.asl.source import read
    from ratchet.workflow.files import content_of

    try:
        return read(content_of(file)).document
    except InvalidDefinition as error:
        raise CliError(f"{file}: {error.findings[0]}", f"Check it: ratchet lint {file}") from error


def _executed(
    definition: Mapping[str, Any] | None,
    execution: str,
    where: Where,
    *,
    follow: bool,
) -> tuple[Mapping[str, Any], History]:
    from ratchet.workflow.drawing import live
    from ratchet.workflow.history.polling import HistoryPoller
    from ratchet.workflow.history.timeline import Timeline

    client = where.aws().client("stepfunctions")
    if follow:
        from ratchet.cli.screen import stdout

        history = live.follow(execution, client, console=stdout())
    else:
        history = Timeline.of(HistoryPoller(execution, client).poll())
    return definition or live.definition_of(execution, client), history


def _drawn(output: Path, definition: Mapping[str, Any], history: History, title: str) -> str:
    from ratchet.workflow.drawing.formats import drawn_as

    try:
        return drawn_as(output, definition, history, title=title)
    except ValueError as error:
        raise CliError(str(error), "Check it with: ratchet lint FILE") from error


def _stem(file: Path | None) -> str:
    return file.name.removesuffix(file.suffix).removesuffix(".asl") if file is not None else ""
