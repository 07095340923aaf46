"""The gate's judgement: the data first, then the settings, then the challenger.

The absolute rules come in order and the first that fails decides; after them, what is proven worse
outweighs what is undecided. Bounds are one-sided, each at the stated confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from retraining.documents.verdict import (
    DataVerdict,
    RuleAnswer,
    SettingsVerdict,
    Wanted,
)
from retraining.rules.candidates import ALONE, CHALLENGER, REFIT
from retraining.rules.gate import comparison
from retraining.rules.gate.absolute import absolute_rules, judged_holdouts, where
from retraining.rules.gate.against_champion import champion_rules, comparisons, judged
from retraining.rules.gate.data import data_verdict, needs_alone
from retraining.rules.gate.decisions import (
    Decision,
    Further,
    Inconclusive,
    Judgement,
    Promote,
    Reject,
    Suspect,
)
from retraining.rules.gate.promise import promise
from retraining.rules.gate.settings import NEW, settings_verdict
from retraining.rules.gate.slices import slice_rules, slice_verdicts
from retraining.rules.gate.terms import Facts, Terms


def judge(terms: Terms, facts: Facts) -> Judgement:
    """Decide, or name the candidates without which nothing can be decided."""
    data = data_verdict(facts)
    settings, backtest = settings_verdict(terms, facts) or (None, None)
    told = (backtest,) if backtest else ()
    refused = _refused_changes(facts, settings)
    wanted = _further(facts, data, settings, trains=refused is None)
    if wanted:
        return Judgement(_ask(wanted, data, settings), (), told, data, settings)
    if data and data.suspect:
        suspect = Suspect(f"Suspect data: {data.sentence}.")
        return Judgement(suspect, (), told, data, settings)
    if refused:
        return Judgement(
            _with_remarks(refused, data, None, facts.apart_rows), (), told, data, settings
        )
    slices = slice_verdicts(terms, facts)
    found = _challenger(terms, facts, slice_rules(slices))
    decision = _with_remarks(found.decision, data, settings, facts.apart_rows)
    return replace(
        found,
        decision=_refit_first(decision) if facts.lacks_refit else decision,
        comparisons=(*told, *found.comparisons),
        data=data,
        settings=settings,
        promise=promise(terms, facts, data),
        slices=slices,
    )


def _refused_changes(
    facts: Facts, settings: SettingsVerdict | None
) -> Reject | Inconclusive | None:
    """The end of a run whose challenger could only be what is there, or cannot be trained.

    Former settings on the batches that the champion was trained on make the champion again, and
    unlike settings the former features cannot be trained again: they are another push.
    """
    if settings is None or settings.taken == NEW:
        return None
    if facts.other_features:
        why = "To train with the former features, push them"
    elif facts.repeats_champion:
        why = "The champion stays: on these batches they would train the same model again"
    else:
        return None
    sentence = f"Not promoted: {settings.sentence}. {why}."
    return Reject(sentence) if settings.decided else Inconclusive(sentence)


def _further(
    facts: Facts, data: DataVerdict | None, settings: SettingsVerdict | None, *, trains: bool
) -> tuple[Wanted, ...]:
    """What has not been trained yet; never what has been measured, so the asking ends."""
    taken = settings.taken if settings else NEW
    wanted = []
    if trains and CHALLENGER not in facts.measured.candidates:
        wanted.append(Wanted(role=CHALLENGER, settings=taken))
    if needs_alone(facts, data):
        wanted.append(Wanted(role=ALONE, settings=taken))
    return tuple(wanted)


def _ask(
    wanted: tuple[Wanted, ...], data: DataVerdict | None, settings: SettingsVerdict | None
) -> Further:
    roles = " and ".join(one.role for one in wanted)
    because = [one.sentence for one in (settings, data) if one]
    return Further(f"To be trained: {roles}; {'; '.join(because)}.", wanted)


def _refit_first(decision: Decision) -> Decision:
    """What would serve is trained on all rows only where the challenger has won."""
    if not isinstance(decision, Promote):
        return decision
    told = f"To be trained: {REFIT}, with the settings that were found. {decision.sentence}"
    return Further(told, (Wanted(role=REFIT, settings=NEW),))


def _with_remarks(
    decision: Decision,
    data: DataVerdict | None,
    settings: SettingsVerdict | None,
    apart_rows: int,
) -> Decision:
    """The sentence continues with what was said of settings and data, and of rows left out."""
    remarks = [_sentence(settings.sentence)] if settings else []
    if data and data.collapsed is not False:
        remarks.append(_sentence(data.sentence))
    if apart_rows:
        rows = "1 row is" if apart_rows == 1 else f"{apart_rows:,} rows are"
        remarks.append(f"{rows} judged on by neither: the champion cannot be scored there.")
    return replace(decision, sentence=" ".join([decision.sentence, *remarks]))


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _challenger(terms: Terms, facts: Facts, slices: list[RuleAnswer]) -> Judgement:
    """The judgement on the challenger itself."""
    absolute = [*absolute_rules(terms, facts), *slices]
    compared = comparisons(terms, facts) if facts.has_champion else []
    failed = next((rule for rule in absolute if not rule.passed), None)
    if failed:
        decision = _refusal(failed, f"{failed.sentence}.")
        return Judgement(decision, tuple(absolute), tuple(compared))
    if not facts.has_champion:
        return Judgement(_won(terms, _first(terms, facts)), tuple(absolute))
    answers = champion_rules(terms, facts, compared)
    rules = [*absolute, *answers]
    refused = [rule for rule in rules if not rule.passed]
    words = "; ".join(comparison.in_words(one, terms) for one in judged(compared))
    if not refused:
        why = words or f"{answers[0].sentence}; {_values(terms, facts)}"
        return Judgement(_won(terms, f": {why}."), tuple(rules), tuple(compared))
    # What is proven worse outweighs what is undecided, on whichever holdout.
    decisive = min(refused, key=lambda rule: rule.failing != Reject.name)
    sentence = f"{decisive.sentence} ({words})." if words else f"{decisive.sentence}."
    return Judgement(_refusal(decisive, sentence), tuple(rules), tuple(compared))


def _won(terms: Terms, why: str) -> Promote:
    waits = terms.approval == "manual"
    return Promote(f"{'Waits for approval' if waits else 'Promoted'}{why}", waits)


def _first(terms: Terms, facts: Facts) -> str:
    way = "as the first champion"
    if facts.not_compared:
        way = f"in place of a champion that {facts.not_compared}"
    return f" {way}: {_values(terms, facts)}."


def _values(terms: Terms, facts: Facts) -> str:
    values = ", ".join(
        f"{terms.metric} is {found.value:.4f} on {where(name)} ({found.rows:,} rows)"
        for name in judged_holdouts(facts)
        if (found := facts.of(name)) and found.value is not None
    )
    return f"{values}, at least as good as {terms.minimum:g}"


def _refusal(failed: RuleAnswer, sentence: str) -> Reject | Inconclusive:
    if failed.failing == Reject.name:
        return Reject(f"Rejected: {sentence}")
    return Inconclusive(f"Inconclusive: {sentence}")


def expects_reference(reference: Sequence[str], prepared: int, *, keyed: bool) -> bool:
    """True when a reference holdout must be judged.

    With `data.key` a newer batch may supersede every row of the earlier ones; then there
    is nothing left to refer to, and the fresh holdout holds all the rows there are.
    """
    return bool(reference) and (prepared > 0 or not keyed)
