"""`ratchet data`: the rows that are set aside, and a person's word on them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ratchet.cli.command import command
from ratchet.cli.connection import Stack
from ratchet.cli.errors import CliError
from ratchet.cli.function_call import Refused, call
from ratchet.cli.ledger import RunRef
from ratchet.cli.options import DEFAULT_AWS, AnyPipeline, Json, Run, Wait, Where

data = typer.Typer(
    name="data",
    help="See the rows that are set aside, take them back, or give them up.\n\n"
    "Example: ratchet data list",
    no_args_is_help=True,
)


@data.command("list")
@command
def list_data(
    pipeline: AnyPipeline = None,
    json_output: Json = False,
    where: Where = DEFAULT_AWS,
) -> None:
    """List quarantined, suspect and waiting data by the run that set them aside.

    Example: ratchet data list bank-marketing
    """
    from ratchet.cli import ledger, screen, set_aside

    found = where.find()
    if pipeline is not None:
        ledger.registration(found, pipeline)
    names = [pipeline] if pipeline is not None else sorted(ledger.registrations(found))
    listed = [one for name in names for one in set_aside.of_pipeline(found, name)]
    if json_output:
        screen.print_json(listed)
        return
    if not listed:
        screen.remark("No data are set aside.")
        return
    columns = ["run", "data", ">objects", ">rows", "why"]
    rows = [
        (one["run"], one["state"], str(one["objects"]), screen.count(one["rows"]), one["reason"])
        for one in listed
    ]
    screen.stdout().print(screen.table("", columns, rows))
    screen.remark("Take back or give up what a run set aside: ratchet data release|discard RUN")


@data.command("show")
@command
def show_data(
    run: Run,
    json_output: Json = False,
    where: Where = DEFAULT_AWS,
) -> None:
    """Show the objects and the rows that a run set aside, and why.

    Example: ratchet data show bank-marketing-000003
    """
    from ratchet.cli import ledger, run_report, screen, set_aside

    ref = RunRef.parse(run)
    found = where.find()
    record = {**ledger.run_record(found, ref), "pipeline": ref.pipeline}
    objects, problems = set_aside.objects(found, ref), list(run_report.problems(found, ref))
    if json_output:
        document = {"run": ref.id, "record": record, "objects": objects, "problems": problems}
        screen.print_json(document)
        return
    out = screen.stdout()
    for sentence in set_aside.became(record, shown=True):
        out.print(sentence, soft_wrap=True)
    for finding in record.get("findings") or ():
        out.print(f"Data: {finding}", soft_wrap=True)
    rows = [
        (str(one["key"]), str(one["state"]), screen.size(one["size"]), str(one.get("reason") or ""))
        for one in objects
    ]
    if rows:
        out.print(screen.table("", ["object", "data", ">size", "why"], rows))
    if problems:
        run_report.print_problems(out, problems)
        out.print(f"Quarantine: s3://{found.work_bucket}/{ref.quarantine}", soft_wrap=True)


@data.command("release")
@command
def release(
    run: Run,
    wait: Wait = False,
    json_output: Json = False,
    where: Where = DEFAULT_AWS,
) -> None:
    """Take back the data that a run set aside.

    It lands again: a run checks it by the contract as it is now and trains on it, however few rows
    there are, and does not set them aside a second time. Suspect rows with a key (data.key) return
    to the history under their own batch instead, so that what later drops say of the same keys
    still holds; a run then trains on them and judges the newest batch again. With split.by: time
    they land again too if their batch was set aside before it was cut. With --wait the exit code is
    0 only when the run ends PROMOTED.

    Example: ratchet data release bank-marketing-000003
    """
    from ratchet.cli import asked, following, run_report, screen, set_aside

    ref = RunRef.parse(run)
    found = where.find(writes=True)
    landed, number = set_aside.landed(found, ref), asked.asked(found, ref.pipeline) + 1
    answer = _review(found, ref, "release")
    if json_output and not wait:
        screen.print_json(answer)
        return
    text = f"{screen.plural(int(answer['objects']), 'object')} of {ref.id} {_released(answer)}"
    text += "." if wait else f"; watch the run with: ratchet runs {ref.pipeline}"
    if not json_output:
        screen.stdout().print(text, soft_wrap=True)
    if wait:
        if answer["becomes"] == "TRAINED":
            record = asked.follow_asked(found, ref.pipeline, number, screen.stderr())
        else:
            record = following.follow_drop(found, ref.pipeline, landed, screen.stderr())
        run_report.end_with(found, record, answer if json_output else None)


def _released(answer: dict[str, Any]) -> str:
    """What a release made of the objects."""
    if answer["becomes"] == "TRAINED":
        return "returned to the history, and a run trains on them"
    return "will wait no longer" if answer["was"] == "WAITING" else "landed again"


@data.command("discard")
@command
def discard(
    run: Run,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Without asking.")] = False,
    json_output: Json = False,
    where: Where = DEFAULT_AWS,
) -> None:
    """Give up the data that a run set aside; what landed stays in the landing bucket.

    Example: ratchet data discard bank-marketing-000003 --yes
    """
    from ratchet.cli import screen

    ref = RunRef.parse(run)
    found = where.find(writes=True)
    if not yes and not typer.confirm(f"Give up what {ref.id} set aside?", err=True):
        raise typer.Exit(1)
    answer = _review(found, ref, "discard")
    if json_output:
        screen.print_json(answer)
        return
    what = screen.plural(int(answer["objects"]), "object")
    are = "is" if int(answer["objects"]) == 1 else "are"
    text = f"{what} of {ref.id} {are} discarded. Corrected data can be dropped at any time."
    screen.stdout().print(text, soft_wrap=True)


def _review(stack: Stack, ref: RunRef, decision: str) -> dict[str, Any]:
    """Ask the service; CliError with its refusal."""
    from ratchet.cli import ledger

    ledger.run_record(stack, ref)
    given = {"pipeline": ref.pipeline, "token": ref.token, "decision": decision}
    try:
        return call(stack, "review_data", stack.review_function, given, ("ReviewRefused",))
    except Refused as error:
        step = f"See what is set aside: ratchet data list {ref.pipeline}"
        raise CliError(str(error), step) from error
