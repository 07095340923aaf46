"""`ratchet lint`: checks state machines before AWS does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ratchet.cli.command import command
from ratchet.cli.options import Json


@command
def lint(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="ASL files or SAM templates, YAML or JSON."),
    ],
    strict: Annotated[
        bool, typer.Option("--strict", help="Warnings fail the command too.")
    ] = False,
    json_output: Json = False,
) -> None:
    """Check state machines: fields, graph, expressions, data flow, what they call and may call.

    A template is checked with the definitions it names, their substitutions filled in. An error
    is what AWS refuses; a warning is what it accepts and what will fail or mislead; a note is what
    AWS runs and local AWS does not. The exit code is 1 when there is an error.

    Example: ratchet lint template.yaml
    """
    from collections import Counter
    from dataclasses import asdict

    from ratchet.cli.screen import plural, print_json, remark, stdout
    from ratchet.workflow.asl.findings import ERROR, NOTE, WARNING
    from ratchet.workflow.checks import link_of
    from ratchet.workflow.lint import lint_path

    found = [located for file in files for located in lint_path(file)]
    counts = Counter(located.finding.severity for located in found)
    if json_output:
        print_json(
            [
                {
                    "file": str(located.file),
                    "field": located.finding.field,
                    "link": link_of(located.finding.rule),
                    **asdict(located.finding),
                }
                for located in found
            ]
        )
    else:
        for located in found:
            style = {ERROR: "red", WARNING: "yellow", NOTE: "dim"}[located.finding.severity]
            stdout().print(f"{located} [{located.finding.rule}]", style=style, soft_wrap=True)
        checked = plural(len(files), "file")
        counted = [plural(counts[ERROR], "error"), plural(counts[WARNING], "warning")]
        counted += [plural(counts[NOTE], "note")] if counts[NOTE] else []
        remark(f"{checked} checked: {', '.join(counted)}.")
    if counts[ERROR] or (strict and counts[WARNING]):
        raise typer.Exit(1)
