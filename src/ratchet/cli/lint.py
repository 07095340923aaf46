"""`ratchet lint`: checks state machines before AWS does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ratchet.cli.connection import Json
from ratchet.cli.errors import command


@command
def lint(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="ASL files, YAML or JSON.")],
    json_output: Json = False,
) -> None:
    """Check state machines: syntax, graph, data flow and the integrations they call.

    The exit code is 1 when there is an error.

    Example: ratchet lint statemachines/*.asl.yaml
    """
    from dataclasses import asdict

    from ratchet.cli.screen import plural, print_json, remark, stdout
    from ratchet.workflow.asl.findings import ERROR
    from ratchet.workflow.lint import lint_file

    found = [(file, finding) for file in files for finding in lint_file(file)]
    errors = sum(finding.severity == ERROR for _, finding in found)
    if json_output:
        print_json([{"file": str(file), **asdict(finding)} for file, finding in found])
    else:
        for file, finding in found:
            mark = ":" if finding.line is not None else ": "
            style = "red" if finding.severity == ERROR else "yellow"
            stdout().print(f"{file}{mark}{finding}", style=style, soft_wrap=True)
        others = len(found) - errors
        checked = plural(len(files), "file")
        remark(f"{checked} checked: {plural(errors, 'error')}, {plural(others, 'warning')}.")
    if errors:
        raise typer.Exit(1)
