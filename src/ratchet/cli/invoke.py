"""`ratchet invoke`: calls the model that serves."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ratchet.cli.command import command
from ratchet.cli.connection import Stack
from ratchet.cli.errors import CliError
from ratchet.cli.options import DEFAULT_AWS, Json, Pipeline, Where

_SHOWN = 20


@command
def invoke(
    pipeline: Pipeline,
    data: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="Rows to ask about; - reads standard input."),
    ] = None,
    json_output: Json = False,
    where: Where = DEFAULT_AWS,
) -> None:
    """Ask a pipeline's endpoint for predictions.

    With features.py the endpoint takes rows as they land: a file like those that are dropped, in
    the dialect of pipeline.yaml, packed or not, with or without a header, or JSON. With a recipe or
    a transform it takes prepared rows: the features as numbers, comma-separated, in the champion's
    order, without header. Without a file the champion's golden rows are sent.

    Example: ratchet invoke late-parcels january.csv
    """
    from ratchet.cli import answer_classes, ledger, prepared_rows, raw_rows
    from ratchet.cli.screen import print_json

    found = where.find()
    registration = ledger.registration(found, pipeline)
    champion = ledger.champion(found, pipeline)
    if champion is None:
        raise CliError(
            f"pipeline {pipeline} has no champion yet",
            f"Drop data with: ratchet upload {pipeline} FILE --wait",
        )
    endpoint, definition = endpoint_of(champion), json.loads(registration["definition"])
    if data is None:
        rows = golden_rows(found, champion)
    elif champion.get("raw"):
        rows = raw_rows.read(*_read(data), champion["raw"], definition)
    else:
        rows = prepared_rows.read(*_read(data), champion["features"], definition["data"])
    answers = ask(found, endpoint, rows)
    classes = answer_classes.told(answers, definition)
    if json_output:
        document = {"features": champion["features"], "rows": rows, "answers": answers}
        document |= {"raw": champion.get("raw"), "classes": classes}
        print_json({"endpoint": endpoint, **document})
    else:
        shown = answer_classes.shown(answers, classes)
        _print(endpoint, champion, rows, shown, golden=data is None)


def golden_rows(stack: Stack, champion: dict[str, Any]) -> list[str]:
    """The rows that every promotion of this champion was verified with."""
    from ratchet.cli.ledger import key_of, read_json

    golden = read_json(stack, key_of(stack, str(champion["golden"])))
    if not golden:
        raise CliError(f"the champion's golden rows are not at {champion['golden']}")
    rows = golden["rows"] if isinstance(golden, dict) else golden
    return [row_text(row) for row in rows]


def row_text(row: Any) -> str:
    """A golden row as the endpoint takes it: its features, comma-separated."""
    if isinstance(row, dict):
        row = row.get("features", row.get("row"))
    return row if isinstance(row, str) else ",".join(str(value) for value in row)


def endpoint_of(champion: dict[str, Any]) -> str:
    """The endpoint that serves the champion, as the ledger names it; CliError without one."""
    endpoint = champion.get("endpoint")
    if not endpoint:
        raise CliError(
            f"{champion.get('run')} is champion without an endpoint",
            "endpoint.kind in pipeline.yaml is none: set it to serverless, push, and drop data.",
        )
    return str(endpoint)


def answer_bytes(stack: Stack, endpoint: str, rows: list[str]) -> bytes:
    """What the endpoint answers, byte for byte."""
    from botocore.exceptions import ClientError

    runtime = stack.client("sagemaker-runtime")
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint, ContentType="text/csv", Accept="text/csv", Body="\n".join(rows)
        )
    except ClientError as error:
        message = error.response["Error"].get("Message", "")
        if "not found" in message.lower():
            raise CliError(
                f"there is no endpoint {endpoint} in {stack.aws.where}",
                "It was deleted: the next promotion creates it again.",
            ) from error
        if said := str(error.response.get("OriginalMessage", "")):
            raise CliError(f"the model refused the rows: {said.splitlines()[0]}") from error
        raise
    body: bytes = answer["Body"].read()
    return body


def ask(stack: Stack, endpoint: str, rows: list[str]) -> list[float] | list[list[float]]:
    """One prediction a row, or the probability of each class.

    Built-in XGBoost separates rows by comma or newline, and probabilities by commas in brackets.
    """
    text = answer_bytes(stack, endpoint, rows).decode()
    try:
        said = [float(part) for part in re.split(r"[,\s\[\]]+", text.strip()) if part]
    except ValueError as error:
        raise CliError(f"the endpoint's answer is not a list of numbers: {text[:200]}") from error
    if len(said) <= len(rows) or len(said) % len(rows):
        return said
    each = len(said) // len(rows)
    return [said[start : start + each] for start in range(0, len(said), each)]


def _read(data: str) -> tuple[str, bytes]:
    """The name of a file and its content."""
    if data != "-" and not Path(data).is_file():
        raise CliError(f"{data} is not a file")
    if data == "-":
        return "standard input", sys.stdin.buffer.read()
    return data, Path(data).read_bytes()


def _print(
    endpoint: str, champion: dict[str, Any], rows: list[str], answers: list[str], *, golden: bool
) -> None:
    from ratchet.cli.screen import plural, stdout, table

    out = stdout()
    what = "golden rows of the champion" if golden else "rows"
    out.print(f"Endpoint {endpoint}, {champion.get('run')}: {len(rows)} {what}", soft_wrap=True)
    shown = [
        (str(number), answer, row if len(row) <= 70 else row[:67] + "...")
        for number, (row, answer) in enumerate(zip(rows, answers, strict=False), start=1)
    ]
    out.print(table("", [">row", ">prediction", "sent"], shown[:_SHOWN]))
    if len(shown) > _SHOWN:
        out.print(f"and {plural(len(shown) - _SHOWN, 'row')} more (--json prints all)")
    kind = (
        "rows as they land; the columns" if champion.get("raw") else "prepared rows; the features"
    )
    names = ", ".join(champion.get("raw") or champion["features"])
    out.print(f"Rows are {kind} in order: {names}", soft_wrap=True)
