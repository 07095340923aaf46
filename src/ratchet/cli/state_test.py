"""`ratchet test-state`: runs one state with a mocked answer, as AWS's TestState does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ratchet.cli.command import command
from ratchet.cli.errors import CliError
from ratchet.cli.options import Json

if TYPE_CHECKING:
    from ratchet.workflow.testing import StateTest

_STYLES = {
    "SUCCEEDED": "bold green",
    "CAUGHT_ERROR": "bold yellow",
    "RETRIABLE": "bold yellow",
    "FAILED": "bold red",
}


@command
def state_test(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An ASL file, YAML or JSON.")],
    state: Annotated[
        str, typer.Argument(metavar="STATE", help="A state's name, also one inside a Map.")
    ],
    input_: Annotated[
        str, typer.Option("--input", metavar="JSON|FILE", help="The state's input.")
    ] = "{}",
    mock: Annotated[
        str | None,
        typer.Option(
            "--mock",
            metavar="JSON|FILE",
            help='The answer of its call: {"result": ...} or {"errorOutput": {"error": ...}}.',
        ),
    ] = None,
    variables: Annotated[
        str, typer.Option("--variables", metavar="JSON|FILE", help="The variables it sees.")
    ] = "{}",
    context: Annotated[
        str, typer.Option("--context", metavar="JSON|FILE", help="Members of the context object.")
    ] = "{}",
    retries: Annotated[
        int, typer.Option("--retries", min=0, help="How many times it was tried before.")
    ] = 0,
    json_output: Json = False,
) -> None:
    """Run one state without any AWS: its output, the next state, and what Retry and Catch do.

    Nothing is called: a Task needs --mock, and a mock that the real API could not return is
    refused. The exit code is 1 when the state fails.

    Example: ratchet test-state statemachines/retraining.asl.yaml Verdict?
    --variables '{"decision": "promote"}'
    """
    from ratchet.cli.screen import print_json

    found = _tested(
        file,
        state,
        _json("--input", input_),
        _object("--mock", mock) if mock is not None else None,
        variables=_object("--variables", variables),
        context=_object("--context", context),
        retries=retries,
    )
    if json_output:
        print_json(found.as_api())
    else:
        _print(state, found)
    if found.status == "FAILED":
        raise typer.Exit(1)


def _tested(file: Path, *given: Any, **named: Any) -> StateTest:
    """The state's test; CliError for a machine, or a mock, that AWS would refuse."""
    from ratchet.cli.screen import plural
    from ratchet.workflow import InvalidDefinition, WorkflowError
    from ratchet.workflow.testing import test_state

    try:
        return test_state(file, *given, **named)
    except InvalidDefinition as error:
        first, *others = error.findings
        more = f" ({plural(len(others), 'further error')})" if others else ""
        raise CliError(f"{file}: {first}{more}", f"See them all: ratchet lint {file}") from error
    except WorkflowError as error:
        raise CliError(f"{file}: {error}") from error


def _print(state: str, found: StateTest) -> None:
    import json

    from ratchet.cli.screen import stdout

    out = stdout()
    target = f", next {found.next_state}" if found.next_state else ""
    out.print(f"{state}: {found.status}{target}", style=_STYLES[found.status], soft_wrap=True)
    if found.error is not None:
        cause = f": {found.cause}" if found.cause else ""
        out.print(f"error  {found.error}{cause}", soft_wrap=True)
    for name, value in found.inspection.items():
        out.print(f"{name}  {json.dumps(value, ensure_ascii=False)}", soft_wrap=True)
    if found.status in ("SUCCEEDED", "CAUGHT_ERROR"):
        out.print(f"output  {json.dumps(found.output, ensure_ascii=False)}", soft_wrap=True)


def _object(option: str, given: str) -> dict[str, Any]:
    value = _json(option, given)
    if not isinstance(value, dict):
        raise CliError(f"{option} is not a JSON object: {given[:80]}", 'It looks like {"name": 1}.')
    return value


def _json(option: str, given: str) -> Any:
    """The JSON of an option, or of the file it names."""
    from ratchet.workflow.asl.payload import loads

    text = given
    if not given.lstrip().startswith(tuple('{["-0123456789')) and Path(given).is_file():
        text = Path(given).read_text(encoding="utf-8")
    try:
        return loads(text)
    except (ValueError, RecursionError) as error:
        raise CliError(
            f"{option} is neither JSON nor the name of a file: {given[:80]} ({error})",
            "Write JSON in quotes, or name a file that contains it.",
        ) from error
