"""Registers a pushed pipeline: validates it again and makes what it needs outside the stack."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from retraining import clock
from retraining.adapters import Adapters
from retraining.algorithms.catalog import trainer
from retraining.documents.definition import PushedDefinition
from retraining.documents.document import Part
from retraining.documents.manifest import Manifest
from retraining.documents.registration import Registration
from retraining.errors import (
    NotOurs,
    ObjectGone,
    PipelineRejected,
    ScheduleRefused,
    WorkflowRefused,
)
from retraining.rules import changes, claims, contracts, names, passes
from retraining.rules.names import Names
from retraining.rules.settlement import SUSPECT, TRAINED
from retraining.settings import settings
from retraining.steps import asking, earlier_rows, wakes

NO_ACCOUNT = "000000000000"  # what the template has for a Region without these images
HASH = re.compile(r"[0-9a-f]{8,64}")


NEW_BASELINE: Final = (
    "push --new-baseline trains on what lands from now on alone, and the champion keeps serving"
    " meanwhile"
)


@dataclass(frozen=True, kw_only=True)
class RegisteredPipeline(Part):
    """What a push answers."""

    name: str
    hash: str
    changed: tuple[str, ...]  # sections of the definition
    pending_objects: int  # object versions that wait for a run
    left_out: int  # batches that a new baseline leaves out
    asked_run: asking.AskedRun | None  # the run that was asked for and that has not come yet
    champion_lacks: tuple[str, ...]  # columns without which the champion is not scored any more
    incomparable: str | None  # why its answers say nothing by the metric, after "it"
    tested: tuple[str, ...]  # what is not the champion's and is backtested: settings, features


def register_pipeline(
    aws: Adapters,
    name: str,
    content_hash: str,
    *,
    new_baseline: bool = False,
    history_from: int = 0,
    retrain: bool = False,
) -> RegisteredPipeline:
    """Register the folder pushed under this hash; raises PipelineRejected with every problem.

    `history_from` is the token of the run whose batch is the first to be trained on from now on.
    """
    if not names.is_pipeline(name) or not HASH.fullmatch(content_hash):
        raise PipelineRejected([f"name {name!r} or hash {content_hash!r} is not well-formed"])
    _refuse(_stack_problems())
    aws.ledger.begin(names.generation(clock.now()))
    folder = names.definition_prefix(name, content_hash)
    body, version = _stored(aws, folder)
    definition = PushedDefinition(json=contracts.as_document(contracts.parse_definition(body)))
    former = aws.ledger.registration(name)
    before = former.parsed() if former else None
    _refuse(_problems(aws, name, folder, definition, before, new_baseline=new_baseline))
    _refuse(_no_history(aws, name, former, history_from))
    first = history_from or (former.baseline if former else None) or 0
    read = None if new_baseline else former
    unread, newest = partial(earlier_rows.problems, aws, name, read, definition), _newest(aws, name)
    _refuse(unread(first))
    baseline = history_from or _baseline(aws, name, former, new=new_baseline)
    if retrain:
        _refuse(asking.nothing_to_train_on(aws, name, baseline))
    changed = changes.sections(before.json if before else None, definition.json)
    registration = Registration(
        definition=json.dumps(definition.json, ensure_ascii=False),
        hash=content_hash,
        uri=aws.work.uri(folder),
        version_id=version,
        sha256=hashlib.sha256(body).hexdigest(),
        registered_at=clock.stamp(),
        recipe_version=_provide(aws, name, definition, former),
        markers=_markers(definition, former),
        baseline=baseline,
    )
    _register(aws, name, registration, former, partial(unread, max(first, newest + 1)))
    if definition.workflow is None:
        aws.training_machines.remove(name)
    if definition.schedule is None:
        aws.schedules.remove(name)
    return RegisteredPipeline(
        name=name,
        hash=content_hash,
        changed=tuple(changed),
        pending_objects=_wake(aws, name, definition, retrain=retrain),
        left_out=_left_out(aws, name, former, baseline),
        asked_run=asking.asked_run(aws, name, registration),
        champion_lacks=_champion_lacks(aws, name, definition) if new_baseline else (),
        incomparable=_incomparable(aws, name, definition) if new_baseline else None,
        tested=tuple(_tested(aws, name, definition, baseline)),
    )


def _newest(aws: Adapters, name: str) -> int:
    """The token of the last run that has begun."""
    return aws.ledger.state(name).token


def _register(
    aws: Adapters,
    name: str,
    registration: Registration,
    former: Registration | None,
    unread: Callable[[], list[str]],
) -> None:
    """Write the registration; runs that have begun since the first look are looked at."""
    aws.ledger.register(name, registration)
    problems = unread()
    if problems and former is not None:
        aws.ledger.register(name, former)
        _refuse(problems)


def _baseline(aws: Adapters, name: str, former: Registration | None, *, new: bool) -> int | None:
    """The first token whose batch belongs to the history; a deleted pipeline's has none."""
    if new or (former is None and aws.ledger.state(name).token):
        return aws.ledger.state(name).token + 1
    return former.baseline if former else None


def _left_out(aws: Adapters, name: str, former: Registration | None, baseline: int | None) -> int:
    """How many batches were trained on before this push, and are not from now on."""
    first = (former.baseline if former else None) or 0
    trained = [run for run in aws.ledger.runs(name) if run.data_state == TRAINED]
    return sum(first <= run.token < (baseline or 0) for run in trained)


def _no_history(
    aws: Adapters, name: str, former: Registration | None, history_from: int
) -> list[str]:
    """Why the history cannot begin with that run's batch."""
    if not history_from:
        return []
    if former is None:
        return ["the history: nothing is registered under this name: push without --history-from"]
    first = former.baseline or 0
    trained = {run.token for run in aws.ledger.runs(name) if run.data_state == TRAINED}
    wanted = names.run_id(name, history_from)
    problems = _open_run(aws, name, "the history")
    if history_from not in trained:
        problems.append(f"the history: run {wanted} has no batch that is trained on")
    elif history_from < first:
        problems.append(f"the history: run {wanted} lies before the baseline, {first}")
    return problems


def _open_run(aws: Adapters, name: str, what: str) -> list[str]:
    lease = aws.ledger.state(name).lease
    if lease is None:
        return []
    run = names.run_id(name, lease.token)
    return [f"{what}: run {run} uses the former one: push again when it has ended"]


def _champion_lacks(aws: Adapters, name: str, definition: PushedDefinition) -> tuple[str, ...]:
    champions = _champions(aws, name)
    return tuple(changes.gone_columns(champions.json, definition.json)) if champions else ()


def _incomparable(aws: Adapters, name: str, definition: PushedDefinition) -> str | None:
    champions = _champions(aws, name)
    return changes.incomparable(champions.json, definition.json) if champions else None


def _tested(
    aws: Adapters, name: str, definition: PushedDefinition, baseline: int | None
) -> Iterator[str]:
    """What the next run compares with the champion's before it trains a challenger with it.

    Nothing where no earlier batch is there to test it on, or the champion is not compared.
    """
    champion, champions = aws.ledger.champion(name), _champions(aws, name)
    history = claims.history(aws.ledger.runs(name), baseline)
    if champion is None or not (history or aws.ledger.state(name).lease):
        return
    if champions is not None:
        before = champion.token < (baseline or 0)
        lacks = before and changes.gone_columns(champions.json, definition.json)
        if lacks or changes.incomparable(champions.json, definition.json):
            return
    image = trainer(definition.section("training")).training
    wanted = passes.wanted_settings(definition, settings.image(image.name, image.registry))
    if passes.former_settings(champion, wanted, definition) is not None:
        yield "settings"
    if champions is not None and champions.preparation != definition.preparation:
        yield "features"


def _stored(aws: Adapters, folder: str) -> tuple[bytes, str | None]:
    try:
        stored = aws.work.read(f"{folder}/definition.json")
    except ObjectGone as error:
        raise PipelineRejected([f"{folder}/definition.json does not exist: push again"]) from error
    return stored.body, stored.version


def _refuse(problems: list[str]) -> None:
    if problems:
        raise PipelineRejected(problems)


def _problems(
    aws: Adapters,
    name: str,
    folder: str,
    definition: PushedDefinition,
    before: PushedDefinition | None,
    *,
    new_baseline: bool,
) -> list[str]:
    found = []
    if definition.name != name:
        found.append(f"name: the definition is of {definition.name!r}, pushed as {name!r}")
    return [
        *found,
        *_name_problems(aws.names, name),
        *_tuning_name_problems(aws.names, name, definition),
        *_transform_problems(aws, folder, definition),
        *_code_problems(aws, folder, definition),
        *_script_problems(aws, folder, definition),
        *_frozen(aws, name, definition, before, new_baseline=new_baseline),
        *_workflow_in_use(aws, name, definition, before),
    ]


def _stack_problems() -> list[str]:
    """A stack's names would be another's, and its roles would reach them."""
    stack, shortest = settings.stack, "b" * names.SHORTEST_PIPELINE
    over = len(Names(stack, names.generation(0)).longest(shortest)) - names.LONGEST_NAME
    if over > 0:
        return [f"stack {stack}: too long by {over} for any pipeline: deploy it under another name"]
    if names.is_stack(stack):
        return []
    unfit = "capitals, two hyphens in a row or one at the end let a name be taken for another's"
    return [f"stack {stack}: {unfit}: deploy it under another name"]


def _name_problems(made: Names, name: str) -> list[str]:
    longest = made.longest(name)
    over = len(longest) - names.LONGEST_NAME
    if over <= 0:
        return []
    limit = (
        f"a job would be named {longest}, and SageMaker's names have at most {names.LONGEST_NAME}"
    )
    return [f"name: {name} is too long by {over} for stack {made.stack}: {limit}"]


def _tuning_name_problems(made: Names, name: str, definition: PushedDefinition) -> list[str]:
    longest = made.longest_tuning(name)
    over = len(longest) - names.LONGEST_TUNING
    if definition.tuning is None or over <= 0:
        return []
    limit = f"a tuning job would be named {longest}, and such a name has at most 32 characters"
    return [f"training.tuning: stack {made.stack} is too long by {over}: {limit}"]


def _transform_problems(aws: Adapters, folder: str, definition: PushedDefinition) -> list[str]:
    """transform.py and what it reads; what features.py reads is in its archive."""
    if definition.transform is None:
        return []
    place, found = f"{folder}/transform.py", list[str]()
    found += _file_problems(aws, "etl.transform", place, definition.transform)
    for name, sha256 in definition.files.items():
        place = names.definition_file(folder, name)
        found += _file_problems(aws, "etl.files", place, sha256)
    return found


def _file_problems(aws: Adapters, setting: str, key: str, wanted: str) -> list[str]:
    name = key.rpartition("/")[2]
    try:
        found, _ = aws.work.sha256(key)
    except ObjectGone:
        return [f"{setting}: {name} was not uploaded: push again"]
    return [] if found == wanted else [f"{setting}: {name} is not the one that was pushed"]


def _script_problems(aws: Adapters, folder: str, definition: PushedDefinition) -> list[str]:
    """The archive of the training script, and whether there are images to run it in."""
    script = definition.script
    if script is None:
        return []
    image = trainer(definition.section("training")).training
    if settings.image(image.name, image.registry).startswith(NO_ACCOUNT):
        return ["training.framework: SageMaker has no image of it in this Region"]
    place = f"{folder}/{script['code']}.tar.gz"
    return _file_problems(aws, "training.script", place, script["code"])


def _code_problems(aws: Adapters, folder: str, definition: PushedDefinition) -> list[str]:
    """Features and archive; a workflow's image is the author's, and no code of ours enters it."""
    features, code = definition.features, definition.code
    if features is None or code is None:
        return []
    if definition.workflow is not None:
        return ["etl.features: a model of training.workflow takes prepared rows: use a transform"]
    return _file_problems(aws, "etl.features", f"{folder}/{code}", features["code"])


def _frozen(
    aws: Adapters,
    name: str,
    definition: PushedDefinition,
    before: PushedDefinition | None,
    *,
    new_baseline: bool,
) -> list[str]:
    """Accepted rows were identified and split by the former contract, permanently.

    A new baseline leaves them out. The champion keeps serving, and scores the rows to come.
    """
    if new_baseline:
        return _no_baseline(aws, name, definition, before)
    if before is None:
        return earlier_rows.unlike(aws, name, None, definition) if definition.recipe else []
    if before.json == definition.json or not _has_accepted(aws, name):
        return []
    reads_all = definition.recipe and not before.recipe
    changed = changes.frozen_changes(before.json, definition.json)
    return [
        *_column_problems(aws, name, definition, before),
        *(
            f"{key}: {changes.why_frozen(key, before.json, definition.json)}: {NEW_BASELINE}"
            for key in changed
        ),
        *([] if changed else _unread(aws, name, definition, before)),
        *(earlier_rows.unlike(aws, name, before, definition) if reads_all and not changed else []),
    ]


def _unread(
    aws: Adapters, name: str, definition: PushedDefinition, before: PushedDefinition
) -> list[str]:
    """A champion that the metric cannot judge, unless it is so already, as after a rollback."""
    why = _incomparable(aws, name, definition)
    if why is None or _incomparable(aws, name, before) or before.label != definition.label:
        return []  # of another label, what is frozen says so
    return [
        f"gate.metric: the champion {why}, so no model could be compared with it: {NEW_BASELINE}"
    ]


def _champions(aws: Adapters, name: str) -> PushedDefinition | None:
    """The definition that the champion was trained with."""
    champion = aws.ledger.champion(name)
    former = aws.run_folder(name, champion.token).find(Manifest) if champion else None
    return former.definition if former else None


def _column_problems(
    aws: Adapters, name: str, definition: PushedDefinition, before: PushedDefinition
) -> list[str]:
    """What earlier batches could not follow, nor a champion whose recipe reads all batches."""
    champions = _champions(aws, name)
    known = [before, champions] if champions and champions.recipe else [before]
    problems = (changes.column_problems(one.json, definition.json) for one in known)
    return list(dict.fromkeys(problem for found in problems for problem in found))


def _no_baseline(
    aws: Adapters, name: str, definition: PushedDefinition, before: PushedDefinition | None
) -> list[str]:
    if before is None:
        return ["a new baseline: nothing was pushed yet, so there is none to leave behind"]
    champions, problems = _champions(aws, name), list[str]()
    compared = champions and champions.recipe and not _champion_lacks(aws, name, definition)
    if definition.recipe or compared:
        problems = _column_problems(aws, name, definition, before)
        problems = problems or earlier_rows.unlike(aws, name, before, definition)
    return [*problems, *_open_run(aws, name, "a new baseline")]


def _workflow_in_use(
    aws: Adapters, name: str, definition: PushedDefinition, before: PushedDefinition | None
) -> list[str]:
    """Without its workflow the machine goes, and an open run may be about to start it."""
    lease = aws.ledger.state(name).lease
    had_one = before is not None and before.workflow is not None
    if lease is None or not had_one or definition.workflow is not None:
        return []
    run = names.run_id(name, lease.token)
    return [f"training: run {run} trains with the workflow: push again when it has ended"]


def _has_accepted(aws: Adapters, name: str) -> bool:
    states = {run.data_state for run in aws.ledger.runs(name)}
    open_run = aws.ledger.state(name).lease is not None
    return open_run or bool(states & {TRAINED, SUSPECT})


def _provide(
    aws: Adapters, name: str, definition: PushedDefinition, former: Registration | None
) -> str | None:
    """Training workflow, schedule, package group and recipe; the recipe's published version."""
    try:
        _provide_workflow(aws, name, definition)
        _provide_schedule(aws, name, definition)
        aws.registry.ensure_group(name)
        return _provide_recipe(aws, name, definition.recipe, former)
    except NotOurs as error:
        raise PipelineRejected([str(error)]) from error


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


def _markers(definition: PushedDefinition, former: Registration | None) -> tuple[str, ...]:
    """Names by which a sweep knows what in the bucket never was data."""
    known = {*(former.markers if former else ()), definition.marker}
    return tuple(sorted(name for name in known if name))


def _wake(aws: Adapters, name: str, definition: PushedDefinition, *, retrain: bool) -> int:
    """Re-arm the pipeline, ask for a run if there is to be one, and wake it; how many objects wait.

    The registration is written: who claims from now on runs with this definition.
    """
    aws.ledger.rearm(name)
    if retrain or asking.runs_otherwise(aws, name, definition):
        aws.ledger.ask(name, "retrain" if retrain else "push", int(clock.now()))
    waiting = aws.ledger.count_pending(name)
    if waiting or aws.ledger.state(name).wanted:
        wakes.arm(aws, name, "pushed", 0)
    return waiting
