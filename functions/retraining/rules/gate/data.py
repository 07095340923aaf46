"""Are the data bad? What the champion and a model of the batch alone say about it.

Two signs together make data suspect: the champion's lift on arrival collapsed, and a model trained
on this batch alone finds nothing in it. The first sign without the second is a world that changed.
"""

from __future__ import annotations

import math
from statistics import median, stdev
from typing import Final

from retraining.documents.metrics import Measured
from retraining.documents.verdict import DataVerdict
from retraining.rules.candidates import ALONE, ARRIVAL, CHALLENGER, CHAMPION, FRESH
from retraining.rules.gate.terms import Facts
from retraining.rules.intervals import LEAST_CLUSTERS, LEAST_GAPS, freedom, student_quantile
from retraining.rules.metrics import METRICS

COLLAPSED: Final = 0.5  # of the usual lift
NEAR_CHANCE: Final = 0.2  # of the usual lift
SURE: Final = 0.99  # that a lift is not chance
NOISE: Final = 2  # standard errors that a usual lift must at least have
NOTHING: Final = "no verdict on the data: "


def data_verdict(facts: Facts) -> DataVerdict | None:
    """What is known of the batch as a whole; None without a champion that scored it."""
    found = facts.of(ARRIVAL, CHAMPION)
    if found is None or facts.again:
        return None
    level = usual_lift(facts)
    reason = _silent(found, level, facts)
    if reason or level is None or found.lift is None:
        return _verdict(found, level, f"{NOTHING}{reason}{contradicted(facts)}")
    told = f"the champion's lift on arrival is {found.lift:.4f}, usually {level:.4f}"
    if found.lift >= COLLAPSED * level:
        return _verdict(found, level, f"{told}{contradicted(facts)}", collapsed=False)
    return _collapsed(facts, found, level, f"{told}{contradicted(facts)}")


def usual_lift(facts: Facts) -> float | None:
    """The median of earlier arrivals together with what the champion promised."""
    lifts = [*_earlier(facts)]
    if facts.champion_promise is not None:
        lifts.append(facts.champion_promise)
    return median(lifts) if lifts else None


def _earlier(facts: Facts) -> list[float]:
    return [one.arrival_lift for one in facts.earlier if one.arrival_lift is not None]


def _silent(found: Measured, level: float | None, facts: Facts) -> str | None:
    """Why the champion's scores say nothing about the data; None if they do."""
    if level is None:
        return "no earlier batch and no promise to compare the champion's lift with"
    if found.lift is None:
        return "the champion's metric on arrival is not defined"
    noise = NOISE * (found.error or 0.0)
    earlier = _earlier(facts)
    if len(earlier) >= LEAST_GAPS:
        noise = max(noise, stdev(earlier))
    if level <= noise:
        return (
            f"the champion's usual lift, {level:.4f}, is too small to tell bad data from chance"
            f" ({noise:.4f})"
        )
    return None


def _collapsed(facts: Facts, found: Measured, level: float, told: str) -> DataVerdict:
    """The first sign is there: the second decides."""
    alone, chance = facts.of(FRESH, ALONE), _by_chance(facts)
    own = None if alone is None or alone.value is None else alone.lift
    if chance >= level or not facts.trains_alone:
        sentence = f"{told}: collapsed, and the batch is too small to tell why"
        return _verdict(found, level, sentence, collapsed=True, own=own)
    if facts.released:
        sentence = f"{told}: collapsed, and a person has released the batch"
        return _verdict(found, level, sentence, collapsed=True, own=own)
    if alone is None:
        return _verdict(found, level, f"{told}: collapsed", collapsed=True)
    shown = "not defined" if own is None else f"{own:.4f}"
    if own is None or own <= max(chance, NEAR_CHANCE * level):
        sentence = (
            f"{told}, and a model of this batch alone finds no signal in it (lift {shown}):"
            " the labels do not belong to these rows, or the features are not what they were"
        )
        return _verdict(found, level, sentence, collapsed=True, own=own, suspect=True)
    sentence = (
        f"{told}, but the batch has signal of its own (a model of it alone has lift {shown}):"
        f" the world has changed{_better_alone(facts)}"
    )
    return _verdict(found, level, sentence, collapsed=True, own=own)


def _better_alone(facts: Facts) -> str:
    """What to do where earlier batches teach a model what holds no longer; '' where they help."""
    alone, both = facts.of(FRESH, ALONE), facts.of(FRESH, CHALLENGER)
    found = facts.measured.difference(ALONE, CHALLENGER, FRESH)
    if alone is None or both is None or found is None:
        return ""
    if found.estimate is None or found.error is None:
        return ""
    if found.estimate <= _within_chance(found.error, found.clusters):
        return ""
    return (
        f". On its held-out rows that model has {facts.measured.metric} {alone.value:.4f}, and the"
        f" challenger, trained on the earlier batches too, {both.value:.4f}: they hold it back. To"
        " train on the batches from this run on alone: ratchet push FOLDER --history-from"
        f" {facts.run}"
    )


def world_changed(facts: Facts, data: DataVerdict | None) -> bool:
    """Whether the champion found little in the batch, and a model of it alone surely did."""
    if data is None or not data.collapsed or data.suspect or data.own_lift is None:
        return False
    return _by_chance(facts) < (data.usual_lift or 0.0)


def needs_alone(facts: Facts, data: DataVerdict | None) -> bool:
    """True when a model of the batch alone would tell why the champion's lift collapsed."""
    if data is None or not data.collapsed or data.usual_lift is None:
        return False
    if facts.released or not facts.trains_alone:
        return False
    return ALONE not in facts.measured.candidates and _by_chance(facts) < data.usual_lift


def _by_chance(facts: Facts) -> float:
    """The lift that a model without any signal hardly exceeds on the batch's held-out rows.

    Scores that are all equal have no error: then the champion's says how much such rows tell.
    """
    champion, alone = facts.of(FRESH, CHAMPION), facts.of(FRESH, ALONE)
    if champion is None or champion.error is None:
        return math.inf
    error = max(champion.error, (alone.error or 0.0) if alone else 0.0)
    return _within_chance(error, champion.clusters)


def _within_chance(error: float, clusters: int | None) -> float:
    """How far from nothing a figure may be by chance, on however few clusters."""
    counted = None if clusters is None else max(clusters, LEAST_CLUSTERS)
    return student_quantile(SURE, freedom(counted)) * error


def _verdict(
    found: Measured,
    level: float | None,
    sentence: str,
    *,
    collapsed: bool | None = None,
    own: float | None = None,
    suspect: bool = False,
) -> DataVerdict:
    return DataVerdict(
        suspect=suspect,
        value=found.value,
        lift=found.lift,
        usual_lift=level,
        collapsed=collapsed,
        own_lift=own,
        sentence=sentence,
    )


def contradicted(facts: Facts) -> str:
    """For an outstanding champion, how many labels are against its confident scores."""
    found, arrival = facts.measured.contradicted, facts.of(ARRIVAL, CHAMPION)
    if found is None or not found.rows or arrival is None:
        return ""
    values = [arrival.value, *(one.arrival for one in facts.earlier)]
    if not any(map(METRICS[facts.measured.metric].is_outstanding, values)):
        return ""
    share = found.against / found.rows
    return (
        f"; {share:.1%} of the labels are against its confident scores ({found.against:,} of"
        f" {found.rows:,})"
    )
