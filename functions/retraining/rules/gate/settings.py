"""Which settings: the new ones, if their backtest says so, or the champion's."""

from __future__ import annotations

from typing import Final

from retraining.documents.verdict import Comparison, SettingsVerdict
from retraining.rules import candidates
from retraining.rules.candidates import ARRIVAL, BACKTEST, CHAMPION
from retraining.rules.gate import comparison
from retraining.rules.gate.comparison import SLIGHTLY_WORSE, UNDECIDED, WORSE
from retraining.rules.gate.terms import Facts, Terms

NEW: Final = "new"
FORMER: Final = "former"
TAKE: Final = "take"


def settings_verdict(
    terms: Terms, facts: Facts
) -> tuple[SettingsVerdict, Comparison | None] | None:
    """The answer of the backtest and its comparison; None if nothing was changed."""
    if facts.untested:
        return _taken_untested(facts.what_changed), None
    if not facts.changed:
        return None
    theirs = candidates.FORMER if facts.again else CHAMPION
    found = comparison.compare(BACKTEST, theirs, ARRIVAL, terms, facts)
    if found is None:
        told = _untested(facts)
        return _undecided(terms, facts.what_changed, told), None
    told = comparison.in_words(found, terms)
    if found.reading in (WORSE, SLIGHTLY_WORSE):
        sentence = f"the new {facts.what_changed} are refused, the former ones stay: {told}"
        return SettingsVerdict(taken=FORMER, decided=True, sentence=sentence), found
    if found.reading == UNDECIDED:
        return _undecided(terms, facts.what_changed, told), found
    sentence = f"the new {facts.what_changed} are taken: {told}"
    return SettingsVerdict(taken=NEW, decided=True, sentence=sentence), found


def _taken_untested(changed: str) -> SettingsVerdict:
    """The first batch of a new baseline: keeping the former ones would be the former task."""
    sentence = (
        f"the new {changed} are taken without a backtest: no batch is before this one; what is"
        " pushed next can be tested"
    )
    return SettingsVerdict(taken=NEW, decided=False, sentence=sentence)


def _untested(facts: Facts) -> str:
    if facts.again and facts.other_features:
        return (
            "the champion was trained on this batch, and its features are not made any more; the"
            " next drop tests the new ones against the champion itself"
        )
    if facts.again and facts.first_batch:
        return "they can be tested from the second batch on"
    return "their backtest could not be compared with the champion"


def _undecided(terms: Terms, changed: str, told: str) -> SettingsVerdict:
    taken = NEW if terms.undecided_settings == TAKE else FORMER
    what = "they are taken" if taken == NEW else "the former ones stay"
    sentence = (
        f"the backtest does not decide about the new {changed}; {what}"
        f" (gate.undecided_settings: {terms.undecided_settings}): {told}"
    )
    return SettingsVerdict(taken=taken, decided=False, sentence=sentence)
