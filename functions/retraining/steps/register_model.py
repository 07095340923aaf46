"""Registers the model that is to serve with its metrics and lineage, once a run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from retraining.adapters import Adapters
from retraining.documents.candidates import Candidates
from retraining.documents.document import Part
from retraining.documents.golden import Golden
from retraining.documents.manifest import Manifest
from retraining.documents.metrics import Metrics
from retraining.documents.prepared import Prepared
from retraining.documents.run_record import RunRecord
from retraining.documents.verdict import Verdict
from retraining.errors import ObjectGone, RegistrationFailed
from retraining.rules import names
from retraining.rules.passes import SERVING


@dataclass(frozen=True)
class TrainedModel:
    """The model to register."""

    artifact: str  # S3 URI of its model.tar.gz
    image: str
    training_job: str  # name of the job that made the artifact, or ARN of the execution
    variables: dict[str, str]  # of its container


@dataclass(frozen=True, kw_only=True)
class RegisteredModel(Part):
    """The package of a model."""

    package: str  # ARN
    version: int


def register_model(aws: Adapters, manifest: Manifest) -> RegisteredModel:
    """Register the model that is to serve; an earlier attempt's package is found again."""
    pipeline, token = manifest.pipeline, manifest.token
    run, folder = names.run_id(pipeline, token), aws.run_folder(pipeline, token)
    package = aws.registry.find(pipeline, run)
    if package is None:
        model = _trained(aws, manifest)
        package = aws.registry.register(
            pipeline,
            token,
            image=model.image,
            artifact=model.artifact,
            variables=model.variables,
            instance=manifest.definition.score_instance,
            metrics=folder.uri_of(Metrics),
            facts=_facts(aws, manifest, model),
        )
    aws.ledger.update_run(RunRecord(pipeline=pipeline, token=token, package=package))
    return RegisteredModel(package=package, version=aws.registry.version(package))


def _trained(aws: Adapters, manifest: Manifest) -> TrainedModel:
    folder = aws.run_folder(manifest.pipeline, manifest.token)
    found = folder.read(Candidates).of_role(*SERVING)
    if found is None or not (found.artifact and found.image and found.training_job):
        raise RegistrationFailed(f"{folder.uri}/{Candidates.file} names no model that was trained")
    return TrainedModel(found.artifact, found.image, found.training_job, found.variables or {})


def _facts(aws: Adapters, manifest: Manifest, model: TrainedModel) -> dict[str, str]:
    """Lineage as the package's metadata; values have at most 256 characters."""
    folder = aws.run_folder(manifest.pipeline, manifest.token)
    features = json.dumps(folder.read(Prepared).features, ensure_ascii=False).encode()
    return {
        "run": names.run_id(manifest.pipeline, manifest.token),
        "batch": manifest.batch,
        "training_job": model.training_job,
        "artifact_sha256": _sha256(aws, model.artifact),
        "features_sha256": hashlib.sha256(features).hexdigest(),
        "definition_sha256": manifest.definition_ref.sha256,
        "verdict": folder.uri_of(Verdict),
        "golden": folder.uri_of(Golden),
        "manifest": folder.uri_of(Manifest),
    }


def _sha256(aws: Adapters, artifact: str) -> str:
    try:
        digest, size = aws.work.sha256(aws.work.key(artifact))
    except ObjectGone as error:
        raise RegistrationFailed(f"the model artifact {artifact} does not exist") from error
    if not size:
        raise RegistrationFailed(f"the model artifact {artifact} is empty")
    return digest
