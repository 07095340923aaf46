"""What is said of a batch beside what its champion was trained on, in plain sentences."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from retraining.documents.batch_report import Finding
from retraining.documents.profile import Profile
from retraining.rules import findings, profiles
from retraining.rules.findings import Batch, Earlier, Terms
from retraining.rules.profiling import Profiler

TERMS = Terms("y", 0.25, "warn", None)
TYPES = {"age": "number", "job": "text", "note": "text", "y": "integer"}
SIZE = 2000


def profiled(**columns: list[str]) -> Profile:
    types = {name: TYPES.get(name, "number") for name in columns}
    profiler = Profiler(types, "y")
    profiler.add({name: pa.array(cells, pa.string()) for name, cells in columns.items()})
    return profiler.profile()


AGES = [str(20 + n * 7 % 50) for n in range(SIZE)]
JOBS = [("cook", "nurse", "pilot")[n % 3] for n in range(SIZE)]
LABELS = [str(int(n % 5 == 0)) for n in range(SIZE)]
USUAL = {"age": AGES, "job": JOBS, "y": LABELS}
BEFORE = profiled(**USUAL)


def found(
    terms: Terms = TERMS, training: Profile | None = BEFORE, **columns: list[str]
) -> tuple[Finding, ...]:
    cells = {**USUAL, **columns}
    profile = profiled(**cells)
    shares = [{"0": share, "1": 1 - share} for share in (0.69, 0.8)] if training else []
    earlier = tuple(Earlier(SIZE, share, {}) for share in shares)
    labels = frozenset(cells["y"])
    return findings.found(Batch(profile.rows, profile, training, training, earlier, labels), terms)


def sentences(**columns: list[str]) -> list[str]:
    return [one.sentence for one in found(**columns)]


def test_of_rows_like_those_before_there_is_nothing_to_say() -> None:
    assert found() == ()


def test_one_label_is_said_with_what_earlier_batches_had() -> None:
    (one,) = [finding for finding in found(y=["0"] * SIZE) if finding.serious]
    assert one.sentence == "All 2,000 rows have label 0; earlier batches had 20 to 31 % ones."


def test_one_label_in_the_first_batch_teaches_nothing() -> None:
    (one,) = found(training=None, y=["0"] * SIZE)
    assert one.sentence == "All 2,000 rows have label 0, and one value teaches nothing."
    assert one.serious


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (["0.0", "1.0"], "Labels of this batch are spelled otherwise: '0.0', '1.0'; earlier"),
        (["1", "2"], "Labels of this batch are new: '2'; earlier batches had '0', '1'."),
        ([str(n) for n in range(20)], "The label y has many different values in this batch;"),
    ],
)
def test_labels_that_earlier_batches_lack_set_the_batch_aside(
    labels: list[str], sentence: str
) -> None:
    first = found(y=[labels[n % len(labels)] for n in range(SIZE)])[0]
    assert first.serious
    assert first.sentence.startswith(sentence)


def test_a_new_class_of_many_is_only_told() -> None:
    three = profiled(**{**USUAL, "y": [str(n % 3) for n in range(SIZE)]})
    new = found(training=three, y=[str(n % 4) for n in range(SIZE)])
    assert [one.kind for one in new if "are new: '3'" in one.sentence] == ["labels"]
    assert not any(one.serious for one in new)


def test_a_label_in_another_unit_sets_the_batch_aside() -> None:
    minutes = [str(10 + n * 37 % 300) for n in range(SIZE)]
    before = profiled(**{**USUAL, "y": minutes})
    hours = found(training=before, y=[f"{int(one) / 60:.4f}" for one in minutes])
    assert [(one.kind, one.column, one.serious) for one in hours] == [("unit", "y", True)]
    assert hours[0].sentence.startswith("y is 0.0167 times what it was")


def test_a_constant_factor_is_another_unit() -> None:
    (one,) = found(age=[f"{int(age) * 1.609:.1f}" for age in AGES])
    assert one.sentence == (
        "age is 1.61 times what it was (its median is 70.8 and was 44): another unit?"
    )
    assert not one.serious


def test_a_few_numbers_of_the_other_sign_hide_no_other_unit() -> None:
    prices = [f"{(7 + n * 31 % 400) / 20:.2f}" if n % 500 else "-9999" for n in range(SIZE)]
    pence = [f"{100 * float(price):.0f}" for price in prices]
    before = profiled(**USUAL, price=prices)
    (one,) = found(training=before, price=pence)
    assert (one.kind, one.column) == ("unit", "price")
    assert "price is 100 times what it was" in one.sentence


def test_texts_that_are_nearly_all_different_give_nothing_away() -> None:
    names = [f"name {n % 900}" for n in range(SIZE)]
    assert found(training=None, note=names) == ()


def test_a_slow_change_is_no_other_unit() -> None:
    half = profiled(**{**USUAL, "age": [f"{int(age) * 1.4:.1f}" for age in AGES]})
    now = profiled(**{**USUAL, "age": [f"{int(age) * 1.6:.1f}" for age in AGES]})
    batch = Batch(SIZE, now, BEFORE, half, (), frozenset(LABELS))
    assert [one.kind for one in findings.found(batch, TERMS)] == ["drift"]


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ({"age": ["20" if n % 2 else age for n, age in enumerate(AGES)]}, "its median is"),
        ({"age": [age if int(age) < 50 else "49" for age in AGES]}, "nothing is above 49, where"),
        ({"age": [age if n % 3 else "" for n, age in enumerate(AGES)]}, "missing in 33 % of the"),
        ({"job": ["cook" if n % 7 else "nurse" for n in range(SIZE)]}, "cook is 86 % of it, was"),
    ],
)
def test_a_changed_column_says_how(columns: dict[str, list[str]], what: str) -> None:
    (one,) = found(**columns)
    assert one.kind == "drift"
    assert what in one.sentence


def test_new_values_are_named() -> None:
    jobs = ["astronaut" if n % 50 == 0 else job for n, job in enumerate(JOBS)]
    assert sentences(job=jobs) == ["job has new values: 'astronaut'."]


def test_a_column_that_always_drifts_is_told_of_when_it_drifts_more_than_ever() -> None:
    now = profiled(**{**USUAL, "job": ["cook" if n % 7 else "nurse" for n in range(SIZE)]})
    batch = Batch(SIZE, now, BEFORE, BEFORE, (), frozenset(LABELS))
    (told,) = findings.found(batch, TERMS)
    psi = float(told.sentence.split("PSI ")[1].split(")")[0])
    for before, kinds in ((psi, []), (psi / 2, ["drift"])):
        usual = replace(batch, earlier=(Earlier(SIZE, {}, {"job": before}),))
        assert [one.kind for one in findings.found(usual, TERMS)] == kinds


def test_a_small_batch_is_asked_about_once_there_are_two_to_compare_it_with() -> None:
    now = profiled(**USUAL)
    for sizes, kinds in (([4100, 5000], ["few rows"]), ([3900, 5000], []), ([4100], [])):
        earlier = tuple(Earlier(size, {}, {}) for size in sizes)
        batch = Batch(SIZE, now, BEFORE, BEFORE, earlier, frozenset(LABELS))
        assert [one.kind for one in findings.found(batch, TERMS)] == kinds


# what gives the label away

DURATION = [str(300 + n % 90 if n % 5 == 0 else n % 310) for n in range(SIZE)]


def test_a_column_that_tells_the_label_is_named_at_the_first_drop_and_only_then() -> None:
    (leak,) = found(training=None, duration=DURATION)
    assert (leak.kind, leak.column, leak.serious) == ("leak", "duration", False)
    assert "duration alone tells the label almost perfectly (AUC 1.00" in leak.sentence
    profile = profiled(**USUAL, duration=DURATION)
    known = Earlier(SIZE, {}, {}, frozenset({("leak", "duration")}))
    again = Batch(SIZE, profile, None, None, (known,), frozenset(LABELS))
    assert findings.found(again, TERMS) == ()


def test_a_column_that_the_recipe_deletes_gives_nothing_away() -> None:
    dropped = replace(TERMS, dropped=frozenset({"duration"}))
    assert found(dropped, training=None, duration=DURATION) == ()
    delete = {"Operation": "DELETE", "Parameters": {"sourceColumns": '["duration","age"]'}}
    binned = {"Operation": "BINARIZATION", "Parameters": {"sourceColumn": "age"}}
    steps = [{"Action": binned}, {"Action": delete}]
    assert findings._deleted(steps) == {"duration"}, "what was made of age gives it away as well"


def test_a_strong_column_among_others_as_strong_is_no_leak() -> None:
    strong = [str(n % 100 + (48 if n % 5 == 0 else 0)) for n in range(SIZE)]
    assert [one.column for one in found(training=None, a=strong)] == ["a"]
    assert found(training=None, a=strong, b=[str(2 * int(cell)) for cell in strong]) == ()


def test_a_column_that_is_missing_for_one_label_alone_is_named() -> None:
    notes = ["" if n % 5 == 0 else "x" for n in range(SIZE)]
    (leak,) = found(training=None, note=notes)
    assert leak.sentence == (
        "note is missing for label 1 alone (100 % of its rows): does it come from the label?"
    )
    by_chance = ["" if n % 40 < 2 else "x" for n in range(SIZE)]
    assert found(training=None, note=by_chance) == ()


def test_a_column_on_a_line_with_a_numeric_label_is_named() -> None:
    fares = [str(5 + n * 37 % 300) for n in range(SIZE)]
    taxed = [f"{float(fare) * 1.19:.2f}" for fare in fares]
    noisy = [str(float(fare) + n * 7919 % 200) for n, fare in enumerate(fares)]
    (leak,) = found(training=None, y=fares, taxed=taxed, noisy=noisy)
    assert (leak.kind, leak.column) == ("leak", "taxed")
    assert "taxed alone tells the label almost exactly (100 % of its variance)" in leak.sentence


def test_rows_without_a_label_are_no_label_of_their_own() -> None:
    some = ["" if n % 9 == 0 else label for n, label in enumerate(LABELS)]
    told = found(y=some)
    assert not any(one.serious for one in told)
    assert "y has changed (PSI 0.69): it is missing in 11 %" in told[0].sentence
    assert [one.kind for one in found(training=None, y=some, duration=DURATION)] == ["leak"]
    (none,) = [one for one in found(y=[""] * SIZE) if one.serious]
    assert none.sentence == "None of the 2,000 rows has a label."
    (one,) = [
        one for one in found(y=["" if n % 9 == 0 else "0" for n in range(SIZE)]) if one.serious
    ]
    assert one.kind == "one label"


def test_a_share_of_missing_values_has_a_limit() -> None:
    half = [age if n % 2 else "" for n, age in enumerate(AGES)]
    strict = replace(TERMS, max_null_share=0.4)
    first = found(strict, age=half)[0]
    assert first.serious
    assert (
        first.sentence == "age is missing in 50 % of the rows; checks.max_null_share allows 40 %."
    )


def test_what_says_which_row_it_is_may_be_new_in_every_batch() -> None:
    ids = [str(10_000 + n) for n in range(SIZE)]
    before = profiled(**USUAL, order=[str(n + 1) for n in range(SIZE)])
    assert [one.column for one in found(training=before, order=ids)] == ["order"]
    for given in (findings._naming("order", None), findings._naming(["a", "order"], "b")):
        assert found(replace(TERMS, names=given), training=before, order=ids) == ()


def test_released_rows_are_set_aside_only_where_nothing_can_be_learnt_from_them() -> None:
    one_label = profiled(**{**USUAL, "y": ["0"] * SIZE})
    batch = Batch(SIZE, one_label, BEFORE, BEFORE, (), frozenset({"0"}))
    for training, serious in ((BEFORE, False), (None, True)):
        looked = replace(batch, training=training, last=training)
        left = findings.after_release(findings.found(looked, TERMS), looked)
        assert left
        assert any(one.serious for one in left) is serious


def test_the_drift_of_equal_rows_is_nothing_and_grows_with_the_change() -> None:
    ages = profiles.find(BEFORE, "age")
    assert ages is not None
    assert findings.drift.psi(ages, ages) == 0
    psi = []
    for moved in (5, 10, 20):
        changed = profiles.find(profiled(age=[str(int(a) + moved) for a in AGES], y=LABELS), "age")
        assert changed is not None
        found_psi = findings.drift.psi(changed, ages)
        assert found_psi is not None
        psi.append(found_psi)
    assert 0 < psi[0] < psi[1] < psi[2]
