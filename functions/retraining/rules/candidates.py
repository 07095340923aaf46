"""The models that a run has scored: who they are, what they score, where they are measured."""

from __future__ import annotations

from typing import Final

NEW: Final = "new"  # a row of this batch that is not held out
FRESH: Final = "fresh"  # one that is
REFERENCE: Final = "reference"  # a held-out row of an earlier batch
KINDS: Final = (NEW, FRESH, REFERENCE)

ARRIVAL: Final = "arrival"  # new and fresh rows
POOLED: Final = "pooled"  # fresh and reference rows

CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
REFIT: Final = "refit"  # the challenger's settings on all rows; never judged
BACKTEST: Final = "backtest"  # the new settings, trained on the data before this batch
FORMER: Final = "former"  # the champion's settings likewise, where the champion knows the batch
ALONE: Final = "alone"  # a model of this batch alone

ON_ARRIVAL: Final = (CHAMPION, BACKTEST, FORMER)
"""Who scores the new rows too: models that have not been trained on them."""

MEASURED_ON: Final = {
    CHAMPION: (ARRIVAL, FRESH, REFERENCE),
    CHALLENGER: (FRESH, REFERENCE),
    REFIT: (),
    BACKTEST: (ARRIVAL,),
    FORMER: (ARRIVAL,),
    ALONE: (FRESH,),
}
COMPARED: Final = (
    (CHALLENGER, CHAMPION, FRESH),
    (CHALLENGER, CHAMPION, REFERENCE),
    (BACKTEST, CHAMPION, ARRIVAL),
    (BACKTEST, FORMER, ARRIVAL),
    (ALONE, CHALLENGER, FRESH),
)
"""Who is compared with whom, and where."""
