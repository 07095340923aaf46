"""Is the challenger good enough for everybody? Each value of a column has a floor.

A value that is surely under its floor refuses the challenger. Its bound is wide enough for all
values that decide in this run together (Bonferroni): where each truly is at its floor, a challenger
is refused for one of them in at most 1 - `gate.confidence` of the runs, however many they are and
however they depend on each other. Each bound at the confidence itself would refuse two challengers
of three for one of twenty values.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from retraining.documents.metrics import MeasuredSlice
from retraining.documents.verdict import RuleAnswer, SliceVerdict
from retraining.rules import intervals
from retraining.rules.candidates import CHALLENGER, CHAMPION, POOLED
from retraining.rules.gate.terms import Facts, Terms
from retraining.rules.metrics import METRICS


def slice_verdicts(terms: Terms, facts: Facts) -> tuple[SliceVerdict, ...]:
    """The challenger on every value that was measured."""
    found = facts.measured.slices
    deciding = sum(_silent(terms, one) is None for one in found)
    confidence = 1 - (1 - terms.confidence) / max(1, deciding)
    return tuple(_verdict(terms, one, confidence) for one in found)


def slice_rules(verdicts: Sequence[SliceVerdict]) -> list[RuleAnswer]:
    """One answer a column."""
    columns = groupby(verdicts, key=lambda one: one.column)
    return [_rule(column, list(found)) for column, found in columns]


def name_of(found: MeasuredSlice) -> str:
    """Column and value in words."""
    if found.value is None:
        return f"{found.column}: all other values"
    return f"{found.column}={found.value}" if found.value else f"{found.column}: missing"


def _silent(terms: Terms, found: MeasuredSlice) -> str | None:
    """Why a value decides nothing; None if it does."""
    wanted, ours = terms.slices[found.column], found.candidates.get(CHALLENGER)
    if ours is None or ours.value is None:
        return "the metric is not defined on them"
    if wanted["minimum"] is None:
        return "no floor"
    if ours.rows < wanted["min_rows"]:
        return f"{wanted['min_rows']:,} are needed to decide"
    if ours.error is None or not intervals.enough(found.basis):
        return f"{found.basis} {_pieces(terms)}, {intervals.LEAST_CLUSTERS} are needed for a bound"
    return None


def _pieces(terms: Terms) -> str:
    rows = "rows of the rarer class" if METRICS[terms.metric].binary else "rows"
    return f"clusters or {rows}"


def _verdict(terms: Terms, found: MeasuredSlice, confidence: float) -> SliceVerdict:
    metric, floor = METRICS[terms.metric], terms.slices[found.column]["minimum"]
    ours, theirs = (found.candidates.get(role) for role in (CHALLENGER, CHAMPION))
    why, bound = _silent(terms, found), None
    if why is None and ours is not None and ours.value is not None:
        reach = intervals.reach(ours.error or 0.0, found.basis, confidence)
        bound = ours.value + metric.oriented(reach)
    under = bound is not None and floor is not None and not metric.passes(bound, floor)
    value, rows = (ours.value, ours.rows) if ours else (None, 0)
    shown = f"{name_of(found)}: {terms.metric} {'unknown' if value is None else f'{value:.4f}'}"
    size = f"{rows:,} row{'' if rows == 1 else 's'}"
    said = (
        f"{shown} ({size}; {why})" if why else f"{shown}, {_against(terms, floor, under)} ({size})"
    )
    return SliceVerdict(
        name=name_of(found),
        column=found.column,
        rows=rows,
        ours=value,
        theirs=theirs.value if theirs else None,
        floor=floor,
        bound=bound,
        undecided=why,
        under=under,
        sentence=said,
    )


def _against(terms: Terms, floor: float, under: bool) -> str:
    higher = METRICS[terms.metric].higher_is_better
    side, word = ("below", "floor") if higher else ("above", "ceiling")
    return f"{'' if under else 'not '}surely {side} its {word} of {floor:g}"


def _rule(column: str, found: list[SliceVerdict]) -> RuleAnswer:
    under = sorted((one for one in found if one.under), key=lambda one: -one.rows)
    deciding = [one for one in found if one.undecided is None]
    worst = under[0] if under else None
    if worst:
        others = [f"so {'are' if len(under) > 2 else 'is'} {_names(under[1:])}"] * (len(under) > 1)
        sentence = "; ".join([worst.sentence, *others])
    else:
        sentence = f"no value of {column} is surely past its floor; {len(deciding)} of {len(found)}"
        sentence += " decide"
    return RuleAnswer(
        rule="floor of each slice",
        holdout=POOLED,
        passed=not under,
        value=worst.ours if worst else None,
        threshold=worst.floor if worst else None,
        sentence=sentence,
    )


def _names(under: list[SliceVerdict]) -> str:
    names = [one.name for one in under[:3]]
    rest = len(under) - len(names)
    return ", ".join(names) + (f" and {rest} more" if rest else "")
