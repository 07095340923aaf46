"""From metrics.json to verdict.json: the challenger is judged."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from retraining import clock
from retraining.adapters import Adapters
from retraining.adapters.run_folder import RunFolder
from retraining.documents.candidates import Candidate, Candidates
from retraining.documents.champion import Champion
from retraining.documents.document import Part
from retraining.documents.golden import Golden
from retraining.documents.manifest import Manifest
from retraining.documents.metrics import Metrics
from retraining.documents.prepared import Prepared, PreparedRows
from retraining.documents.verdict import JudgedChampion, Verdict
from retraining.rules import names, series
from retraining.rules.candidates import (
    ALONE,
    CHALLENGER,
    FRESH,
    REFERENCE,
    REFIT,
)
from retraining.rules.gate.decisions import Decision, Further, Judgement
from retraining.rules.gate.judge import expects_reference, judge
from retraining.rules.gate.settings import FORMER
from retraining.rules.gate.terms import Earlier, Facts, Terms
from retraining.rules.passes import Plan


@dataclass(frozen=True, kw_only=True)
class GateAnswer(Part):
    """What the state machine needs of a verdict."""

    decision: str
    outcome: str | None
    data_state: str | None
    sentence: str
    verdict: str  # S3 URI
    next: tuple[Candidate, ...]  # who else must be judged before there is a verdict


def apply_gate(aws: Adapters, manifest: Manifest) -> GateAnswer:
    """Judge the challenger and write verdict.json."""
    folder = aws.run_folder(manifest.pipeline, manifest.token)
    measured = folder.read(Metrics)
    plan = Plan.of(manifest, folder.uri)
    scored = folder.read(Candidates)
    facts = _facts(folder, manifest, measured, plan)
    facts = replace(facts, lacks_refit=plan.refits_last and scored.of_role(REFIT) is None)
    judgement = judge(Terms.of(manifest.definition.section("gate")), facts)
    decision = judgement.decision
    written = folder.write(_verdict(manifest, measured, judgement, plan))
    return GateAnswer(
        decision=decision.name,
        outcome=decision.outcome,
        data_state=decision.data_state,
        sentence=decision.sentence,
        verdict=written,
        next=_next(decision, plan, scored),
    )


def _next(decision: Decision, plan: Plan, scored: Candidates) -> tuple[Candidate, ...]:
    wanted = decision.wanted if isinstance(decision, Further) else ()
    challenger = scored.of_role(CHALLENGER)
    judged = challenger.hyperparameters if challenger else None
    found = (plan.further(one.role, former=one.settings == FORMER, judged=judged) for one in wanted)
    return tuple(candidate for candidates in found for candidate in candidates)


def _facts(folder: RunFolder, manifest: Manifest, measured: Metrics, plan: Plan) -> Facts:
    summary, champion = folder.read(Prepared), manifest.compared
    prepared, promise = summary.rows, series.promised(champion, measured.metric)
    golden = folder.find(Golden)
    return Facts(
        measured=measured,
        prepared_rows={FRESH: prepared.holdout_fresh, REFERENCE: prepared.holdout_reference},
        golden_rows=len(golden.rows) if golden else 0,
        shared_rows=summary.shared,
        trains_alone=any(part.trains for part in summary.parts if part.role == ALONE),
        released=manifest.released,
        has_champion=champion is not None,
        not_compared=manifest.not_compared,
        apart_rows=summary.rows.apart,
        champion_knows_reference=manifest.knows_reference,
        champion_promise=promise.lift if promise else None,
        champion_promised=promise.value if promise else None,
        changed=plan.former is not None,
        other_features=plan.other_features,
        untested=plan.untested,
        again=manifest.again,
        first_batch=not manifest.history,
        repeats_champion=manifest.repeats_champion,
        earlier=tuple(Earlier(**asdict(one)) for one in manifest.earlier),
        expects_reference=expects_reference(
            _references(manifest, prepared),
            prepared.holdout_reference,
            keyed=manifest.definition.keyed,
        ),
        holdout_share=float(manifest.definition.section("split")["holdout"]),
        run=names.run_id(manifest.pipeline, names.token_of(manifest.batch)),
    )


def _references(manifest: Manifest, prepared: PreparedRows) -> tuple[str, ...]:
    """The reference batches; the run's own, where its held-out rows are known to a champion."""
    own = prepared.holdout_reference if not manifest.reference else not prepared.holdout_fresh
    return (*manifest.reference, manifest.batch) if own else manifest.reference


def _verdict(manifest: Manifest, measured: Metrics, judgement: Judgement, plan: Plan) -> Verdict:
    decision = judgement.decision
    return Verdict(
        pipeline=manifest.pipeline,
        run=names.run_id(manifest.pipeline, manifest.token),
        judged_at=clock.stamp(),
        gate=manifest.definition.section("gate"),
        champion=_judged(manifest.champion),
        metric=measured.metric,
        measured=measured.candidates,
        decision=decision.name,
        outcome=decision.outcome,
        data_state=decision.data_state,
        sentence=decision.sentence,
        rules=judgement.rules,
        comparisons=judgement.comparisons,
        slices=judgement.slices,
        data=judgement.data,
        settings=judgement.settings,
        promise=judgement.promise,
        judged=CHALLENGER,
        serves=REFIT if plan.refit else CHALLENGER,
        wanted=decision.wanted if isinstance(decision, Further) else (),
    )


def _judged(champion: Champion | None) -> JudgedChampion | None:
    if champion is None:
        return None
    return JudgedChampion(package=champion.package, run=champion.run, model=champion.model)
