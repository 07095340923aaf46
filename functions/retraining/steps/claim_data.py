"""The claim: one manifest, written once, of the object versions that one run stands for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from retraining import clock
from retraining.adapters import Adapters
from retraining.algorithms.algorithm import Image
from retraining.algorithms.catalog import trainer
from retraining.documents.champion import Champion
from retraining.documents.definition import PushedDefinition
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
from retraining.rules import belonging, changes, claims, classes, names, series
from retraining.rules.arrivals import Lease
from retraining.settings import settings
from retraining.steps.claimed_run import ClaimedRun, claimed_run


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
    return claimed_run(aws, manifest)


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
