"""`ratchet info`: where things are, and what data waits."""

from __future__ import annotations

from typing import Any

from ratchet.cli.command import command
from ratchet.cli.connection import Stack
from ratchet.cli.options import DEFAULT_AWS, Json, Where


@command
def info(
    json_output: Json = False,
    where: Where = DEFAULT_AWS,
) -> None:
    """Show the stack, its pipelines with champion and open run, and data that waits.

    Example: ratchet info --json
    """
    from ratchet.cli.screen import print_json

    found = where.find()
    document = about(found)
    if json_output:
        print_json(document)
    else:
        print_about(found, document)


def about(stack: Stack) -> dict[str, Any]:
    """Everything `info` prints, as one document."""
    from ratchet.cli import ledger

    names = ledger.registrations(stack)
    return {
        "stack": stack.name,
        "region": stack.aws.region,
        "endpoint_url": stack.aws.endpoint_url,
        "local": stack.aws.local,
        "landing_bucket": stack.landing_bucket,
        "landing_prefix": stack.landing_prefix,
        "work_bucket": stack.work_bucket,
        "ledger_table": stack.ledger_table,
        "state_machines": {
            "retraining": stack.retraining_arn,
            "promotion": stack.promotion_arn,
        },
        "pipelines": [_pipeline(stack, name) for name in sorted(names)],
        "without_pipeline": ledger.without_pipeline(stack),
    }


def _pipeline(stack: Stack, name: str) -> dict[str, Any]:
    from ratchet.cli import in_step, ledger, set_aside

    promotion = ledger.promotion(stack, name)
    state = ledger.pipeline_state(stack, name)
    champion = ledger.champion(stack, name) or {}
    run = ledger.open_run(stack, name)
    return {
        "name": name,
        "champion": {key: champion[key] for key in ("run", "package", "since") if key in champion}
        or None,
        "endpoint": champion.get("endpoint"),
        "out_of_step": in_step.differences(stack, champion, promotion),
        "promotion": str(promotion.get("holder", "")).rpartition(":")[2] or None,
        "postponed": (state.get("postponed") or {}).get("reason"),
        "open_run": run.id if run else None,
        "waiting_objects": ledger.waiting(stack, name),
        "asked_by": _asked_by(state),
        "set_aside": [
            sentence
            for record in ledger.runs(stack, name)
            if record.get("data_state") == set_aside.SUSPECT
            for sentence in set_aside.became(record)
        ],
        "paused": state.get("paused_reason") or "yes" if state.get("paused") else None,
    }


def _asked_by(state: dict[str, Any]) -> str | None:
    """What asked for a run that has not come yet; the open one may be what was asked for."""
    asked, lease = int(state.get("asked") or 0), state.get("lease") or {}
    seen = max(int(state.get("answered") or 0), int(lease.get("asked") or 0))
    return str(state["asked_by"]) if asked > seen else None


def print_about(stack: Stack, document: dict[str, Any]) -> None:
    """Print the document for people."""
    from ratchet.cli.pipeline_folder import one_here
    from ratchet.cli.screen import plural, stdout, table

    out = stdout()
    out.print(f"Stack {stack.name}, {stack.aws.where}", style="bold", soft_wrap=True)
    out.print(f"  landing  {stack.landing_uri.rstrip('/')}", soft_wrap=True)
    out.print(f"  work     s3://{stack.work_bucket}", soft_wrap=True)
    out.print(f"  ledger   {stack.ledger_table}", soft_wrap=True)
    rows = [
        (
            one["name"],
            (one["champion"] or {}).get("run") or "none yet",
            one["endpoint"] or "-",
            one["open_run"] or "-",
            str(one["waiting_objects"]),
            one["paused"] or "",
        )
        for one in document["pipelines"]
    ]
    out.print()
    if rows:
        columns = ["pipeline", "champion", "endpoint", "open run", ">waiting", "paused"]
        out.print(table("", columns, rows))
    else:
        step = f"Push one: ratchet push pipelines/{one_here()}"
        out.print(f"No pipeline is registered. {step}")
    for one in document["pipelines"]:
        for sentence in _notes(one):
            out.print(f"{one['name']}: {sentence}", style="yellow", soft_wrap=True)
    for prefix, count in document["without_pipeline"].items():
        out.print(f"{plural(count, 'object')} {_stray(prefix)}", style="yellow", soft_wrap=True)


def _notes(pipeline: dict[str, Any]) -> list[str]:
    """What is unusual about a pipeline's model, a sentence each."""
    notes = [*pipeline["out_of_step"], *pipeline["set_aside"]]
    if pipeline["promotion"]:
        notes.append(f"{pipeline['promotion']} is promoting a model")
    if pipeline.get("asked_by"):
        notes.append(f"a run was asked for ({pipeline['asked_by']}) and is still to come")
    if pipeline["postponed"]:
        notes.append(f"a better model waits for its promotion: {pipeline['postponed']}")
    return notes


def _stray(prefix: str) -> str:
    """Why objects of the landing bucket are not trained on, and what to do."""
    from ratchet.cli.layout import is_pipeline

    name = prefix.removesuffix("/")
    if name == prefix:
        return (
            f"at {prefix}: a key without a pipeline's prefix is not read. "
            "Drop it again under <pipeline>/, as ratchet upload does."
        )
    if not is_pipeline(name):
        return f"under {prefix}: no pipeline can have that name. Drop under a registered name."
    return (
        f"under {prefix} wait: no pipeline of that name is registered. Push one named {name}, "
        "or drop under a registered name."
    )
