"""The claim: one manifest, written once, of the object versions that one run stands for."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from retraining import adapters, clock
from retraining.algorithms.catalog import DEFAULT
from retraining.algorithms.hyperparameters import as_text
from retraining.rules import claims, names
from retraining.rules.durations import seconds
from retraining.rules.errors import (
    DefinitionChanged,
    LeaseLost,
    NothingPending,
    PipelineNotRegistered,
)
from retraining.rules.settlement import TRAINED
from retraining.settings import settings


def claim(pipeline: str, token: int) -> dict[str, Any]:
    """Write or read back the run's manifest and answer what the other states need."""
    lease = adapters.ledger().state(pipeline).lease
    if lease is None or lease.token != token:
        holder = f"token {lease.token}" if lease else "nobody"
        raise LeaseLost(f"run {names.run_id(pipeline, token)} has no lease: {holder} holds it")
    key = f"{names.run_prefix(pipeline, token)}/manifest.json"
    manifest = adapters.work().find_json(key)
    if manifest is None:
        manifest = adapters.work().write_json_once(key, _manifest(pipeline, token))
    _verify(manifest["definition_ref"], manifest["definition"])
    return _run(manifest, _recipe_job(manifest), _training(manifest))


def _manifest(pipeline: str, token: int) -> dict[str, Any]:
    registration = adapters.ledger().registration(pipeline)
    if registration is None:
        raise PipelineNotRegistered(
            f"pipeline {pipeline} is not registered: ratchet push pipelines/{pipeline}"
        )
    objects = claims.batch(adapters.ledger().pending(pipeline))
    if not objects:
        raise NothingPending(f"no object of pipeline {pipeline} is pending")
    runs = adapters.ledger().runs(pipeline)
    definition = json.loads(registration["definition"])
    return {
        "pipeline": pipeline,
        "token": token,
        "batch": names.batch(token),
        "history": [names.batch(r["token"]) for r in runs if r.get("data_state") == TRAINED],
        "reference": [names.batch(r["token"]) for r in runs if r.get("promoted")],
        "objects": claims.manifest_objects(objects, settings.landing_bucket),
        "definition": definition,
        "definition_ref": {
            "uri": registration["uri"],
            "version_id": registration["version_id"],
            "sha256": registration["sha256"],
            "recipe_version": registration.get("recipe_version"),
        },
        "image": settings.image(definition["training"].get("algorithm", DEFAULT)),
        "champion": adapters.ledger().champion(pipeline),
        "claimed_at": clock.stamp(),
    }


def _verify(reference: dict[str, Any], definition: dict[str, Any]) -> None:
    """The stored definition and transform are still those that were registered."""
    folder = adapters.work().key(reference["uri"])
    stored = adapters.work().read(f"{folder}/definition.json", reference["version_id"])
    if hashlib.sha256(stored.body).hexdigest() != reference["sha256"]:
        raise DefinitionChanged(
            f"{reference['uri']}/definition.json is not what was registered: push it again"
        )
    transform = definition["etl"]["transform"]
    if transform and adapters.work().sha256(f"{folder}/transform.py")[0] != transform:
        raise DefinitionChanged(
            f"{reference['uri']}/transform.py is not what was registered: push it again"
        )


def _recipe_job(manifest: dict[str, Any]) -> str | None:
    version = manifest["definition_ref"]["recipe_version"]
    if not manifest["definition"]["etl"]["recipe"]:
        return None
    output = f"{names.run_prefix(manifest['pipeline'], manifest['token'])}/recipe/"
    return adapters.recipe_jobs().point_job(manifest["pipeline"], version, output)


def _training(manifest: dict[str, Any]) -> dict[str, Any]:
    """How the run trains: `workflow` is the machine of the pipeline's own, made this run's."""
    training = manifest["definition"]["training"]
    own, chosen = training.get("workflow"), training.get("hyperparameters", {})
    return {
        "workflow": adapters.training_machines().put(manifest["pipeline"], own) if own else None,
        "image": manifest["image"],
        "hyperparameters": {name: as_text(value) for name, value in chosen.items()},
        "instance_type": training["instance"],
        "max_runtime": seconds(training["max_runtime"]),
    }


def _run(
    manifest: dict[str, Any], recipe_job: str | None, training: dict[str, Any]
) -> dict[str, Any]:
    pipeline, token, definition = manifest["pipeline"], manifest["token"], manifest["definition"]
    uri = adapters.work().uri(names.run_prefix(pipeline, token))
    accepted = adapters.work().uri(names.accepted_prefix(pipeline))
    transform = definition["etl"]["transform"]
    chunks = sorted({item["chunk"] for item in manifest["objects"]})
    return {
        "pipeline": pipeline,
        "token": token,
        "run": names.run_id(pipeline, token),
        "name": names.run_name(settings.stack, pipeline, token),
        "uri": uri,
        "manifest": f"{uri}/manifest.json",
        "batch": manifest["batch"],
        "chunks": [{"chunk": chunk} for chunk in chunks],
        "recipe_job": recipe_job,
        "source": f"{uri}/recipe/" if recipe_job else accepted,
        "transform": f"{manifest['definition_ref']['uri']}/transform.py" if transform else None,
        "label": definition["data"]["label"],
        "split_by": definition["split"]["by"],
        "training": training,
        # Serverless endpoints exclude network isolation (SageMaker developer guide).
        "isolation": definition["endpoint"]["kind"] != "serverless",
        "champion_model": (manifest["champion"] or {}).get("model"),
        "endpoint_kind": definition["endpoint"]["kind"],
        "tags": names.tag_list(settings.stack, pipeline),
    }
