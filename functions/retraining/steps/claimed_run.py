"""What the states of a run need of its claim, made of the manifest: the variable `run`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from retraining.adapters import Adapters
from retraining.algorithms.catalog import aim
from retraining.documents.candidates import Candidate
from retraining.documents.document import Part
from retraining.documents.manifest import Manifest
from retraining.rules import encryption, names, serving
from retraining.rules.durations import LONGEST_RUNTIME, seconds
from retraining.rules.passes import Plan
from retraining.rules.searching import config
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


def claimed_run(aws: Adapters, manifest: Manifest) -> ClaimedRun:
    """The variable of a run with this manifest, whose recipe jobs and machine are pointed at it."""
    recipe_jobs, training = _recipe_jobs(aws, manifest), _training(aws, manifest)
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
