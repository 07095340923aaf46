"""Registers a pushed pipeline: validates it again and makes what it needs outside the stack."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace

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


@dataclass(frozen=True)
class Push:
    """What is to be registered, instead of what, and where its history is to begin."""

    name: str
    folder: str
    definition: PushedDefinition
    former: Registration | None
    new_baseline: bool
    history_from: int
    retrain: bool

    @property
    def first(self) -> int:
        """The token of the first run whose rows are trained on, unless the baseline is new."""
        return self.history_from or (self.former.baseline if self.former else None) or 0

    def baseline(self, newest: int) -> int | None:
        """The first token whose batch belongs to the history; a deleted pipeline's has none."""
        if self.history_from:
            return self.history_from
        if self.new_baseline or (self.former is None and newest):
            return newest + 1
        return self.former.baseline if self.former else None


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
    push = Push(name, folder, definition, former, new_baseline, history_from, retrain)
    newest = _check(aws, push)
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
        baseline=push.baseline(newest),
    )
    while not aws.ledger.register_after(name, registration, newest):
        newest = _check_again(aws, push)
        registration = replace(registration, baseline=push.baseline(newest))
    providing.remove_unused(aws, name, definition)
    return RegisteredPipeline(
        name=name,
        hash=content_hash,
        changed=tuple(changed),
        pending_objects=_wake(aws, name, definition, retrain=retrain),
        left_out=_left_out(aws, name, former, registration.baseline),
        asked_run=asking.asked_run(aws, name, registration),
        champion_lacks=champions_definition.lacks(aws, name, definition) if new_baseline else (),
        incomparable=champions_definition.incomparable(aws, name, definition)
        if new_baseline
        else None,
        tested=tuple(champions_definition.tested(aws, name, definition, registration.baseline)),
    )


def _check(aws: Adapters, push: Push) -> int:
    """The token of the newest run, before all that the push was held against.

    Raises PipelineRejected. A run that begins later has not been seen.
    """
    newest = aws.ledger.state(push.name).token
    before = push.former.parsed() if push.former else None
    new_baseline = push.new_baseline
    _refuse(
        push_problems.problems(
            aws, push.name, push.folder, push.definition, before, new_baseline=new_baseline
        )
    )
    _refuse(push_problems.of_the_history(aws, push.name, push.former, push.history_from))
    former = None if new_baseline else push.former
    _refuse(earlier_rows.problems(aws, push.name, former, push.definition, push.first))
    if push.retrain:
        _refuse(asking.nothing_to_train_on(aws, push.name, push.baseline(newest)))
    return newest


def _check_again(aws: Adapters, push: Push) -> int:
    """Check again, as a run has begun.

    Where that is refused, the schedule and workflow of the former definition are put back.
    """
    try:
        return _check(aws, push)
    except PipelineRejected:
        providing.put_back(aws, push.name, push.former)
        raise


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
