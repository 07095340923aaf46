"""What an accepted copy holds can be read by whoever reads it under a later contract."""

from __future__ import annotations

import copy
from typing import Any

import pyarrow as pa
import pytest
from unit_service import DEFINITION

from retraining.rules import contracts, readable
from retraining.rules.data_check.agreed import Dialect
from retraining.rules.data_check.cells import Cells, checked
from retraining.rules.data_check.column_rule import ColumnRule

LANDED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "integer": ({}, ["1", "-20", "+3", "007", "31.0"]),
    "zero or one": ({"type": "integer"}, ["0", "1", "1.00"]),
    "number": ({}, ["1", "2.50", ".5", "1e3", "-0.0"]),
    "boolean": ({}, ["yes", "N", "true", "0"]),
    "date": ({"format": "%d.%m.%Y"}, ["31.01.2024", "1.2.2024"]),
    "ISO date": ({"type": "date"}, ["2024-01-31"]),
    "timestamp": ({}, ["2024-01-31 10:00", "2024-01-31T10:00:00.5+02:00"]),
    "unix time": ({"type": "timestamp", "format": "unix"}, ["1700000000"]),
    "text": ({}, ["1", "2.5", "true", "2024-01-31", "Leeds"]),
    "category": ({}, ["1", "Leeds"]),
    "numbers listed": ({"type": "category", "values": ["1", "2", "3.5"]}, ["1", "2", "3.5"]),
    "whole numbers listed": ({"type": "category", "values": ["0", "1"]}, ["0", "1"]),
    "booleans listed": ({"type": "category", "values": ["true", "false"]}, ["true", "false"]),
    "answers listed": ({"type": "category", "values": ["yes", "no"]}, ["yes", "no"]),
    "dates listed": ({"type": "category", "values": ["2024-01-31"]}, ["2024-01-31"]),
    "towns listed": ({"type": "category", "values": ["Leeds", "York"]}, ["York"]),
}
"""By name: a column's contract, and what may land under it."""


def column(name: str, **more: Any) -> dict[str, Any]:
    return {"type": name, **LANDED[name][0], **more}


def with_city(city: dict[str, Any]) -> dict[str, Any]:
    """A whole definition with this column, and no recipe."""
    document = copy.deepcopy(DEFINITION)
    document["etl"] = {"transform": "0" * 64}
    document["data"]["columns"]["city"] = city
    return contracts.as_document(contracts.Definition.model_validate(document))


def checked_under(city: dict[str, Any], cells: list[str]) -> Cells:
    return checked(pa.array(cells, pa.string()), ColumnRule.of("city", city), Dialect())


@pytest.mark.parametrize("before", LANDED)
def test_what_may_follow_reads_all_that_the_copy_holds_and_spells_it_the_same(before: str) -> None:
    """The copy of a date is an ISO date, whatever landed: that is what the later contract reads."""
    old, landed = with_city(column(before)), LANDED[before][1]
    copied = checked_under(column(before), landed)
    assert not copied.flaws
    for after in LANDED:
        new = with_city(column(after))
        if readable.problems(old, new) or readable.to_be_seen(old, new):
            continue
        if readable.respelt(old, new):  # refused where a value has been
            continue
        read = checked_under(column(after, format=None), copied.text.to_pylist())
        assert not read.flaws, after
        if new["data"]["columns"]["city"]["type"] in readable.TEXTS:
            now = checked_under(column(after), landed)
            assert now.flaws or read.text == now.text, f"{after}: one value, one spelling"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("integer", "number"), ("integer", "text"), ("number", "category"), ("text", "category"),
        ("category", "text"), ("numbers listed", "number"), ("whole numbers listed", "integer"),
        ("booleans listed", "boolean"), ("answers listed", "boolean"), ("dates listed", "date"),
        ("date", "timestamp"), ("date", "ISO date"), ("timestamp", "unix time"),
        ("boolean", "booleans listed"), ("towns listed", "category"),
    ],
)  # fmt: skip
def test_a_column_may_become_what_holds_all_its_values(before: str, after: str) -> None:
    old, new = with_city(column(before)), with_city(column(after))
    assert (readable.problems(old, new), readable.to_be_seen(old, new)) == ([], [])


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("text", "number", "values of type text, which cannot be read as number"),
        ("number", "integer", "values of type number, which cannot be read as integer"),
        ("numbers listed", "integer", "have '3.5', which cannot be read as integer"),
        ("towns listed", "date", "have 'Leeds', which cannot be read as date"),
        ("boolean", "text", "values of type boolean"),
        ("timestamp", "date", "values of type timestamp"),
        ("date", "text", "values of type date"),
        ("integer", "boolean", "values of type integer"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_ways_out(
    before: str, after: str, says: str
) -> None:
    (problem,) = readable.problems(with_city(column(before)), with_city(column(after)))
    assert problem.startswith("data.columns.city: earlier batches have ")
    assert says in problem
    assert "add a column of another name, or push --new-baseline" in problem


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("integer", "text", True),
        ("integer", "category", True),
        ("integer", "whole numbers listed", False),  # 1.0 is not one of them
        ("integer", "number", False),
        ("number", "text", False),
        ("text", "category", False),
    ],
)
def test_whole_numbers_that_landed_as_floats_are_kept_otherwise_as_texts(
    before: str, after: str, told: bool
) -> None:
    old, new = with_city(column(before)), with_city(column(after))
    assert readable.respelt(old, new) == (["city"] if told else [])


def test_a_key_keeps_its_spelling_as_a_number_too() -> None:
    old, new = with_city(column("integer")), with_city(column("number"))
    for definition in (old, new):
        definition["data"]["key"] = "city"
    assert readable.respelt(old, new) == ["city"]


def test_bounds_and_formats_may_change_as_the_copy_does_not() -> None:
    old, new = with_city(column("date")), with_city(column("date", format="%Y/%m/%d"))
    new["data"]["columns"]["age"]["min"] = 30
    assert (readable.problems(old, new), readable.to_be_seen(old, new)) == ([], [])


def test_numbers_that_the_check_has_respelt_are_not_the_texts_that_land() -> None:
    old, new = with_city(column("number")), with_city(column("text"))
    old["data"]["csv"]["decimal"] = ","
    (problem,) = readable.problems(old, new)
    assert "numbers in another spelling" in problem
    assert not readable.problems(old, with_city(column("number")))


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ("data", {"key": ["age", "city"]}),
        ("split", {"by": "group", "column": "city"}),
        ("gate", {"cluster": "city"}),
    ],
)
def test_what_tells_rows_apart_keeps_its_spelling(section: str, named: dict[str, Any]) -> None:
    old, new = with_city(column("date")), with_city(column("timestamp"))
    for definition in (old, new):
        definition[section] |= named
    (problem,) = readable.problems(old, new)
    assert "no row would find its own" in problem


def test_a_recipe_reads_all_batches_as_one_table() -> None:
    old, new = with_city(column("integer")), with_city(column("text"))
    old["etl"] = new["etl"] = {**old["etl"], "recipe": DEFINITION["etl"]["recipe"]}
    (problem,) = readable.problems(old, new)
    assert "a recipe reads all batches as one table" in problem
    new["data"]["columns"]["city"]["type"] = "number"
    assert not readable.problems(old, new)


def test_listed_values_must_be_all_that_earlier_rows_have() -> None:
    new = with_city(column("towns listed"))
    for former in (column("text"), column("towns listed", values=["Leeds", "York", "Hull"])):
        assert readable.to_be_seen(with_city(former), new) == ["city"]
    assert readable.to_be_seen(with_city(column("towns listed", values=["York"])), new) == []
    listed = new["data"]["columns"]["city"]
    assert readable.unlisted("city", listed, ["York", ""], 0) is None
    seen = ["Hull", "Bath", "York", "Ely", "Ripon"]
    assert readable.unlisted("city", listed, seen, 1200) == (
        "data.columns.city: earlier batches have 'Bath', 'Ely', 'Hull', 1 more, 1,200 rows of"
        f" values that were not counted: list them, or {readable.INSTEAD}"
    )


@pytest.mark.parametrize(
    ("before", "after", "gone"),
    [
        ("integer", "text", False), ("text", "integer", False), ("boolean", "category", False),
        ("timestamp", "date", False), ("number", "date", True), ("boolean", "number", True),
    ],
)  # fmt: skip
def test_a_column_that_a_champion_cannot_read_at_all_has_gone_for_it(
    before: str, after: str, gone: bool
) -> None:
    assert readable.cannot_follow(column(before), column(after)) == gone
