"""Takes the promotion lock and says how the endpoint moves."""

from __future__ import annotations

from retraining import clock
from retraining.adapters import Adapters
from retraining.documents.champion import Champion
from retraining.documents.golden import Golden
from retraining.documents.manifest import Manifest
from retraining.documents.promotion import Promotion
from retraining.errors import PromotionLocked
from retraining.rules import promotion
from retraining.rules.promotion import EndpointFacts


def decide_promotion(aws: Adapters, manifest: Manifest, package: str, execution: str) -> Promotion:
    """Take the lock and decide; gives the lock back when it refuses."""
    pipeline, token = manifest.pipeline, manifest.token
    _lock(aws, pipeline, token, execution)
    try:
        return _decide(aws, manifest, package)
    except BaseException:
        aws.ledger.unlock_promotion(pipeline, token)
        raise


def _lock(aws: Adapters, pipeline: str, token: int, execution: str) -> None:
    now = int(clock.now())
    until = now + promotion.LONGEST_PROMOTION
    if not aws.ledger.lock_promotion(pipeline, token, execution, now, until):
        held = aws.ledger.promotion_lock(pipeline)
        holder = held.holder if held else "another execution"
        raise PromotionLocked(f"{holder} is promoting pipeline {pipeline}: wait until it has ended")


def _decide(aws: Adapters, manifest: Manifest, package: str) -> Promotion:
    pipeline, token, names = manifest.pipeline, manifest.token, aws.names
    champion = aws.ledger.champion(pipeline)
    if not champion or champion.package != package:  # else: an earlier attempt got this far
        promotion.require_same_champion(manifest.champion, champion)
    endpoint, config = names.standing(pipeline), names.run(pipeline, token)
    kind, serving = manifest.definition.endpoint_kind, manifest.definition.endpoint_kind != "none"
    facts = aws.endpoints.facts(endpoint) if serving else EndpointFacts()
    action = promotion.decide(kind, facts, config)
    previous = _previous_config(action, facts, champion, config)
    return Promotion(
        action=action,
        endpoint=endpoint if serving else None,
        config=config if serving else None,
        model=config,
        variants=promotion.variants(config, manifest.definition.section("endpoint")),
        check_endpoint=names.check_endpoint(pipeline) if serving else None,
        previous_config=previous,
        previous_golden=champion.golden if previous and champion else None,
        golden=aws.run_folder(pipeline, token).uri_of(Golden),
        lock=token,
        package=package,
        pipeline=pipeline,
        tags=tuple(names.tag_list(pipeline)),
    )


def _previous_config(
    action: str, facts: EndpointFacts, champion: Champion | None, config: str
) -> str | None:
    """The config to go back to; when an earlier attempt moved the endpoint, the champion's."""
    if action == "update":
        return facts.config
    former = champion.config if champion and action == "nothing" else None
    return former if former != config else None
