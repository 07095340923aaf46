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
from retraining.rules import gate, names
from retraining.rules.gate import Facts, Judgement, Terms
from retraining.rules.scores import FRESH, REFERENCE


@dataclass(frozen=True, kw_only=True)
class GateAnswer(Part):
    """What the state machine needs of a verdict."""

    decision: str
    outcome: str
    data_state: str
    sentence: str
    verdict: str  # S3 URI
    next: tuple[Candidate, ...]  # who else must be judged before there is a verdict


def apply_gate(aws: Adapters, manifest: Manifest) -> GateAnswer:
    """Judge the challenger and write verdict.json."""
    folder = aws.run_folder(manifest.pipeline, manifest.token)
    measured = folder.read(Metrics)
    facts = _facts(folder, manifest, measured)
    judgement = gate.judge(Terms.of(manifest.definition.section("gate")), facts)
    written = folder.write(_verdict(manifest, measured, judgement))
    return GateAnswer(
        decision=judgement.decision,
        outcome=judgement.outcome,
        data_state=judgement.data_state,
        sentence=judgement.sentence,
        verdict=written,
        next=(),
    )


def _facts(folder: RunFolder, manifest: Manifest, measured: Metrics) -> Facts:
    prepared = folder.read(Prepared).rows
    golden = folder.find(Golden)
    return Facts(
        measured=measured,
        prepared_rows={FRESH: prepared.holdout_fresh, REFERENCE: prepared.holdout_reference},
        golden_rows=len(golden.rows) if golden else 0,
        has_champion=manifest.champion is not None,
        expects_reference=gate.expects_reference(
            manifest.reference, prepared.holdout_reference, manifest.definition.split_by
        ),
    )


def _verdict(manifest: Manifest, measured: Metrics, judgement: Judgement) -> Verdict:
    return Verdict(
        pipeline=manifest.pipeline,
        run=names.run_id(manifest.pipeline, manifest.token),
        judged_at=clock.stamp(),
        gate=manifest.definition.section("gate"),
        champion=_judged(manifest.champion),
        metric=measured.metric,
        rows=measured.rows,
        metrics=measured.metrics,
        decision=judgement.decision,
        outcome=judgement.outcome,
        data_state=judgement.data_state,
        sentence=judgement.sentence,
        rules=judgement.rules,
        comparisons={one.holdout: one for one in judgement.comparisons},
    )


def _judged(champion: Champion | None) -> JudgedChampion | None:
    if champion is None:
        return None
    return JudgedChampion(package=champion.package, run=champion.run, model=champion.model)
