"""Approves the package and names the champion."""

from __future__ import annotations

from typing import Any

from retraining import adapters, clock
from retraining.rules import names
from retraining.rules.errors import PromotionLocked


def record_champion(promoted: dict[str, Any], token: int, uri: str) -> dict[str, Any]:
    """Approve the package, then name the champion; both or neither survive a retry."""
    pipeline, package = promoted["pipeline"], promoted["package"]
    _require_lock(pipeline, token)
    run = names.run_id(pipeline, token)
    verdict = adapters.work().read_json(f"{adapters.work().key(uri)}/verdict.json")
    adapters.registry().approve(package, verdict["sentence"])
    champion = _champion(promoted, token, uri)
    if not adapters.ledger().crown(pipeline, champion):
        raise PromotionLocked(f"a newer run than {run} has already named the champion")
    adapters.ledger().note_run(pipeline, token, {"promoted": True, "package": package})
    adapters.ledger().unlock_promotion(pipeline, token)
    return champion


def _require_lock(pipeline: str, token: int) -> None:
    held = adapters.ledger().promotion(pipeline)
    champion = adapters.ledger().champion(pipeline) or {}
    if (held is None or held["token"] != token) and champion.get("token") != token:
        raise PromotionLocked(
            f"token {token} lost the promotion lock of {pipeline} to {held and held['token']}"
        )


def _champion(promoted: dict[str, Any], token: int, uri: str) -> dict[str, Any]:
    pipeline, package = promoted["pipeline"], promoted["package"]
    described = adapters.registry().describe(package)
    container = described["InferenceSpecification"]["Containers"][0]
    facts = described["CustomerMetadataProperties"]
    prefix = adapters.work().key(uri)
    summary = adapters.work().read_json(f"{prefix}/prepared/summary.json")
    return {
        "package": package,
        "version": adapters.registry().version(package),
        "model": promoted["model"],
        "image": container["Image"],
        "artifact": container["ModelDataUrl"],
        "artifact_sha256": facts["artifact_sha256"],
        "token": token,
        "run": names.run_id(pipeline, token),
        "features": summary["features"],
        "features_sha256": facts["features_sha256"],
        "golden": promoted["golden"],
        "config": promoted["config"],
        "endpoint": promoted["endpoint"],
        "since": clock.stamp(),
    }
