"""The series of what champions promised, and how they did on the next batch.

A push may change the metric: values of two metrics are never compared.
"""

from __future__ import annotations

from retraining.documents.champion import Champion
from retraining.documents.manifest import EarlierArrival, Manifest
from retraining.documents.metrics import Metrics
from retraining.documents.run_record import Arrival, RunRecord
from retraining.documents.verdict import Promise
from retraining.rules import names
from retraining.rules.candidates import ARRIVAL, CHAMPION
from retraining.rules.gate.terms import Terms
from retraining.rules.metrics import METRICS
from retraining.rules.settlement import TRAINED


def promised(champion: Champion | None, metric: str) -> Promise | None:
    """What the champion promised by this metric."""
    promise = champion.promise if champion else None
    return promise if promise and promise.metric == metric else None


def arrival(manifest: Manifest, measured: Metrics) -> Arrival | None:
    """How the champion did on the new rows, beside what it had promised."""
    champion, found = manifest.champion, measured.on(CHAMPION, ARRIVAL)
    if champion is None or found is None or manifest.again:
        return None
    terms = Terms.of(manifest.definition.section("gate"))
    promise, metric = promised(champion, terms.metric), METRICS[terms.metric]
    return Arrival(
        champion=champion.run,
        rows=found.rows,
        metric=terms.metric,
        value=found.value,
        lift=found.lift,
        missed=found.value is not None and not metric.passes(found.value, terms.minimum),
        promised=promise.value if promise else None,
        promised_lift=promise.lift if promise else None,
    )


def earlier(runs: list[RunRecord], metric: str) -> tuple[EarlierArrival, ...]:
    """The series of what champions promised and did by this metric, of batches that are trained on.

    A batch that was set aside says nothing about the model.
    """
    return tuple(
        EarlierArrival(
            run=names.run_id(run.pipeline, run.token),
            promised=run.arrival.promised,
            promised_lift=run.arrival.promised_lift,
            arrival=run.arrival.value,
            arrival_lift=run.arrival.lift,
            arrival_rows=run.arrival.rows,
        )
        for run in runs
        if run.arrival is not None and run.arrival.metric == metric and run.data_state == TRAINED
    )
