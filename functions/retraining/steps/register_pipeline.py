"""Registers a pushed pipeline: validates it again and makes what it needs outside the stack."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from retraining import adapters, clock
from retraining.rules import contracts, names
from retraining.rules.errors import ObjectGone, PipelineRejected, WorkflowRefused
from retraining.settings import settings
from retraining.steps import wakes

HASH = re.compile(r"[0-9a-f]{8,64}")


def register(name: str, content_hash: str) -> dict[str, Any]:
    """Register the folder pushed under this hash; raises PipelineRejected with every problem."""
    if not names.is_pipeline(name) or not HASH.fullmatch(content_hash):
        raise PipelineRejected([f"name {name!r} or hash {content_hash!r} is not well-formed"])
    folder = names.definition_prefix(name, content_hash)
    body, version = _stored(folder)
    definition = contracts.as_document(contracts.parse_definition(body))
    former = adapters.ledger().registration(name)
    before = json.loads(former["definition"]) if former else None
    _refuse(_problems(name, folder, definition, before))
    changed = contracts.changes(before, definition)
    recipe_version = _provide(name, definition, before, former)
    _provide_workflow(name, definition)
    adapters.ledger().register(
        name,
        {
            "definition": json.dumps(definition, ensure_ascii=False),
            "hash": content_hash,
            "uri": adapters.work().uri(folder),
            "version_id": version,
            "sha256": hashlib.sha256(body).hexdigest(),
            "registered_at": clock.stamp(),
            "recipe_version": recipe_version,
        },
    )
    if not _has_workflow(definition):
        adapters.training_machines().remove(name)
    return {
        "name": name,
        "hash": content_hash,
        "changed": changed,
        "pending_objects": _wake_waiting(name),
    }


def _stored(folder: str) -> tuple[bytes, str | None]:
    try:
        stored = adapters.work().read(f"{folder}/definition.json")
    except ObjectGone as error:
        raise PipelineRejected([f"{folder}/definition.json is not there: push again"]) from error
    return stored.body, stored.version


def _refuse(problems: list[str]) -> None:
    if problems:
        raise PipelineRejected(problems)


def _problems(
    name: str, folder: str, definition: dict[str, Any], before: dict[str, Any] | None
) -> list[str]:
    found = []
    if definition["name"] != name:
        found.append(f"name: the definition is of {definition['name']!r}, pushed as {name!r}")
    return [
        *found,
        *_name_problems(name),
        *_transform_problems(folder, definition),
        *_frozen(name, definition, before),
        *_workflow_in_use(name, definition, before),
    ]


def _name_problems(name: str) -> list[str]:
    longest = names.longest_name(settings.stack, name)
    over = len(longest) - names.LONGEST_NAME
    if over <= 0:
        return []
    most = (
        f"a job would be named {longest}, and SageMaker's names have at most {names.LONGEST_NAME}"
    )
    return [f"name: {name} is too long by {over} for stack {settings.stack}: {most}"]


def _transform_problems(folder: str, definition: dict[str, Any]) -> list[str]:
    wanted = definition["etl"]["transform"]
    if wanted is None:
        return []
    try:
        found, _ = adapters.work().sha256(f"{folder}/transform.py")
    except ObjectGone:
        return ["etl.transform: transform.py was not uploaded: push again"]
    return [] if found == wanted else ["etl.transform: transform.py is not the one of this push"]


def _frozen(name: str, definition: dict[str, Any], before: dict[str, Any] | None) -> list[str]:
    """Accepted rows were cut, identified and split by the former contract, for ever."""
    changed = contracts.frozen_changes(before, definition) if before else []
    if not changed or not _has_accepted(name):
        return []
    return [
        f"{key}: it cannot change once data is accepted, for earlier rows were read by the former"
        " one; this release cannot start a new baseline: push under another name"
        for key in changed
    ]


def _workflow_in_use(
    name: str, definition: dict[str, Any], before: dict[str, Any] | None
) -> list[str]:
    """Without its workflow the machine goes, and an open run may be about to start it."""
    lease = adapters.ledger().state(name).lease
    if lease is None or not _has_workflow(before) or _has_workflow(definition):
        return []
    run = names.run_id(name, lease.token)
    return [f"training: run {run} trains with the workflow: push again when it has ended"]


def _has_workflow(definition: dict[str, Any] | None) -> bool:
    return definition is not None and "workflow" in definition["training"]


def _has_accepted(name: str) -> bool:
    states = {run.get("data_state") for run in adapters.ledger().runs(name)}
    open_run = adapters.ledger().state(name).lease is not None
    return open_run or bool(states & {"TRAINED", "SUSPECT", "WAITING"})


def _provide(
    name: str,
    definition: dict[str, Any],
    before: dict[str, Any] | None,
    former: dict[str, Any] | None,
) -> str | None:
    """Package group, and for a recipe its published version, dataset and job.

    A job that exists stays as it is: an open run may be about to start it. The claim of each
    run points it at that run's recipe version and output.
    """
    adapters.registry().ensure_group(name)
    steps = definition["etl"]["recipe"]
    if not steps:
        return None
    version = former.get("recipe_version") if former else None
    if version is None or before is None or before["etl"]["recipe"] != steps:
        version = adapters.recipe_jobs().publish_recipe(name, steps)
    adapters.recipe_jobs().ensure_dataset(name)
    adapters.recipe_jobs().ensure_job(name, version, f"{names.run_prefix(name, 0)}/recipe/")
    return version


def _provide_workflow(name: str, definition: dict[str, Any]) -> None:
    """The state machine of a pipeline that trains by its own workflow.

    While a run is open the machine stays that run's: its next claim brings the new one.
    """
    if not _has_workflow(definition):
        return
    machines = adapters.training_machines()
    if adapters.ledger().state(name).lease is not None and machines.find(name) is not None:
        return
    try:
        machines.put(name, definition["training"]["workflow"])
    except WorkflowRefused as error:
        raise PipelineRejected([f"training.workflow: {error}"]) from error


def _wake_waiting(name: str) -> int:
    adapters.ledger().forgive(name)
    waiting = adapters.ledger().count_pending(name)
    if waiting:
        wakes.arm(name, "pushed", 0)
    return waiting
