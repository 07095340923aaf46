"""The steps of a promotion: lock and decide, record the champion, or reject."""

from __future__ import annotations

from typing import Any

from retraining import adapters, clock, names, outcomes, promotion
from retraining.errors import PromotionLocked
from retraining.observability import log
from retraining.settings import settings


def decide(manifest: dict[str, Any], uri: str, package: str, execution: str) -> dict[str, Any]:
    """Take the lock and say how the endpoint moves; gives the lock back when it refuses."""
    pipeline, token = manifest["pipeline"], manifest["token"]
    _lock(pipeline, token, execution)
    try:
        return _decide(manifest, uri, package)
    except BaseException:
        adapters.ledger().unlock_promotion(pipeline, token)
        raise


def _lock(pipeline: str, token: int, execution: str) -> None:
    now = int(clock.now())
    until = now + promotion.LOCK_SECONDS
    if not adapters.ledger().lock_promotion(pipeline, token, execution, now, until):
        held = adapters.ledger().promotion(pipeline) or {}
        raise PromotionLocked(
            f"{held.get('holder')} is promoting pipeline {pipeline}: wait until it has ended"
        )


def _decide(manifest: dict[str, Any], uri: str, package: str) -> dict[str, Any]:
    pipeline, token, stack = manifest["pipeline"], manifest["token"], settings.stack
    champion = adapters.ledger().champion(pipeline)
    if not champion or champion["package"] != package:  # else: an earlier attempt got this far
        promotion.require_same_champion(manifest["champion"], champion)
    endpoint, config = names.prefix(stack, pipeline), names.run_name(stack, pipeline, token)
    wanted = manifest["definition"]["endpoint"]
    serving = wanted["kind"] != "none"
    facts = adapters.endpoints().facts(endpoint) if serving else promotion.EndpointFacts()
    action = promotion.decide(wanted["kind"], facts, config)
    previous = _previous_config(action, facts, champion, config)
    return {
        "action": action,
        "endpoint": endpoint if serving else None,
        "config": config if serving else None,
        "model": config,
        "variants": promotion.variants(config, wanted),
        "check_endpoint": names.check_endpoint(stack, pipeline) if serving else None,
        "previous_config": previous,
        "previous_golden": champion["golden"] if previous and champion else None,
        "golden": f"{uri}/golden.json",
        "lock": token,
        "package": package,
        "pipeline": pipeline,
        "tags": names.tag_list(stack, pipeline),
    }


def _previous_config(
    action: str,
    facts: promotion.EndpointFacts,
    champion: dict[str, Any] | None,
    config: str,
) -> str | None:
    """The config to go back to; when an earlier attempt moved the endpoint, the champion's."""
    if action == "update":
        return facts.config
    former = champion["config"] if champion and action == "nothing" else None
    return former if former != config else None


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


def reject(promoted: dict[str, Any], error: str | None, cause: str | None) -> dict[str, Any]:
    """Reject the package with the reason and give the lock back; never the champion's own."""
    pipeline, package = promoted["pipeline"], promoted["package"]
    reason = f"{error or 'promotion failed'}: {outcomes.plain_cause(cause) or 'no cause given'}"
    champion = adapters.ledger().champion(pipeline) or {}
    rejected = champion.get("package") != package
    if rejected:
        adapters.registry().reject(package, reason)
    else:
        log.error(f"{package} is the champion and stays Approved although: {reason}")
    if promoted.get("lock") is not None:
        adapters.ledger().unlock_promotion(pipeline, int(promoted["lock"]))
    return {"package": package, "rejected": rejected, "reason": reason}
