"""Whatever kills the check is found by its second death, and nobody is blamed for another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from retraining.documents.check_attempt import CheckAttempt
from retraining.rules import attempts

SIZES = st.lists(st.integers(0, 3 * attempts.GROUP_BYTES // 2), min_size=1, max_size=150)


def sized(sizes: list[int]) -> dict[int, int]:
    return {3 * n: size for n, size in enumerate(sizes)}


class Check:
    """Calls for one chunk, one after the other, each with what the last one left behind."""

    def __init__(self, sizes: dict[int, int]) -> None:
        self.sizes, self.written = sizes, 0
        self.last: CheckAttempt | None = None

    def call(self, deadly: set[int], most: int) -> tuple[list[int], tuple[int, ...]] | None:
        """What was checked and set aside; None for a call that died at a deadly object or late."""
        planned, checked = attempts.plan(self.sizes, self.last), []
        for self.last in planned.attempts(0):
            self.written += 1
            for place in self.last.checking:
                if place in deadly or len(checked) == most:
                    return None
                checked.append(place)
        return checked, planned.set_aside


@given(SIZES, st.data())
def test_each_deadly_object_costs_two_deaths_and_no_other_is_set_aside(
    sizes: list[int], data: st.DataObject
) -> None:
    places = list(sized(sizes))
    deadly = data.draw(st.sets(st.sampled_from(places), max_size=4))
    check, deaths = Check(sized(sizes)), 0
    while (ended := check.call(deadly, most=10**6)) is None:
        deaths += 1
    checked, aside = ended
    assert set(aside) == deadly
    assert sorted([*checked, *aside]) == places
    assert deaths == 2 * len(deadly)


@given(SIZES.filter(lambda sizes: len(sizes) > 1), st.integers(1, 5), st.data())
def test_a_call_that_ends_for_want_of_time_blames_nobody(
    sizes: list[int], calls: int, data: st.DataObject
) -> None:
    """Each gets as far as at least one object more than those it begins with."""
    check = Check(sized(sizes))
    for _ in range(calls):
        first = len(attempts.plan(check.sizes, check.last).suspects)
        check.call(set(), most=data.draw(st.integers(first + 1, len(sizes) + first)))
    assert check.call(set(), most=10**6) is not None
    assert check.last is not None
    assert check.last.set_aside == ()


@given(SIZES)
def test_small_objects_are_written_down_together_and_large_ones_alone(sizes: list[int]) -> None:
    check = Check(sized(sizes))
    check.call(set(), most=10**6)
    for group in attempts.plan(check.sizes, None).groups:
        assert len(group) == 1 or sum(check.sizes[n] for n in group) <= attempts.GROUP_BYTES
        assert len(group) <= attempts.GROUP_OBJECTS
    total = sum(sizes) / attempts.GROUP_BYTES + len(sizes) / attempts.GROUP_OBJECTS
    assert check.written <= 2 * total + 1
