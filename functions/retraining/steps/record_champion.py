"""Approves the package and names the champion."""

from __future__ import annotations

from retraining import clock
from retraining.adapters import Adapters
from retraining.documents.candidates import Candidates
from retraining.documents.champion import Champion
from retraining.documents.prepared import Prepared
from retraining.documents.promotion import Promotion
from retraining.documents.verdict import Verdict
from retraining.errors import PromotionLost
from retraining.rules import names, outcomes
from retraining.rules.candidates import REFIT
from retraining.rules.passes import SERVING
from retraining.steps import promotions


def record_champion(aws: Adapters, pipeline: str, package: str, execution: str) -> Champion:
    """Approve the package, then name the champion; once named, nothing leads back any more."""
    held, champion = aws.ledger.promotion(pipeline), aws.ledger.champion(pipeline)
    if held is None or held.holder != execution:
        if champion and champion.package == package:  # an earlier attempt got this far
            return champion
        holder = held.holder if held else "nobody"
        raise PromotionLost(f"{execution} lost the promotion lock of {pipeline}: {holder} holds it")
    if champion is None or champion.package != package:
        champion = _name(aws, held.promotion, execution)
    if replaced := held.promotion.replaces:
        reason = f"A person went back to version {champion.version}"
        aws.registry.reject(replaced, reason)
        aws.registry.reject_after(pipeline, champion.version, reason)
        before = aws.registry.version(replaced)
        aws.notices.publish(*outcomes.rolled_back(pipeline, before, champion.version))
    promotions.record_promoted(aws, pipeline, champion)
    aws.ledger.close_promotion(pipeline, execution)
    return champion


def _name(aws: Adapters, wanted: Promotion, execution: str) -> Champion:
    """The champion from now on; refused once another execution holds the promotion."""
    verdict = aws.run_folder(wanted.pipeline, wanted.token).read(Verdict)
    aws.registry.approve(wanted.package, verdict.sentence)
    champion = _champion(aws, wanted)
    if not aws.ledger.set_champion(wanted.pipeline, champion, execution, wanted.replaces):
        raise PromotionLost(
            f"{execution} lost the promotion lock of {wanted.pipeline}, or a newer run than"
            f" {champion.run} has already named the champion"
        )
    return champion


def _champion(aws: Adapters, wanted: Promotion) -> Champion:
    described = aws.registry.describe(wanted.package)
    container = described["InferenceSpecification"]["Containers"][0]
    facts = described["CustomerMetadataProperties"]
    folder = aws.run_folder(wanted.pipeline, wanted.token)
    trained = folder.read(Candidates).of_role(*SERVING)
    prepared = folder.read(Prepared)
    return Champion(
        package=wanted.package,
        version=aws.registry.version(wanted.package),
        model=wanted.model,
        image=container["Image"],
        artifact=container["ModelDataUrl"],
        artifact_sha256=facts["artifact_sha256"],
        token=wanted.token,
        run=names.run_id(wanted.pipeline, wanted.token),
        features=prepared.features,
        hyperparameters=trained.hyperparameters if trained else {},
        refit=trained is not None and trained.role == REFIT,
        promise=folder.read(Verdict).promise,
        features_sha256=facts["features_sha256"],
        golden=wanted.golden,
        config=wanted.config,
        endpoint=wanted.endpoint,
        since=clock.stamp(),
        raw=prepared.raw,
        training_image=trained.training_image if trained else None,
        code=trained.code if trained else None,
    )
