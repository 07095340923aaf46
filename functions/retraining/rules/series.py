"""The series of what champions promised, and how they did on the next batch."""

from __future__ import annotations

from retraining.documents.manifest import EarlierArrival, Manifest
from retraining.documents.metrics import Metrics
from retraining.documents.run_record import Arrival, RunRecord
from retraining.rules import names
from retraining.rules.candidates import ARRIVAL, CHAMPION
from retraining.rules.gate.terms import Terms
from retraining.rules.metrics import METRICS
from retraining.rules.settlement import TRAINED


def arrival(manifest: Manifest, measured: Metrics) -> Arrival | None:
    """How the champion did on the new rows, beside what it had promised."""
    champion, found = manifest.champion, measured.on(CHAMPION, ARRIVAL)
    if champion is None or found is None:
        return None
    promise, terms = champion.promise, Terms.of(manifest.definition.section("gate"))
    metric = METRICS[terms.metric]
    return Arrival(
        champion=champion.run,
        rows=found.rows,
        value=found.value,
        lift=found.lift,
        missed=found.value is not None and not metric.passes(found.value, terms.minimum),
        promised=promise.value if promise else None,
        promised_lift=promise.lift if promise else None,
    )


def earlier(runs: list[RunRecord]) -> tuple[EarlierArrival, ...]:
    """The series of what champions promised and did, of batches that are trained on.

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
        if run.arrival is not None and run.data_state == TRAINED
    )
