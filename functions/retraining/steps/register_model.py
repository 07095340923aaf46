"""Registers the challenger with its metrics and lineage, once a run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from retraining import adapters
from retraining.rules import names
from retraining.rules.errors import ObjectGone, RegistrationFailed


@dataclass(frozen=True)
class Trained:
    """The model to register, and where its run left metrics and verdict."""

    uri: str  # of the run's folder
    manifest: str
    artifact: str
    image: str
    training_job: str  # name of the job that made the artifact, or ARN of the execution


def register(manifest: dict[str, Any], model: Trained) -> dict[str, Any]:
    """The package's ARN and version; an earlier attempt's package is found again."""
    pipeline, token = manifest["pipeline"], manifest["token"]
    run = names.run_id(pipeline, token)
    package = adapters.registry().find(pipeline, run)
    if package is None:
        package = adapters.registry().register(
            pipeline,
            run,
            image=model.image,
            artifact=model.artifact,
            instance=manifest["definition"]["training"]["instance"],
            metrics=f"{model.uri}/metrics.json",
            facts=_facts(model, manifest, run),
        )
    adapters.ledger().note_run(pipeline, token, {"package": package})
    return {"package": package, "version": adapters.registry().version(package)}


def _facts(model: Trained, manifest: dict[str, Any], run: str) -> dict[str, str]:
    """Lineage as the package's metadata; values have at most 256 letters."""
    prefix = adapters.work().key(model.uri)
    summary = adapters.work().read_json(f"{prefix}/prepared/summary.json")
    features = json.dumps(summary["features"], ensure_ascii=False).encode()
    return {
        "run": run,
        "batch": manifest["batch"],
        "training_job": model.training_job,
        "artifact_sha256": _sha256(model.artifact),
        "features_sha256": hashlib.sha256(features).hexdigest(),
        "definition_sha256": manifest["definition_ref"]["sha256"],
        "verdict": f"{model.uri}/verdict.json",
        "golden": f"{model.uri}/golden.json",
        "manifest": model.manifest,
    }


def _sha256(artifact: str) -> str:
    try:
        digest, size = adapters.work().sha256(adapters.work().key(artifact))
    except ObjectGone as error:
        raise RegistrationFailed(f"the model artifact {artifact} is not there") from error
    if not size:
        raise RegistrationFailed(f"the model artifact {artifact} is empty")
    return digest
