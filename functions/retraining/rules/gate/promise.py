"""What the promoted model is expected to do on the next batch."""

from __future__ import annotations

import math

from retraining.documents.metrics import Measured
from retraining.documents.verdict import DataVerdict, Promise
from retraining.rules import intervals
from retraining.rules.candidates import ARRIVAL, CHAMPION, FRESH, POOLED
from retraining.rules.gate.data import world_changed
from retraining.rules.gate.terms import Facts, Terms
from retraining.rules.metrics import METRICS


def promise(terms: Terms, facts: Facts, data: DataVerdict | None = None) -> Promise | None:
    """The challenger's value with the prediction interval of the next batch.

    What is expected, and the bounds, are values that the metric can have: no accuracy above 1.
    Where the world has changed, earlier batches say nothing of the next, however few rows are new.
    """
    fresh, pooled = facts.of(FRESH), facts.of(POOLED)
    changed = world_changed(facts, data) and fresh is not None and fresh.value is not None
    alone = changed or _suffices(fresh, terms)
    holdout, found = (FRESH, fresh) if alone else (POOLED, pooled)
    if found is None or found.value is None or found.lift is None:
        return None
    gaps = _gaps(facts)
    error = math.inf if found.error is None else found.error
    forecast = intervals.next_batch(
        found.value, error, found.clusters, _next_error(error, facts), gaps, terms.confidence
    )
    possible = METRICS[terms.metric].range.nearest
    return Promise(
        holdout=holdout,
        metric=terms.metric,
        value=found.value,
        lift=found.lift,
        expected=possible(forecast.expected) if forecast else None,
        lower=possible(forecast.lower) if forecast else None,
        upper=possible(forecast.upper) if forecast else None,
        promises_kept=len(gaps),
    )


def _gaps(facts: Facts) -> list[float]:
    """How much greater than what came true promises were, that on this batch at the end."""
    known = [(one.promised, one.arrival) for one in facts.earlier]
    today = facts.of(ARRIVAL, CHAMPION)
    if today is not None and not facts.again:
        known.append((facts.champion_promised, today.value))
    return [told - came for told, came in known if told is not None and came is not None]


def _suffices(found: Measured | None, terms: Terms) -> bool:
    return bool(found and found.rows >= terms.min_holdout_rows and intervals.enough(found.clusters))


def _next_error(error: float, facts: Facts) -> float:
    """The error that a batch of this one's size has: as on arrival, else by its share of rows."""
    arrival = facts.of(ARRIVAL, CHAMPION)
    if arrival is not None and arrival.error is not None:
        return arrival.error
    return error * math.sqrt(facts.holdout_share)
