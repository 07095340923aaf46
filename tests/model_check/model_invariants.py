"""What must hold when all is quiet, whatever went wrong before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from model_world import World

TOLD_TWICE = ("publish", "update_item(run)")
"""Around these calls a notice may come twice: SNS gives no way to send one only once."""


def at_rest(world: World) -> list[str]:
    """Every broken invariant, in words."""
    ledger = Ledger(world)
    return [
        *_objects(world, ledger),
        *_copies(world, ledger),
        *_nothing_held(world, ledger),
        *_answered(ledger),
        *_one_model(world, ledger),
        *_only_winners(world),
        *_told(world, ledger),
        *_delivered(world),
    ]


def caught_up(world: World) -> list[str]:
    """The newest object was trained on, and its run's model serves."""
    ledger = Ledger(world)
    newest = f"bank/{world.cloud.drops}.csv"
    item = next((one for one in ledger.objects if one["key"] == newest), {})
    if item.get("state") != "TRAINED":
        return [f"{newest} is {item.get('state')} instead of TRAINED"]
    run = ledger.runs[item["run"]]
    if run.get("outcome") != "PROMOTED":
        return [f"its run ended {run.get('outcome')}: {run.get('sentence')}"]
    champion = ledger.champion["token"]
    return [] if champion == item["run"] else [f"run {champion} is champion, not {item['run']}"]


def outcomes(world: World) -> str:
    """How the runs ended, oldest first."""
    runs = Ledger(world).runs
    return " ".join(str(runs[token].get("outcome")) for token in sorted(runs))


class Ledger:
    """The ledger's items of the one pipeline, by kind."""

    def __init__(self, world: World) -> None:
        items = {
            key: item for (p, key), item in world.cloud.tables["ledger"].items() if p == "bank"
        }
        self.objects = [item for key, item in items.items() if key.startswith("object#")]
        self.runs = {int(k[4:]): item for k, item in items.items() if k.startswith("run#")}
        self.state = items.get("state", {})
        self.champion = items.get("champion", {})
        self.promotion = items.get("promotion", {})
        self.registration = world.cloud.tables["ledger"].get(("#registrations", "bank"), {})
        folders = {f"runs/bank/{token:06d}": token for token in self.runs}
        self.manifests = {
            token: json.loads(found["body"])
            for folder, token in folders.items()
            if (found := world.s3.newest("work", f"{folder}/manifest.json"))
        }

    def left_behind(self, package: Any) -> bool:
        """Whether it is of a pipeline of this name that was deleted since."""
        token = int(package["CustomerMetadataProperties"]["run"].rpartition("-")[2])
        return not self.registration or token < (self.registration["baseline"] or 0)


def _objects(world: World, ledger: Ledger) -> Iterator[str]:
    """Each version in exactly one completed run, in quarantine, or waiting with a wake coming."""
    known = {(item["key"], item["version"]) for item in ledger.objects}
    for key, versions in world.cloud.buckets["landing"].items():
        for one in versions:
            if (key, one["version"]) not in known:
                yield f"the ledger never saw {key} {one['version']}"
    for item in ledger.objects:
        yield from _object(world, ledger, item)


def _object(world: World, ledger: Ledger, item: Any) -> Iterator[str]:
    key, state, run = item["key"], item["state"], ledger.runs.get(item.get("run") or 0, {})
    if state == "PENDING":
        if not ledger.state.get("paused"):
            yield f"{key} is PENDING, and nothing will wake its pipeline"
        elif not _was_tried(ledger, item):
            yield f"{key} is PENDING in a pipeline that paused although it came"
        return
    claimed = {
        one["id"] for one in ledger.manifests.get(run.get("token", 0), {}).get("objects", [])
    }
    if item["item"].removeprefix("object#") not in claimed:
        yield f"{key} is {state} by run {item.get('run')}, which never claimed it"
    if "pending" in item and state != "WAITING":
        yield f"{key} is {state} and still in the index of what waits"
    if state in ("TRAINED", "SUSPECT") and run.get("data_state") != state:
        yield f"{key} is {state}, and its run's data {run.get('data_state')}"
    if state == "QUARANTINED" and not item.get("reason"):
        yield f"{key} is in quarantine without a reason"
    identifier = item["item"].removeprefix("object#")
    report = f"quarantine/bank/{item.get('run') or 0:06d}/{identifier}/report.json"
    if state == "QUARANTINED" and not world.s3.newest("work", report):
        yield f"{key} is in quarantine without a report"
    if state not in ("TRAINED", "SUSPECT", "QUARANTINED", "WAITING", "SUPERSEDED"):
        yield f"{key} is {state}"


def _was_tried(ledger: Ledger, item: Any) -> bool:
    """Whether the last run that claimed anything before the pipeline paused claimed the object.

    A later one that failed before it claimed had nothing else to try, or it would not have paused.
    """
    newest = ledger.manifests.get(max(ledger.manifests, default=0), {"objects": []})
    return any(f"object#{one['id']}" == item["item"] for one in newest["objects"])


def _copies(world: World, ledger: Ledger) -> Iterator[str]:
    """The accepted copy is kept if and only if its objects are trained on, or may be again."""
    kept: dict[int, int] = {}
    for key in world.s3.keys("work", "accepted/bank/"):
        token = int(key.split("/")[2].removeprefix("run-"))
        kept[token] = kept.get(token, 0) + 1
    wanted: dict[int, int] = {}
    for item in ledger.objects:
        if item["state"] in ("TRAINED", "SUSPECT"):
            wanted[item["run"]] = wanted.get(item["run"], 0) + 1
    for token in sorted({*kept, *wanted}):
        have, want = kept.get(token, 0), wanted.get(token, 0)
        if have != want:
            yield f"run {token} keeps {have} accepted copies of {want} objects"


def _nothing_held(world: World, ledger: Ledger) -> Iterator[str]:
    """No lease, lock, check endpoint or open execution; never two runs or promotions at once."""
    if lease := ledger.state.get("lease"):
        yield f"run {lease['token']} still holds the lease"
    if holder := ledger.promotion.get("holder"):
        yield f"{holder.rpartition(':')[2]} still holds the promotion lock"
    if ledger.state.get("promoting") is not None:
        yield f"the next run still waits for promotion {ledger.state['promoting']}"
    for name in sorted(world.cloud.things.get("endpoint", {})):
        if world.sagemaker.exists(name) and name.endswith("-check"):
            yield f"the check endpoint {name} still exists"
    for arn, execution in world.cloud.executions.items():
        if execution["status"] == "RUNNING":
            yield f"{arn} is still running"
    yield from (f"at the same time: {one}" for one in world.cloud.overlaps)


def _answered(ledger: Ledger) -> Iterator[str]:
    """A run that was asked for has come, or its pipeline is paused."""
    state = ledger.state
    asked, answered = (int(state.get(name) or 0) for name in ("asked", "answered"))
    if asked > answered and not state.get("paused"):
        yield f"a run was asked for ({state['asked_by']}), and nothing will wake its pipeline"


def _one_model(world: World, ledger: Ledger) -> Iterator[str]:
    """What serves is the champion and the newest Approved.

    Only what is postponed, or waits for a person, is undecided.
    """
    asked = [run for run in ledger.runs.values() if run.get("outcome") == "APPROVAL_PENDING"]
    asked_of = {run["package"] for run in asked}
    packages = world.cloud.things.get("model-package", {})
    approved = [one["arn"] for one in packages.values() if one["ModelApprovalStatus"] == "Approved"]
    for one in packages.values():
        waits = one["arn"] in {ledger.state.get("postponed", {}).get("package"), *asked_of}
        if one["ModelApprovalStatus"] == "PendingManualApproval" and not waits:
            yield f"package {one['arn'].rpartition('/')[2]} is undecided"
    endpoints = [
        one for one in world.cloud.things.get("endpoint", {}) if not one.endswith("-check")
    ]
    serving = [name for name in endpoints if world.sagemaker.exists(name)]
    champion = ledger.champion
    if not champion:
        yield from (
            f"{one['arn']} is Approved without a champion"
            for one in packages.values()
            if one["arn"] in approved and not ledger.left_behind(one)
        )
        yield from (f"{name} exists without a champion" for name in serving)
        return
    if champion["package"] not in approved[-1:]:
        yield f"{champion['package']} is champion, and the newest Approved is {approved[-1:]}"
    found = world.sagemaker.endpoint(serving[0]) if serving else {"config": None, "status": None}
    status = "InService" if champion["config"] else None
    if (found["config"], found["status"]) != (champion["config"], status):
        yield f"the endpoint is {found['status']} with {found['config']}, not {champion['config']}"
    if ledger.runs[champion["token"]].get("outcome") != "PROMOTED":
        outcome = ledger.runs[champion["token"]].get("outcome")
        yield f"run {champion['token']} is champion, but was told as {outcome}"


def _only_winners(world: World) -> Iterator[str]:
    """No model that the gate did not pass is ever asked to serve, be it for a moment."""
    for config in dict.fromkeys(world.cloud.asked):
        token = config.removesuffix("-check").rpartition("-")[2]
        verdict = world.s3.newest("work", f"runs/bank/{token}/verdict.json")
        if verdict is None or json.loads(verdict["body"])["decision"] != "promote":
            yield f"{config} was to serve, and no gate has passed its model"


def _told(world: World, ledger: Ledger) -> Iterator[str]:
    """Each run has a record and one notice."""
    around = [f for f in world.faults if f.fired and any(one in f.call for one in TOLD_TWICE)]
    for token, run in ledger.runs.items():
        name = f"bank-{token:06d}"
        if not run.get("outcome"):
            yield f"run {token} has no outcome"
        if run.get("promoted") and run.get("outcome") != "PROMOTED":
            yield f"run {token} is promoted and {run.get('outcome')}"
        if token not in ledger.manifests and run.get("error") is None:
            continue  # it never began: the next token took its place
        about = [one["subject"] for one in world.cloud.notices if f"{name}:" in one["subject"]]
        later = any(_for_now(one) for one in about[:-1])
        told, most = len(about) - later, 2 if around else 1  # and how that ended
        if later and any(f.kind == "dies" for f in world.faults):
            most = 3  # RecordChampion dies again at its first write, which is this notice
        if told < 1 or told > most:
            yield f"run {token} was told {told} times"


def _for_now(subject: str) -> bool:
    """Whether a notice tells of an end that another one follows."""
    return subject.endswith((": postponed", ": approval pending"))


def _delivered(world: World) -> Iterator[str]:
    for one in world.cloud.dead_letters:
        yield f"a dead letter for {one['to']}: {one['body'][:80]}"
