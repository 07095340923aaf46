"""Approves the package and names the champion."""

from __future__ import annotations

from retraining import clock
from retraining.adapters import Adapters
from retraining.documents.champion import Champion
from retraining.documents.prepared import Prepared
from retraining.documents.promotion import Promotion
from retraining.documents.run_record import RunRecord
from retraining.documents.verdict import Verdict
from retraining.errors import PromotionLocked
from retraining.rules import names


def record_champion(aws: Adapters, promoted: Promotion, token: int) -> Champion:
    """Approve the package, then name the champion; both or neither survive a retry."""
    pipeline, package = promoted.pipeline, promoted.package
    _require_lock(aws, pipeline, token)
    verdict = aws.run_folder(pipeline, token).read(Verdict)
    aws.registry.approve(package, verdict.sentence)
    champion = _champion(aws, promoted, token)
    if not aws.ledger.set_champion(pipeline, champion):
        raise PromotionLocked(f"a newer run than {champion.run} has already named the champion")
    record = RunRecord(pipeline=pipeline, token=token, promoted=True, package=package)
    aws.ledger.update_run(record)
    aws.ledger.unlock_promotion(pipeline, token)
    return champion


def _require_lock(aws: Adapters, pipeline: str, token: int) -> None:
    held, champion = aws.ledger.promotion_lock(pipeline), aws.ledger.champion(pipeline)
    holds = held is not None and held.token == token
    if not holds and (champion is None or champion.token != token):
        holder = f"token {held.token}" if held else "nobody"
        raise PromotionLocked(
            f"token {token} lost the promotion lock of {pipeline}: {holder} holds it"
        )


def _champion(aws: Adapters, promoted: Promotion, token: int) -> Champion:
    described = aws.registry.describe(promoted.package)
    container = described["InferenceSpecification"]["Containers"][0]
    facts = described["CustomerMetadataProperties"]
    return Champion(
        package=promoted.package,
        version=aws.registry.version(promoted.package),
        model=promoted.model,
        image=container["Image"],
        artifact=container["ModelDataUrl"],
        artifact_sha256=facts["artifact_sha256"],
        token=token,
        run=names.run_id(promoted.pipeline, token),
        features=aws.run_folder(promoted.pipeline, token).read(Prepared).features,
        features_sha256=facts["features_sha256"],
        golden=promoted.golden,
        config=promoted.config,
        endpoint=promoted.endpoint,
        since=clock.stamp(),
    )
