"""Registers a pushed pipeline: validates it again and makes what it needs outside the stack."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from retraining import clock
from retraining.adapters import Adapters
from retraining.documents.definition import PushedDefinition
from retraining.documents.document import Part
from retraining.documents.registration import Registration
from retraining.errors import ObjectGone, PipelineRejected
from retraining.rules import changes, contracts, names
from retraining.rules.settlement import TRAINED
from retraining.steps import (
    asking,
    champions_definition,
    earlier_rows,
    providing,
    push_problems,
    wakes,
)

HASH = re.compile(r"[0-9a-f]{8,64}")


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
    _refuse(push_problems.of_the_stack())
    aws.ledger.begin(names.generation(clock.now()))
    folder = names.definition_prefix(name, content_hash)
    body, version = _stored(aws, folder)
    definition = PushedDefinition(json=contracts.as_document(contracts.parse_definition(body)))
    former = aws.ledger.registration(name)
    before = former.parsed() if former else None
    _refuse(
        push_problems.problems(aws, name, folder, definition, before, new_baseline=new_baseline)
    )
    _refuse(push_problems.of_the_history(aws, name, former, history_from))
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
        recipe_version=providing.provide(aws, name, definition, former),
        markers=_markers(definition, former),
        baseline=baseline,
    )
    _register(aws, name, registration, former, partial(unread, max(first, newest + 1)))
    providing.remove_unused(aws, name, definition)
    return RegisteredPipeline(
        name=name,
        hash=content_hash,
        changed=tuple(changed),
        pending_objects=_wake(aws, name, definition, retrain=retrain),
        left_out=_left_out(aws, name, former, baseline),
        asked_run=asking.asked_run(aws, name, registration),
        champion_lacks=champions_definition.lacks(aws, name, definition) if new_baseline else (),
        incomparable=champions_definition.incomparable(aws, name, definition)
        if new_baseline
        else None,
        tested=tuple(champions_definition.tested(aws, name, definition, baseline)),
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
    """Write the registration; runs that have begun since the first look are looked at.

    Where they forbid it, the former one is in force again, with its schedule and workflow.
    """
    aws.ledger.register(name, registration)
    problems = unread()
    if problems and former is not None:
        aws.ledger.register(name, former)
        providing.provide(aws, name, former.parsed(), former)
        providing.remove_unused(aws, name, former.parsed())
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


def _stored(aws: Adapters, folder: str) -> tuple[bytes, str | None]:
    try:
        stored = aws.work.read(f"{folder}/definition.json")
    except ObjectGone as error:
        raise PipelineRejected([f"{folder}/definition.json does not exist: push again"]) from error
    return stored.body, stored.version


def _refuse(problems: list[str]) -> None:
    if problems:
        raise PipelineRejected(problems)


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


def _markers(definition: PushedDefinition, former: Registration | None) -> tuple[str, ...]:
    """Names by which a sweep knows what in the bucket never was data."""
    known = {*(former.markers if former else ()), definition.marker}
    return tuple(sorted(name for name in known if name))
