"""`ratchet rollback`: makes an earlier model the champion again."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

import typer

from ratchet.cli.command import command
from ratchet.cli.connection import Stack
from ratchet.cli.errors import CliError
from ratchet.cli.options import DEFAULT_AWS, Pipeline, Where


@command
def rollback(
    pipeline: Pipeline,
    to: Annotated[
        int | None,
        typer.Option("--to", metavar="VERSION", help="Package version; the one before if omitted."),
    ] = None,
    where: Where = DEFAULT_AWS,
) -> None:
    """Make an earlier champion the champion again, verified as every promotion is.

    The later model's package becomes Rejected; the next run is judged against the earlier one.
    With the champion's own version the endpoint moves to it again, whatever it serves.

    Example: ratchet rollback bank-marketing --to 1
    """
    from ratchet.cli import ledger
    from ratchet.cli.screen import stdout

    found = where.find(writes=True)
    ledger.registration(found, pipeline)
    champion = ledger.champion(found, pipeline)
    if champion is None:
        raise CliError(
            f"pipeline {pipeline} has no champion yet", "There is nothing to go back to."
        )
    run = chosen(ledger.runs(found, pipeline), champion, to)
    version = version_of(run)
    stdout().print(f"Promoting version {version}, of run {run['run']} ...", soft_wrap=True)
    _promote(found, run, champion)
    stdout().print(f"Version {version} is the champion of {pipeline}, and serves.", soft_wrap=True)


def version_of(run: dict[str, Any]) -> int:
    """The version of the package that a run registered."""
    return int(str(run["package"]).rpartition("/")[2])


def chosen(
    runs: list[dict[str, Any]], champion: dict[str, Any], version: int | None
) -> dict[str, Any]:
    """The run whose model is to serve; CliError names the versions that there are."""
    promoted = {version_of(run): run for run in runs if run.get("promoted") and run.get("package")}
    earlier = [one for one in promoted if one < int(champion["version"])]
    if version is None and earlier:
        return promoted[max(earlier)]
    if version in promoted:
        return promoted[version]
    there = ", ".join(str(one) for one in sorted(promoted)) or "none"
    if version is None:
        problem = f"no model was champion before version {champion['version']}"
    else:
        problem = f"version {version} was never the champion"
    raise CliError(problem, f"Versions that were: {there}.")


def _promote(stack: Stack, run: dict[str, Any], champion: dict[str, Any]) -> None:
    """Start the promotion and wait for its end; CliError with its reason if it fails."""
    from ratchet.cli.following import follow_execution
    from ratchet.cli.ledger import RunRef
    from ratchet.cli.screen import stdout

    where = RunRef(str(run["pipeline"]), int(run["token"]))
    given = {
        "pipeline": where.pipeline,
        "token": where.token,
        "manifest": f"s3://{stack.work_bucket}/{where.prefix}/manifest.json",
        "package": run["package"],
    }
    if run["package"] != champion["package"]:
        given["replaces"] = champion["package"]
    started = stack.client("stepfunctions").start_execution(
        stateMachineArn=stack.promotion_arn,
        name=f"{where.id}--rollback-{int(time.time())}",
        input=json.dumps(given),
    )
    timeline = follow_execution(stack, started["executionArn"], stdout())
    if timeline.status != "SUCCEEDED":
        raise CliError(
            f"the rollback failed: {timeline.error or timeline.status}: {timeline.cause or '-'}",
            "The champion stays as it is. See what serves: ratchet info",
        )
