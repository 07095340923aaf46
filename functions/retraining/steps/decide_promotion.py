"""Takes the promotion lock by writing down what is wanted, and says how to begin."""

from __future__ import annotations

from dataclasses import dataclass

from retraining import clock
from retraining.adapters import Adapters
from retraining.adapters.registry import REJECTED
from retraining.documents.document import Part
from retraining.documents.golden import Golden
from retraining.documents.manifest import Manifest
from retraining.documents.promotion import Promotion
from retraining.errors import PackageRejected, PipelineDeleted, PromotionLocked, PromotionStopped
from retraining.rules import promotion
from retraining.rules.outcomes import ENDS
from retraining.rules.promotion import Target


@dataclass(frozen=True, kw_only=True)
class Ended(Part):
    """The execution that ended without ending its promotion, and how."""

    execution: str
    status: str


@dataclass(frozen=True)
class Asked:
    """A promotion as its execution was asked for it; `replaces` for a rollback."""

    package: str
    replaces: str | None
    execution: str
    ended: Ended | None = None


@dataclass(frozen=True, kw_only=True)
class DecidedPromotion(Part):
    """The names that the states need, and whether the new config proves itself elsewhere first."""

    endpoint: str | None
    config: str | None
    check_endpoint: str | None
    check_config: str | None
    golden: str
    check: bool


def decide_promotion(aws: Adapters, manifest: Manifest, asked: Asked) -> DecidedPromotion:
    """Take the lock and decide; gives the lock back when it refuses.

    After an execution that ended before its time it takes over the lock and raises
    PromotionStopped, from where the only way is back.
    """
    wanted, execution, ended = _wanted(aws, manifest, asked), asked.execution, asked.ended
    if ended:
        _lock(aws, wanted, execution, ended.execution)
        raise PromotionStopped(f"execution {ended.execution} {ENDS[ended.status]}")
    if not _lock(aws, wanted, execution):
        held = aws.ledger.promotion(wanted.pipeline)
        holder = held.holder if held else "another execution"
        raise PromotionLocked(
            f"{holder} is promoting pipeline {wanted.pipeline}: wait until it has ended"
        )
    try:
        return _decide(aws, manifest, wanted)
    except BaseException:
        aws.ledger.close_promotion(wanted.pipeline, execution)
        raise


def _lock(aws: Adapters, wanted: Promotion, execution: str, ended: str | None = None) -> bool:
    now = int(clock.now())
    until = now + promotion.LONGEST_PROMOTION
    return aws.ledger.lock_promotion(wanted, execution, now, until, ended)


def _wanted(aws: Adapters, manifest: Manifest, asked: Asked) -> Promotion:
    pipeline, token, names = manifest.pipeline, manifest.token, aws.names
    model, serving = names.run(pipeline, token), manifest.definition.endpoint_kind != "none"
    return Promotion(
        pipeline=pipeline,
        token=token,
        package=asked.package,
        replaces=asked.replaces,
        model=model,
        golden=aws.run_folder(pipeline, token).uri_of(Golden),
        endpoint=names.standing(pipeline) if serving else None,
        config=model if serving else None,
        check_endpoint=names.check_endpoint(pipeline) if serving else None,
        check_config=names.check_config(pipeline, token) if serving else None,
        variants=promotion.variants(model, manifest.definition.section("endpoint")),
    )


def _decide(aws: Adapters, manifest: Manifest, wanted: Promotion) -> DecidedPromotion:
    """With the lock, which a deletion looks for once the registration is gone."""
    if aws.ledger.registration(wanted.pipeline) is None:
        raise PipelineDeleted(f"pipeline {wanted.pipeline} was deleted")
    champion = aws.ledger.champion(wanted.pipeline)
    if not champion or champion.package != wanted.package:  # else: an earlier attempt got this far
        judged = manifest.champion.package if manifest.champion else None
        promotion.require_same_champion(wanted.replaces or judged, champion)
        _require_not_rejected(aws, wanted)
    return DecidedPromotion(
        endpoint=wanted.endpoint,
        config=wanted.config,
        check_endpoint=wanted.check_endpoint,
        check_config=wanted.check_config,
        golden=wanted.golden,
        check=_changes(aws, wanted),
    )


def _require_not_rejected(aws: Adapters, wanted: Promotion) -> None:
    """A rollback may go back to what a rollback has rejected."""
    if not wanted.replaces and aws.registry.status(wanted.package) == REJECTED:
        raise PackageRejected(f"package {wanted.package} was rejected in the registry")


def _changes(aws: Adapters, wanted: Promotion) -> bool:
    """Whether an endpoint in service gets another config: it moves all at once if serverless."""
    if wanted.endpoint is None:
        return False
    seen = aws.endpoints.facts(wanted.endpoint)
    return promotion.next_move(Target(wanted.endpoint, wanted.config), seen) == "update"
