"""What a run's end means for its objects."""

from __future__ import annotations

import pytest

from retraining.rules import settlement
from retraining.rules.settlement import Ending


@pytest.mark.parametrize(
    ("states", "keeps"),
    [
        (("TRAINED", "QUARANTINED"), True),
        (("QUARANTINED", "SUSPECT"), True),
        (("TRAINED", "TRAINED"), True),
        (("QUARANTINED", "QUARANTINED"), False),
        (("SUPERSEDED",), False),
        (("PENDING", "WAITING"), False),
    ],
)
def test_the_accepted_copy_stays_while_any_of_it_may_be_trained_on(
    states: tuple[str, ...], keeps: bool
) -> None:
    """A batch is one folder: it goes as a whole, or not at all."""
    endings = [Ending(str(number), state, None) for number, state in enumerate(states)]
    assert settlement.keeps_accepted_copy(endings) is keeps


def test_failures_back_off_and_never_by_more_than_an_hour() -> None:
    assert [settlement.backoff(failures) for failures in (1, 2, 3, 4, 9)] == [
        60, 240, 960, 3600, 3600,
    ]  # fmt: skip
