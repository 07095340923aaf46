"""The claim: one manifest, written once, of the object versions that one run stands for."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any, Final

from retraining import clock
from retraining.adapters import Adapters
from retraining.algorithms.algorithm import Image
from retraining.algorithms.catalog import aim, trainer
from retraining.documents.candidates import Candidate
from retraining.documents.champion import Champion
from retraining.documents.definition import PushedDefinition
from retraining.documents.document import Part
from retraining.documents.manifest import (
    ChampionsWay,
    ClaimedObject,
    DefinitionRef,
    Learned,
    Manifest,
)
from retraining.documents.registration import Registration
from retraining.documents.run_record import RunRecord
from retraining.errors import (
    DefinitionChanged,
    LeaseLost,
    NothingPending,
    PipelineNotRegistered,
)
from retraining.rules import belonging, changes, claims, classes, encryption, names, series, serving
from retraining.rules.arrivals import Lease
from retraining.rules.durations import LONGEST_RUNTIME, seconds
from retraining.rules.passes import Plan
from retraining.rules.sections.tuning import config
from retraining.settings import settings

STARTING: Final = 600  # seconds that a job of a search may wait for its instance and image
NO_PARTS: Final = "none"  # to fit on besides train and validation


@dataclass(frozen=True, kw_only=True)
class RunTuning(Part):
    """How the challenger's hyperparameters are searched."""

    name: str  # with which the tuning jobs' names begin
    config: dict[str, Any]  # HyperParameterTuningJobConfig
    metrics: dict[str, Any]  # what to merge into its AlgorithmSpecification
    max_runtime: int  # seconds


@dataclass(frozen=True, kw_only=True)
class RunTraining(Part):
    """How the run trains; `workflow` is the machine of the pipeline's own, made this run's."""

    workflow: str | None  # ARN
    image: str
    instance_type: str
    score_instance_type: str
    max_runtime: int  # seconds
    tuning: RunTuning | None  # how the challenger's settings are searched


@dataclass(frozen=True, kw_only=True)
class RunKeys(Part):
    """What to merge into the requests of jobs; empty without a customer key."""

    training_volume: dict[str, str]
    score_volume: dict[str, str]
    output: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ChunkRef(Part):
    """One pass of the Map over the chunks."""

    chunk: int


@dataclass(frozen=True, kw_only=True)
class ClaimedRun(Part):
    """What the states of a run need of it: the variable `run` of retraining.asl.yaml."""

    pipeline: str
    token: int
    run: str
    name: str
    uri: str
    manifest: str
    batch: str
    chunks: tuple[ChunkRef, ...]  # none of a run that repeats another
    recipe_jobs: tuple[str, ...]  # its own recipe's, then the champion's where it is another
    source: str
    champions_source: str | None  # where the champion's rows are prepared its own way
    transform: str | None
    code: str | None
    slices: str | None  # where rows are as they landed, if they are judged by it
    label: str
    parts: str
    training: RunTraining
    keys: RunKeys
    isolation: bool
    candidates: tuple[Candidate, ...]  # of the first pass; the gate may name more
    endpoint_kind: str
    tags: tuple[dict[str, str], ...]


def claim_data(aws: Adapters, pipeline: str, token: int) -> ClaimedRun:
    """Write or read back the run's manifest and answer what the other states need."""
    state = aws.ledger.state(pipeline)  # before all that the requests so far are about
    lease = state.lease
    if lease is None or lease.token != token:
        holder = f"token {lease.token}" if lease else "nobody"
        raise LeaseLost(f"run {names.run_id(pipeline, token)} has no lease: {holder} holds it")
    folder = aws.run_folder(pipeline, token)
    manifest = folder.find(Manifest) or folder.write_once(
        _manifest(aws, pipeline, lease, state.asked)
    )
    _verify(aws, manifest)
    return _claimed(aws, manifest, _recipe_jobs(aws, manifest), _training(aws, manifest))


@dataclass(frozen=True)
class _Claim:
    """The batch that a run judges: of which contents, and after which others."""

    pipeline: str
    batch: str
    history: tuple[str, ...]
    contents: tuple[ClaimedObject, ...]


def _claim(
    aws: Adapters, pipeline: str, token: int, history: tuple[str, ...], *, again: bool
) -> _Claim:
    """What waits; or the newest batch of the history again, after those before it."""
    if again and not history:
        raise NothingPending(f"pipeline {pipeline} has no batch to train on again")
    if again:
        *former, batch = history
        brought = aws.run_folder(pipeline, names.token_of(batch)).read(Manifest)
        return _Claim(pipeline, batch, tuple(former), brought.objects)
    objects = claims.batch(aws.ledger.pending(pipeline))
    if not objects:
        raise NothingPending(f"no object of pipeline {pipeline} is pending")
    claimed = claims.manifest_objects(objects, settings.landing_bucket)
    return _Claim(pipeline, names.batch(token), history, claimed)


def _repeated(
    aws: Adapters,
    claim: _Claim,
    runs: list[RunRecord],
    fingerprint: str,
    champion: Champion | None,
    *,
    again: bool,
) -> str | None:
    """The run that this one would repeat, if they train on the same batches.

    Rows that a person has released are in the history since, under an older batch. Against another
    champion than the one that the run left, after a rollback say, it would come to something else.
    """
    found = claims.repeated(runs, fingerprint)
    if found is None:
        return None
    record = next(run for run in runs if run.run == found)
    former = aws.run_folder(claim.pipeline, record.token).find(Manifest)
    if former is None:
        return None if again else found
    batches = (*claim.history, claim.batch) if again else claim.history
    same = (*former.history, former.batch) == batches
    return found if same and claims.left(record, former, champion) else None


def _manifest(aws: Adapters, pipeline: str, lease: Lease, asked: int) -> Manifest:
    token = lease.token
    registration = aws.ledger.registration(pipeline)
    if registration is None:
        raise PipelineNotRegistered(
            f"pipeline {pipeline} is not registered: ratchet push pipelines/{pipeline}"
        )
    first, definition = registration.baseline or 0, registration.parsed()
    runs = [run for run in aws.ledger.runs(pipeline) if run.token >= first]
    champion = aws.ledger.champion(pipeline)
    former = _manifest_of(aws, pipeline, champion)
    learned = _learned(former)
    trains = trainer(definition.section("training"))
    image = _image(trains.training)
    claim = _claim(aws, pipeline, token, claims.history(runs, first), again=lease.again)
    fingerprint = claims.fingerprint(claim.contents, definition, image)
    history = claim.history
    least, greatest = trains.labels
    return Manifest(
        pipeline=pipeline,
        token=token,
        name=aws.names.run(pipeline, token),
        batch=claim.batch,
        history=history,
        again=lease.again,
        asked=asked,
        reference=claims.reference(
            history,
            definition.reference_batches,
            claims.repetitions(runs),
            learned.trained_on if learned else (),
        ),
        earlier=series.earlier(runs, definition.metric),
        cuts={names.batch(run.token): run.cut for run in runs if run.cut is not None},
        gap=belonging.gap(definition.json),
        reserved=belonging.reserved(definition.json),
        objects=() if lease.again else claim.contents,
        definition=definition,
        definition_ref=_reference(registration),
        image=image,
        serving_image=_image(trains.serving),
        champion=champion,
        learned=learned,
        champions_way=_champions_way(former, definition, first),
        incomparable=changes.incomparable(former.definition.json, definition.json)
        if former
        else None,
        fingerprint=fingerprint,
        repeats=_repeated(aws, claim, runs, fingerprint, champion, again=lease.again),
        least_label=least,
        greatest_label=greatest,
        classes=classes.coded(definition.json),
        claimed_at=clock.stamp(),
    )


def _image(image: Image) -> str:
    return settings.image(image.name, image.registry)


def _manifest_of(aws: Adapters, pipeline: str, champion: Champion | None) -> Manifest | None:
    """The manifest of the run that trained the champion."""
    return aws.run_folder(pipeline, champion.token).find(Manifest) if champion else None


def _learned(former: Manifest | None) -> Learned | None:
    """What the champion was trained with, by the manifest of its run."""
    if former is None:
        return None
    return Learned(
        batches=(*former.history, former.batch), judged=(*former.reference, former.batch)
    )


def _champions_way(
    former: Manifest | None, definition: PushedDefinition, baseline: int
) -> ChampionsWay | None:
    """How the champion's rows are prepared, if otherwise; `baseline` is the history's first token.

    What a champion needs and no row has since counts as missing, as the endpoint would get it. A
    new baseline is another task: such a champion is not asked about it.
    """
    if former is None or former.definition.preparation == definition.preparation:
        return None
    gone = changes.gone_columns(former.definition.json, definition.json)
    return ChampionsWay(
        definition=former.definition,
        definition_ref=former.definition_ref,
        lacks=tuple(gone) if former.token < baseline else (),
    )


def _reference(registration: Registration) -> DefinitionRef:
    return DefinitionRef(
        uri=registration.uri,
        version_id=registration.version_id,
        sha256=registration.sha256,
        recipe_version=registration.recipe_version,
    )


def _verify(aws: Adapters, manifest: Manifest) -> None:
    """The stored definition, transform and archive are still those that were registered."""
    reference = manifest.definition_ref
    folder = aws.work.key(reference.uri)
    stored = aws.work.read(f"{folder}/definition.json", reference.version_id)
    if hashlib.sha256(stored.body).hexdigest() != reference.sha256:
        raise DefinitionChanged(
            f"{reference.uri}/definition.json is not what was registered: push it again"
        )
    for key, sha256 in _pinned(manifest.definition, folder):
        if aws.work.sha256(key)[0] != sha256:
            raise DefinitionChanged(
                f"{aws.work.uri(key)} is not what was registered: push it again"
            )


def _pinned(definition: PushedDefinition, folder: str) -> list[tuple[str, str]]:
    """Keys of the files beside definition.json, with the SHA-256 that it names.

    What features.py and a script need is in their archives.
    """
    found, transform = list[tuple[str, str]](), definition.transform
    for archive in (definition.features, definition.script):
        if archive:
            found.append((f"{folder}/{archive['code']}.tar.gz", archive["code"]))
    if transform is not None:
        files = definition.files.items()
        beside = [(names.definition_file(folder, name), sha256) for name, sha256 in files]
        found += [(f"{folder}/transform.py", transform), *beside]
    return found


def _recipe_jobs(aws: Adapters, manifest: Manifest) -> tuple[str, ...]:
    """The recipe jobs of the run, each pointed at its recipe version and output."""
    jobs, pipeline, token = aws.recipe_jobs, manifest.pipeline, manifest.token
    own, former = manifest.definition_ref.recipe_version, _champions_recipe(manifest)
    found = []
    if manifest.definition.recipe and own is not None:
        found.append(jobs.point_job(pipeline, own, names.recipe_output(pipeline, token)))
    if former is not None:
        output = names.champions_recipe_output(pipeline, token)
        found.append(jobs.point_champions_job(pipeline, former, output))
    elif own is not None:
        jobs.remove_champions_job(pipeline)
    return tuple(found)


def _champions_recipe(manifest: Manifest) -> str | None:
    """The version of the champion's recipe, where its rows need another than this run's."""
    way = manifest.champions_way
    if way is None or not manifest.own_rows or not way.definition.recipe:
        return None
    version = way.definition_ref.recipe_version
    same = manifest.definition.recipe and version == manifest.definition_ref.recipe_version
    return None if same else version


def _training(aws: Adapters, manifest: Manifest) -> RunTraining:
    definition = manifest.definition
    own = definition.workflow
    return RunTraining(
        workflow=aws.training_machines.put(manifest.pipeline, own) if own else None,
        image=manifest.image,
        instance_type=definition.instance,
        score_instance_type=definition.score_instance,
        max_runtime=seconds(definition.max_runtime),
        tuning=_tuning(aws, manifest),
    )


def _tuning(aws: Adapters, manifest: Manifest) -> RunTuning | None:
    definition = manifest.definition
    tuning = definition.tuning
    if tuning is None:
        return None
    goal = aim(definition.section("training"), definition.metric)
    rounds = math.ceil(tuning["jobs"] / tuning["parallel"])
    longest = rounds * (seconds(definition.max_runtime) + STARTING)
    max_runtime = min(longest, seconds(LONGEST_RUNTIME))
    return RunTuning(
        name=aws.names.tuning(manifest.pipeline, manifest.token),
        config=config(tuning, goal.metric, goal.kind, max_runtime),
        metrics={"MetricDefinitions": list(goal.definitions)} if goal.definitions else {},
        max_runtime=max_runtime,
    )


def _keys(training: RunTraining) -> RunKeys:
    key = settings.kms_key_arn
    return RunKeys(
        training_volume=encryption.volume(key, training.instance_type),
        score_volume=encryption.volume(key, training.score_instance_type),
        output=encryption.output(key),
    )


def _chunks(manifest: Manifest) -> tuple[ChunkRef, ...]:
    if manifest.repeats is not None:
        return ()
    return tuple(ChunkRef(chunk=chunk) for chunk in manifest.chunks)


def _source(aws: Adapters, manifest: Manifest) -> str:
    if not manifest.definition.recipe:
        return _accepted(aws, manifest)
    return aws.work.uri(names.recipe_output(manifest.pipeline, manifest.token))


def _champions_source(aws: Adapters, manifest: Manifest) -> str | None:
    """Where the champion's rows are prepared from; what its recipe makes may be this run's too."""
    way, pipeline = manifest.champions_way, manifest.pipeline
    if way is None or not manifest.own_rows:
        return None
    if _champions_recipe(manifest) is not None:
        return aws.work.uri(names.champions_recipe_output(pipeline, manifest.token))
    return _source(aws, manifest) if way.definition.recipe else _accepted(aws, manifest)


def _accepted(aws: Adapters, manifest: Manifest) -> str:
    return aws.work.uri(names.accepted_prefix(manifest.pipeline))


def _claimed(
    aws: Adapters, manifest: Manifest, recipe_jobs: tuple[str, ...], training: RunTraining
) -> ClaimedRun:
    pipeline, token, definition = manifest.pipeline, manifest.token, manifest.definition
    folder, kind = aws.run_folder(pipeline, token), definition.endpoint_kind
    transform = definition.transform
    plan = Plan.of(manifest, folder.uri)
    return ClaimedRun(
        pipeline=pipeline,
        token=token,
        run=names.run_id(pipeline, token),
        name=manifest.name,
        uri=folder.uri,
        manifest=folder.uri_of(Manifest),
        batch=manifest.batch,
        chunks=_chunks(manifest),
        recipe_jobs=recipe_jobs,
        source=_source(aws, manifest),
        champions_source=_champions_source(aws, manifest),
        transform=f"{manifest.definition_ref.uri}/transform.py" if transform else None,
        code=manifest.code,
        slices=_accepted(aws, manifest) if definition.section("gate")["slices"] else None,
        label=definition.label,
        parts=",".join(plan.parts) or NO_PARTS,
        training=training,
        keys=_keys(training),
        isolation=serving.isolated(kind, None if definition.script else manifest.code),
        candidates=plan.first_pass(),
        endpoint_kind=kind,
        tags=tuple(aws.names.tag_list(pipeline)),
    )
