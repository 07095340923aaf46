"""Brings an endpoint closer to what is wanted: looks, does one thing, and may be repeated."""

from __future__ import annotations

from dataclasses import dataclass

from retraining.adapters import Adapters
from retraining.documents.champion import Champion
from retraining.documents.document import Part
from retraining.documents.promotion import Promotion
from retraining.errors import EndpointNotReady, PromotionLost
from retraining.observability import log
from retraining.rules import promotion
from retraining.rules.promotion import Goal, Target


@dataclass(frozen=True, kw_only=True)
class MovedEndpoint(Part):
    """What the endpoint is to serve from now on, and the golden rows that prove it."""

    endpoint: str | None
    config: str | None
    golden: str | None


NOTHING = MovedEndpoint(endpoint=None, config=None, golden=None)


def move_endpoint(aws: Adapters, pipeline: str, execution: str, goal: Goal) -> MovedEndpoint:
    """Return once the goal is reached, or SageMaker has accepted the last request towards it.

    Raises EndpointNotReady to be asked again. Who does not hold the promotion moves nothing.
    """
    held = aws.ledger.promotion(pipeline)
    if held is None or held.holder != execution:
        if goal == "back":
            return NOTHING
        holder = held.holder if held else "nobody"
        raise PromotionLost(f"{execution} lost the promotion lock of {pipeline} to {holder}")
    champion = aws.ledger.champion(pipeline)
    targets = promotion.aim(goal, held.promotion, champion)
    for target in targets:
        _move(aws, held.promotion, target)
    return _moved(targets[0], held.promotion, champion) if targets else NOTHING


def _moved(target: Target, intent: Promotion, champion: Champion | None) -> MovedEndpoint:
    own = target.config in (intent.config, intent.check_config)
    golden = intent.golden if own or champion is None else champion.golden
    return MovedEndpoint(endpoint=target.endpoint, config=target.config, golden=golden)


def _move(aws: Adapters, intent: Promotion, target: Target) -> None:
    tags = aws.names.tag_list(intent.pipeline)
    move = promotion.next_move(target, aws.endpoints.facts(target.endpoint))
    log.info("endpoint", extra={"endpoint": target.endpoint, "to": target.config, "move": move})
    if move == "delete":
        aws.endpoints.delete(target.endpoint)
    if target.config is None:
        if target.made:
            aws.endpoints.delete_config(target.made)
        return
    if move == "delete":
        raise EndpointNotReady(f"endpoint {target.endpoint} had failed and is being deleted")
    if move != "nothing":
        _ensure_config(aws, intent, target.config, tags)
    if move == "create":
        aws.endpoints.create(target.endpoint, target.config, tags)
    if move == "update":
        aws.endpoints.update(target.endpoint, target.config)


def _ensure_config(
    aws: Adapters, intent: Promotion, config: str, tags: list[dict[str, str]]
) -> None:
    """Make this promotion's own configs; a champion's exists since it was promoted."""
    if config == intent.config:
        aws.endpoints.ensure_config(config, intent.variants, tags)
    elif config == intent.check_config:
        aws.endpoints.ensure_config(config, promotion.check_variants(intent.variants), tags)
