"""State RegisterModel: registers the challenger, pending approval, with metrics and lineage."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from retraining import adapters, names
from retraining.errors import ObjectGone, RegistrationFailed


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{manifest, uri, artifact, image, training_job} -> {"package": arn, "version": n}; once a run.

    `training_job` is the name of the job that made the artifact, or the ARN of the execution.
    """
    manifest = adapters.work().read_json(adapters.work().key(event["manifest"]))
    pipeline = manifest["pipeline"]
    run = names.run_id(pipeline, manifest["token"])
    package = adapters.registry().find(pipeline, run)
    if package is None:
        package = adapters.registry().register(
            pipeline,
            run,
            image=event["image"],
            artifact=event["artifact"],
            instance=manifest["definition"]["training"]["instance"],
            metrics=f"{event['uri']}/metrics.json",
            facts=_facts(event, manifest, run),
        )
    adapters.ledger().note_run(pipeline, manifest["token"], {"package": package})
    return {"package": package, "version": adapters.registry().version(package)}


def _facts(event: dict[str, Any], manifest: dict[str, Any], run: str) -> dict[str, str]:
    """Lineage as the package's metadata; values have at most 256 letters."""
    prefix = adapters.work().key(event["uri"])
    summary = adapters.work().read_json(f"{prefix}/prepared/summary.json")
    features = json.dumps(summary["features"], ensure_ascii=False).encode()
    return {
        "run": run,
        "batch": manifest["batch"],
        "training_job": event["training_job"],
        "artifact_sha256": _sha256(event["artifact"]),
        "features_sha256": hashlib.sha256(features).hexdigest(),
        "definition_sha256": manifest["definition_ref"]["sha256"],
        "verdict": f"{event['uri']}/verdict.json",
        "golden": f"{event['uri']}/golden.json",
        "manifest": event["manifest"],
    }


def _sha256(artifact: str) -> str:
    try:
        digest, size = adapters.work().sha256(adapters.work().key(artifact))
    except ObjectGone as error:
        raise RegistrationFailed(f"the model artifact {artifact} is not there") from error
    if not size:
        raise RegistrationFailed(f"the model artifact {artifact} is empty")
    return digest
