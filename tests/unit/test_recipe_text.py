"""Recipe steps on text, dates and the order of rows: nulls, blanks, numbers as text, unicode."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_recipes import Rows, added, apply, changed, column, step, when

from ratchet.local_aws.databrew.compiler.errors import RecipeError
from ratchet.local_aws.databrew.compiler.recipe import parse_recipe

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
PROPERTY = settings(max_examples=40)


def combined(*removals: str, **keys: str) -> Any:
    flags = {"removeAllQuotes": "false"} | dict.fromkeys(removals, "true")
    return step("REMOVE_COMBINED", sourceColumn="a", **flags, **keys)


CHANGED: list[tuple[Any, list[str | None], list[str | None]]] = [
    (step("ADD_PREFIX", sourceColumn="a", pattern="é'"), ["x", "", None], ["é'x", "é'", None]),
    (step("ADD_SUFFIX", sourceColumn="a", pattern="%"), ["007", None], ["007%", None]),
    (combined(), [" a, b", None], [" a, b", None]),
    (combined("removeAllPunctuation"), ["a.b!c,d?e;f"], ["abcde;f"]),
    (combined("removeAllQuotes"), ['it\'s "so"'], ["its so"]),
    (combined("removeAllWhitespace"), [" a\tb \n c"], ["abc"]),
    (combined("collapseConsecutiveWhitespace"), ["a \t b c"], ["a b c"]),
    (combined("removeLeadingAndTrailingWhitespace"), ["\t a b\n"], ["a b"]),
    (combined("removeLeadingAndTrailingPunctuation"), ["?!a.b!."], ["a.b"]),
    (combined("removeLeadingAndTrailingQuotes"), ["'\"a'b'"], ["a'b"]),
    (combined("removeCustomCharacters", customCharacters="¶]-"), ["¶a]b-c¶"], ["abc"]),
    (combined("removeCustomValue", customValue="ab"), ["aabb", "xaby"], ["ab", "xy"]),
    (combined("removeLetters", "removeNumbers"), ["Zürich 8001"], ["ü "]),
    (combined("removeSpecialCharacters"), ["a~b|c`d{e}[f]^_\\¶"], ["abcdef¶"]),
    (combined("removeNumbers"), ["12", None], ["", None]),
    (
        step("CRYPTOGRAPHIC_HASH", sourceColumns='["a"]', algorithm="SHA256"),
        ["é", "", None],
        [hashlib.sha256("é".encode()).hexdigest(), hashlib.sha256(b"").hexdigest(), None],
    ),
    (
        step("CRYPTOGRAPHIC_HASH", when("IS", "x"), sourceColumns='["a"]', algorithm="MD5"),
        ["x", "y"],
        [hashlib.md5(b"x").hexdigest(), "y"],
    ),
    (
        step("ADD_PREFIX", when("IS_NOT", "x"), sourceColumn="a", pattern=">"),
        ["x", "y", None],
        ["x", ">y", None],
    ),
]


@pytest.mark.parametrize(("made", "given", "expected"), CHANGED)
def test_a_step_changes_text(
    made: Any, given: list[str | None], expected: list[str | None]
) -> None:
    assert changed(made, given) == expected


USER = json.dumps({"id": 7, "phone": {"home no": "1", "tags": ["a", "é"]}, "gone": None})

ADDED: list[tuple[Any, list[str | None], list[str | None]]] = [
    (
        step("EXTRACT_VALUE", sourceColumn="a", targetColumn="t", path="`a`.`phone`.`home no`"),
        [USER, "{}", "no JSON", "", None],
        ["1", None, None, None, None],
    ),
    (step("EXTRACT_VALUE", sourceColumn="a", targetColumn="t", path="id"), [USER], ["7"]),
    (step("EXTRACT_VALUE", sourceColumn="a", targetColumn="t", path="gone"), [USER], [None]),
    (
        step("EXTRACT_VALUE", sourceColumn="a", targetColumn="t", path="phone.tags[1]"),
        [USER],
        ["é"],
    ),
    (
        step("EXTRACT_VALUE", sourceColumn="a", targetColumn="t", path="phone.tags"),
        [USER],
        ['["a","é"]'],
    ),
    (step("EXTRACT_VALUE", sourceColumn="a", targetColumn="t", path="`a`[0]"), ["[5]"], ["5"]),
    (
        step("WEEK_NUMBER", sourceColumn="a", targetColumn="t"),
        ["2020-12-31 10:00:00", "2021-01-04", "soon", "", None],
        ["53", "1", None, None, None],
    ),
    (step("WEEK_NUMBER", value="2021-01-04", targetColumn="t"), ["x"], ["1"]),
    (step("TODAY", targetColumn="t"), ["x", None], ["2026-03-01", "2026-03-01"]),
    (step("TODAY", targetColumn="t", timeZone="Europe/Berlin"), ["x"], ["2026-03-02"]),
    (step("TODAY", when("IS", "x"), targetColumn="t"), ["x", "y"], ["2026-03-01", None]),
]


@pytest.mark.parametrize(("made", "given", "expected"), ADDED)
def test_a_step_makes_a_column_of_text(
    made: Any, given: list[str | None], expected: list[str | None]
) -> None:
    assert added(made, given) == expected


def order(*expressions: dict[str, Any]) -> Any:
    return step("SORT", expressions=json.dumps(expressions))


def by(**keys: Any) -> Any:
    return order({"sourceColumn": "a", "ordering": "ASCENDING", **keys})


SORTED: list[tuple[Any, list[str | None], list[str | None]]] = [
    (by(), ["10", "9", None, "-1.5"], [None, "-1.5", "9", "10"]),
    (by(nullsOrdering="NULLS_BOTTOM"), ["10", "", "9"], ["9", "10", ""]),
    (by(ordering="DESCENDING"), ["10", "9", None], ["10", "9", None]),
    (by(ordering="DESCENDING", nullsOrdering="NULLS_TOP"), ["b", None, "é"], [None, "é", "b"]),
    (by(), ["10", "9", "x"], ["10", "9", "x"]),
    (by(customOrder=["low", "High"]), ["high", "other", "LOW"], ["LOW", "high", "other"]),
    (
        by(customOrder=["b", "a"], isCustomOrderCaseSensitive="true"),
        ["a", "B", "b"],
        ["b", "a", "B"],
    ),
]


@pytest.mark.parametrize(("made", "given", "expected"), SORTED)
def test_sorting_knows_numbers_missing_values_and_orders_of_its_own(
    made: Any, given: list[str | None], expected: list[str | None]
) -> None:
    assert changed(made, given) == expected


def test_rows_that_are_alike_keep_their_order() -> None:
    rows: Rows = [["b", "1"], ["a", "2"], ["b", "3"], ["a", "4"]]
    assert [row[1] for row in apply([by()], ["a", "n"], rows)[1]] == ["2", "4", "1", "3"]


@PROPERTY
@given(st.lists(st.none() | st.integers(-99, 99).map(str), max_size=20))
def test_sorting_loses_and_invents_no_row(values: list[str | None]) -> None:
    made = changed(by(nullsOrdering="NULLS_BOTTOM"), values)
    assert made == sorted(values, key=lambda value: (value is None, float(value) if value else 0.0))


@PROPERTY
@given(st.lists(TEXTS, min_size=1), TEXTS.filter(bool))
def test_a_prefix_is_text_whatever_is_in_it(values: list[str | None], prefix: str) -> None:
    made = changed(step("ADD_PREFIX", sourceColumn="a", pattern=prefix), values)
    assert made == [f"{prefix}{value}" for value in values]


@PROPERTY
@given(st.lists(TEXTS, min_size=1))
def test_what_is_removed_at_once_is_gone(values: list[str]) -> None:
    visible = combined("removeSpecialCharacters", "removeNumbers", "removeLetters")
    made = changed(visible, list(values))
    gone = {chr(code) for code in range(33, 127)}
    assert made == ["".join(c for c in value if c not in gone) for value in values]
    assert changed(visible, made) == made


REFUSED = [
    (
        step("EXTRACT_VALUE", sourceColumn="a", targetColumn="t", path="`b`.`c`"),
        "has to begin with its column, `a`",
    ),
    (step("EXTRACT_VALUE", sourceColumn="a", targetColumn="t", path="a..b"), "is not a path"),
    (step("CRYPTOGRAPHIC_HASH", sourceColumns='["a"]'), "HMAC_SHA256 needs a secret"),
    (
        step("CRYPTOGRAPHIC_HASH", sourceColumns='["a"]', algorithm="SHA-256"),
        "algorithm 'SHA-256' is not one of MD5",
    ),
    (combined("removeCustomValue"), "removeCustomValue is true, but customValue is missing"),
    (
        step("REMOVE_COMBINED", sourceColumn="a", removeLetter="true"),
        "no parameter 'removeLetter'; did you mean removeLetters",
    ),
    (step("REMOVE_COMBINED", sourceColumn="a", removeLetters="yes"), "must be true or false"),
    (step("TODAY", targetColumn="t", timeZone="Europe/Berln"), "did you mean Europe/Berlin"),
    (step("WEEK_NUMBER", targetColumn="t"), "give either sourceColumn or value"),
    (order({"sourceColumn": "a", "order": "ASCENDING"}), "an object with 'order'; did you mean"),
    (by(ordering="UP"), "ordering must be ASCENDING or DESCENDING, not 'UP'"),
    (by(nullsOrdering="FIRST"), "nullsOrdering must be NULLS_TOP or NULLS_BOTTOM"),
    (by(customOrder="a,b"), "customOrder must be a list"),
    (step("SORT", expressions='["a"]'), "must be a JSON list of objects"),
]


@pytest.mark.parametrize(("made", "message"), REFUSED)
def test_a_wrong_parameter_is_named(made: Any, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        parse_recipe([made])


def test_a_column_that_does_not_exist_is_named() -> None:
    with pytest.raises(RecipeError, match=r"Step 1 \(SORT\): column 'a' .* did you mean A"):
        apply([by()], ["A"], [["x"]])


def test_columns_are_hashed_together() -> None:
    hashed = step("CRYPTOGRAPHIC_HASH", sourceColumns='["a","b"]', algorithm="SHA1")
    made = apply([hashed], ["a", "b", "c"], [["x", "x", "x"]])
    digest = hashlib.sha1(b"x").hexdigest()
    assert made == (["a", "b", "c"], [[digest, digest, "x"]])
    assert column(made, "c") == ["x"]
