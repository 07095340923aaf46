"""From metrics.json to verdict.json: the challenger is judged."""

from __future__ import annotations

from dataclasses import dataclass

from retraining import clock
from retraining.adapters import Adapters
from retraining.adapters.run_folder import RunFolder
from retraining.documents.candidates import Candidate
from retraining.documents.champion import Champion
from retraining.documents.document import Part
from retraining.documents.golden import Golden
from retraining.documents.manifest import Manifest
from retraining.documents.metrics import Metrics
from retraining.documents.prepared import Prepared
from retraining.documents.verdict import JudgedChampion, Verdict
from retraining.rules import names
from retraining.rules.candidates import ARRIVAL, CHALLENGER, CHAMPION, FRESH, REFERENCE
from retraining.rules.gate.comparison import WORSE
from retraining.rules.gate.decisions import Further, Judgement, Reject
from retraining.rules.gate.judge import expects_reference, judge
from retraining.rules.gate.terms import Facts, Terms
from retraining.rules.settlement import SUSPECT

BAD = ("finite", "absolute minimum", "no row shared with training", "fit to serve: scores")
"""Rules that only a broken challenger fails."""


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
    facts = _facts(folder, manifest, measured)
    judgement = judge(Terms.of(manifest.definition.section("gate")), facts)
    decision = judgement.decision
    written = folder.write(_verdict(manifest, measured, judgement))
    return GateAnswer(
        decision=decision.name,
        outcome=decision.outcome,
        data_state=_data_state(judgement, measured),
        sentence=decision.sentence,
        verdict=written,
        next=(),
    )


def _facts(folder: RunFolder, manifest: Manifest, measured: Metrics) -> Facts:
    summary = folder.read(Prepared)
    prepared = summary.rows
    golden = folder.find(Golden)
    return Facts(
        measured=measured,
        prepared_rows={FRESH: prepared.holdout_fresh, REFERENCE: prepared.holdout_reference},
        golden_rows=len(golden.rows) if golden else 0,
        shared_rows=summary.shared,
        has_champion=manifest.champion is not None,
        expects_reference=expects_reference(
            manifest.reference, prepared.holdout_reference, manifest.definition.split_by
        ),
        holdout_share=float(manifest.definition.section("split")["holdout"]),
    )


def _verdict(manifest: Manifest, measured: Metrics, judgement: Judgement) -> Verdict:
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
        data_state=_data_state(judgement, measured),
        sentence=decision.sentence,
        rules=judgement.rules,
        comparisons=judgement.comparisons,
        data=judgement.data,
        settings=judgement.settings,
        promise=judgement.promise,
        judged=CHALLENGER,
        serves=CHALLENGER,
        wanted=decision.wanted if isinstance(decision, Further) else (),
    )


def _data_state(judgement: Judgement, measured: Metrics) -> str | None:
    """Where no champion met the batch, a challenger that is clearly bad makes its data suspect."""
    decision = judgement.decision
    if not isinstance(decision, Reject) or measured.on(CHAMPION, ARRIVAL):
        return decision.data_state
    worse = any(one.reading == WORSE for one in judgement.comparisons)
    bad = any(not rule.passed and rule.rule in BAD for rule in judgement.rules)
    return SUSPECT if worse or bad else decision.data_state


def _judged(champion: Champion | None) -> JudgedChampion | None:
    if champion is None:
        return None
    return JudgedChampion(package=champion.package, run=champion.run, model=champion.model)
