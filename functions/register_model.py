"""State RegisterModel: registers the challenger, pending approval, with metrics and lineage."""

from __future__ import annotations

from typing import Any

from retraining import adapters
from retraining.steps.register_model import Trained, register


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{manifest, uri, artifact, image, training_job} -> {"package": arn, "version": n}."""
    manifest = adapters.work().read_json(adapters.work().key(event["manifest"]))
    model = Trained(
        uri=event["uri"],
        manifest=event["manifest"],
        artifact=event["artifact"],
        image=event["image"],
        training_job=event["training_job"],
    )
    return register(manifest, model)
