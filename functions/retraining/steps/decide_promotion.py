"""Takes the promotion lock and says how the endpoint moves."""

from __future__ import annotations

from typing import Any

from retraining import adapters, clock
from retraining.rules import names, promotion
from retraining.rules.errors import PromotionLocked
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
