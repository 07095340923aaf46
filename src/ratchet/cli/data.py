"""`ratchet data`: the rows that are set aside, and a person's word on them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from ratchet.cli.command import command
from ratchet.cli.connection import (
    DEFAULT_STACK,
    EndpointUrl,
    Json,
    Profile,
    Region,
    Stack,
    StackName,
    find_stack,
)
from ratchet.cli.errors import CliError
from ratchet.cli.ledger import RunRef
from ratchet.cli.screen import plural

SUSPECT, QUARANTINED, WAITING = "SUSPECT", "QUARANTINED", "WAITING"
SET_ASIDE = (SUSPECT, QUARANTINED, WAITING)
Run = Annotated[str, typer.Argument(metavar="RUN", help="The run that set them aside.")]

data = typer.Typer(
    name="data",
    help="See the rows that are set aside, take them back, or give them up.\n\n"
    "Example: ratchet data list",
    no_args_is_help=True,
)


@data.command("list")
@command
def list_data(
    pipeline: Annotated[
        str | None, typer.Argument(metavar="PIPELINE", help="Default: all pipelines.")
    ] = None,
    json_output: Json = False,
    endpoint_url: EndpointUrl = None,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """List quarantined, suspect and waiting data by the run that set them aside.

    Example: ratchet data list bank-marketing
    """
    from ratchet.cli import ledger, screen

    found = find_stack(endpoint_url, profile, region, stack)
    if pipeline is not None:
        ledger.registration(found, pipeline)
    names = [pipeline] if pipeline is not None else sorted(ledger.registrations(found))
    listed = [one for name in names for one in set_aside(found, name)]
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


def set_aside(stack: Stack, pipeline: str) -> list[dict[str, Any]]:
    """What is set aside of a pipeline: run, state, objects, rows and reason, newest run first."""
    from ratchet.cli import ledger

    objects, reasons = Counter[tuple[int, str]](), dict[tuple[int, str], str]()
    for item in ledger.objects(stack, pipeline):
        place = (int(item.get("run") or 0), str(item["state"]))
        if place[0] and place[1] in SET_ASIDE:
            objects[place] += 1
            reasons.setdefault(place, str(item.get("reason") or ""))
    records = {int(one["token"]): one for one in ledger.runs(stack, pipeline)}
    return [
        {
            "pipeline": pipeline,
            "run": RunRef(pipeline, token).id,
            "state": state,
            "objects": count,
            "rows": _rows(records.get(token, {}), state),
            "reason": reasons[token, state],
        }
        for (token, state), count in sorted(objects.items(), reverse=True)
    ]


def _rows(record: dict[str, Any], state: str) -> int | None:
    """The rows in that state, as far as the record tells them."""
    rows = record.get("rows") or {}
    if state != QUARANTINED:
        return rows.get("accepted")
    whole = record.get("data_state") == QUARANTINED  # perhaps accepted ones with them
    return int(rows.get("rejected", 0)) + (int(rows.get("accepted", 0)) if whole else 0)


@data.command("show")
@command
def show_data(
    run: Run,
    json_output: Json = False,
    endpoint_url: EndpointUrl = None,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Show the objects that a run set aside, and why.

    Example: ratchet data show bank-marketing-000003
    """
    from ratchet.cli import ledger, screen

    ref = RunRef.parse(run)
    found = find_stack(endpoint_url, profile, region, stack)
    record = {**ledger.run_record(found, ref), "pipeline": ref.pipeline}
    objects = [
        item
        for item in ledger.objects(found, ref.pipeline)
        if item.get("run") == ref.token and item["state"] in SET_ASIDE
    ]
    if json_output:
        screen.print_json({"run": ref.id, "record": record, "objects": objects})
        return
    out = screen.stdout()
    for sentence in became(record):
        out.print(sentence, soft_wrap=True)
    for finding in record.get("findings") or ():
        out.print(f"Data: {finding}", soft_wrap=True)
    rows = [
        (str(one["key"]), str(one["state"]), screen.size(one["size"]), str(one.get("reason") or ""))
        for one in objects
    ]
    out.print(screen.table("", ["object", "data", ">size", "why"], rows))


@data.command("release")
@command
def release(
    run: Run,
    json_output: Json = False,
    endpoint_url: EndpointUrl = None,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Take back the data that a run set aside.

    It lands again, and a run checks it by the contract as it is now and trains on it: however few
    rows they are, and without setting them aside again. Suspect rows of a pipeline that splits by
    key return to the history under their own batch instead, so that later rows stay newer.

    Example: ratchet data release bank-marketing-000003
    """
    from ratchet.cli import screen

    ref = RunRef.parse(run)
    answer = _review(find_stack(endpoint_url, profile, region, stack, writes=True), ref, "release")
    if json_output:
        screen.print_json(answer)
        return
    what = screen.plural(int(answer["objects"]), "object")
    if answer["becomes"] == "TRAINED":
        text = f"{what} of {ref.id} returned to the history: every later run trains on them."
    else:
        text = f"{what} of {ref.id} landed again; watch the run with: ratchet runs {ref.pipeline}"
    screen.stdout().print(text, soft_wrap=True)


@data.command("discard")
@command
def discard(
    run: Run,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Without asking.")] = False,
    json_output: Json = False,
    endpoint_url: EndpointUrl = None,
    profile: Profile = None,
    region: Region = None,
    stack: StackName = DEFAULT_STACK,
) -> None:
    """Give up the data that a run set aside; what landed stays in the landing bucket.

    Example: ratchet data discard bank-marketing-000003 --yes
    """
    from ratchet.cli import screen

    ref = RunRef.parse(run)
    found = find_stack(endpoint_url, profile, region, stack, writes=True)
    if not yes and not typer.confirm(f"Give up what {ref.id} set aside?", err=True):
        raise typer.Exit(1)
    answer = _review(found, ref, "discard")
    if json_output:
        screen.print_json(answer)
        return
    what = screen.plural(int(answer["objects"]), "object")
    text = f"{what} of {ref.id} are discarded. Corrected data can be dropped at any time."
    screen.stdout().print(text, soft_wrap=True)


def _review(stack: Stack, ref: RunRef, decision: str) -> dict[str, Any]:
    """Ask the service; CliError with its refusal."""
    from ratchet.cli import ledger

    ledger.run_record(stack, ref)
    given = {"pipeline": ref.pipeline, "token": ref.token, "decision": decision}
    reply = stack.client("lambda").invoke(
        FunctionName=stack.review_function, Payload=json.dumps(given)
    )
    answer: dict[str, Any] = json.loads(reply["Payload"].read())
    if not reply.get("FunctionError"):
        return answer
    kind, message = str(answer.get("errorType", "")), str(answer.get("errorMessage", ""))
    if kind == "ReviewRefused":
        raise CliError(message, f"See what is set aside: ratchet data list {ref.pipeline}")
    step = "The function's log in CloudWatch has the details."
    raise CliError(f"review_data failed: {kind}: {message}", step)


def became(record: dict[str, Any]) -> Iterable[str]:
    """What became of a run's rows, in sentences with the next step; nothing for a failed run."""
    rows, state = record.get("rows") or {}, record.get("data_state")
    accepted, rejected = int(rows.get("accepted", 0)), int(rows.get("rejected", 0))
    run = record.get("run") or RunRef(record["pipeline"], int(record["token"])).id
    if state == SUSPECT:
        yield (
            f"{accepted:,} rows are set aside (SUSPECT); take them back with: ratchet data release"
            f" {run}"
        )
    elif state == "DISCARDED":
        yield f"{accepted + rejected:,} rows were discarded."
    elif state == WAITING:
        yield f"{accepted:,} rows wait for more; train without with: ratchet data release {run}"
    elif state == QUARANTINED:
        rejected += accepted
    if rejected and state in ("TRAINED", *SET_ASIDE):
        told = f"{plural(rejected, 'row')} {'is' if rejected == 1 else 'are'} in quarantine"
        yield f"{told}; see {'it' if rejected == 1 else 'them'} with: ratchet data show {run}"
