"""`ratchet delete`: ends what a pipeline serves and forgets the pipeline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from ratchet.cli.command import command
from ratchet.cli.connection import Stack
from ratchet.cli.errors import CliError
from ratchet.cli.function_call import LOG, Refused, call
from ratchet.cli.options import DEFAULT_AWS, Json, Pipeline, Where

REFUSALS = ("DeletionRefused", "NotOurs", "EndpointNotReady")


@command
def delete(
    pipeline: Pipeline,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Without asking.")] = False,
    json_output: Json = False,
    where: Where = DEFAULT_AWS,
) -> None:
    """Delete a pipeline: its endpoint goes, and no run begins any more.

    What landed, the accepted copies, the models and the records of runs stay. The name is free at
    once: a pipeline that is pushed under it begins without a champion and trains on what lands
    from then on.

    Example: ratchet delete bank-marketing --yes
    """
    from ratchet.cli import ledger, screen

    found = where.find(writes=True)
    if not ledger.pipeline_state(found, pipeline):  # else a deletion may have to be completed
        ledger.registration(found, pipeline)
    if not yes:
        champion = ledger.champion(found, pipeline) or {}
        serves = f" and its endpoint {champion['endpoint']}" if champion.get("endpoint") else ""
        if not typer.confirm(f"Delete pipeline {pipeline}{serves}?", err=True):
            raise typer.Exit(1)
    answer = ask(found, pipeline)
    if json_output:
        screen.print_json(answer)
        return
    for sentence in told(found, answer):
        screen.stdout().print(sentence, soft_wrap=True)


def told(stack: Stack, answer: dict[str, Any]) -> Iterable[str]:
    """What was deleted, what stays, and how to remove it."""
    from ratchet.cli.screen import plural

    name, waiting = answer["pipeline"], int(answer["waiting"])
    served = f", and endpoint {answer['endpoint']} goes" if answer["endpoint"] else ""
    yield f"Pipeline {name} is deleted{served}. No run begins any more."
    if waiting:
        wait = "waits" if waiting == 1 else "wait"
        yield f"{plural(waiting, 'object')} that no run has claimed {wait} for another push."
    places = [f"{stack.landing_uri}{name}/"]
    places += [f"s3://{stack.work_bucket}/{kind}/{name}/" for kind in ("accepted", "quarantine")]
    yield f"Data stay in {', '.join(places)}; runs and models in s3://{stack.work_bucket}/runs/{name}/."
    yield (
        "Model packages and DataBrew jobs stay too; list them with: aws resourcegroupstaggingapi"
        f" get-resources --tag-filters Key=ratchet:stack,Values={stack.name}"
        f" Key=ratchet:pipeline,Values={name}"
    )


def ask(stack: Stack, pipeline: str) -> dict[str, Any]:
    """The service's answer; CliError with its refusal."""
    given, step = {"pipeline": pipeline}, f"{LOG}; the command may be repeated."
    try:
        return call(stack, "delete_pipeline", stack.delete_function, given, REFUSALS, step=step)
    except Refused as error:
        step = f"See what is under way: ratchet runs {pipeline}"
        raise CliError(str(error), step) from error
