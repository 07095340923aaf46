"""What a pipeline needs outside the stack: workflow, schedule, package group and recipe."""

from __future__ import annotations

from typing import Any

from retraining.adapters import Adapters
from retraining.documents.definition import PushedDefinition
from retraining.documents.registration import Registration
from retraining.errors import NotOurs, PipelineRejected, ScheduleRefused, WorkflowRefused
from retraining.rules import names


def provide(
    aws: Adapters, name: str, definition: PushedDefinition, former: Registration | None
) -> str | None:
    """Training workflow, schedule, package group and recipe; the recipe's published version.

    Raises PipelineRejected for what is refused, and for what is not this pipeline's.
    """
    try:
        _provide_workflow(aws, name, definition)
        aws.registry.ensure_group(name)
        version = _provide_recipe(aws, name, definition.recipe, former)
        _provide_schedule(aws, name, definition)  # last: it calls, the others wait to be used
    except NotOurs as error:
        raise PipelineRejected([str(error)]) from error
    return version


def _provide_recipe(
    aws: Adapters, name: str, steps: list[dict[str, Any]] | None, former: Registration | None
) -> str | None:
    """The published recipe, its dataset and its job, if there is a recipe; its version.

    A job that exists stays as it is: an open run may be about to start it. The claim of each
    run points it at that run's recipe version and output. Without a recipe the last version is
    kept in mind: the champion may have been prepared by it.
    """
    version = former.recipe_version if former else None
    if not steps:
        return version
    if version is None or former is None or former.parsed().recipe != steps:
        version = aws.recipe_jobs.publish_recipe(name, steps)
    aws.recipe_jobs.ensure_dataset(name)
    aws.recipe_jobs.ensure_job(name, version, f"{names.run_prefix(name, 0)}/recipe/")
    return version


def _provide_workflow(aws: Adapters, name: str, definition: PushedDefinition) -> None:
    """The state machine of a pipeline that trains by its own workflow.

    While a run is open the machine stays that run's: its next claim brings the new one.
    """
    if definition.workflow is None:
        return
    machines = aws.training_machines
    if aws.ledger.state(name).lease is not None and machines.find(name) is not None:
        return
    try:
        machines.put(name, definition.workflow)
    except WorkflowRefused as error:
        raise PipelineRejected([f"training.workflow: {error}"]) from error


def _provide_schedule(aws: Adapters, name: str, definition: PushedDefinition) -> None:
    if definition.schedule is None:
        return
    try:
        aws.schedules.put(name, definition.schedule)
    except ScheduleRefused as error:
        raise PipelineRejected([f"trigger.schedule: {error}"]) from error


def remove_unused(aws: Adapters, name: str, definition: PushedDefinition) -> None:
    """End what a former definition had and this one lacks, once this one is registered."""
    if definition.workflow is None:
        aws.training_machines.remove(name)
    if definition.schedule is None:
        aws.schedules.remove(name)


def put_back(aws: Adapters, name: str, former: Registration | None) -> None:
    """Provide the former definition again after a push of another was refused."""
    if former is None:
        aws.training_machines.remove(name)
        aws.schedules.remove(name)
        return
    definition = former.parsed()
    provide(aws, name, definition, former)
    remove_unused(aws, name, definition)
