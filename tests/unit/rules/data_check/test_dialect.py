"""Files as people have them: declared, they become the one spelling of the accepted copy."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import pytest
import yaml
from unit_landed import COLUMNS, Checked, definition

from retraining.rules.csv_dialect import CsvDialect
from retraining.rules.data_check.source import PIECE

CASES = Path(__file__).parents[5] / "shared" / "cases"
GOOD = "age,income,plan,churned\n31,1530.37,basic,no\n44,,plus,yes\n"
GZIPPED_REST = gzip.compress(GOOD[40:].encode(), mtime=0)
PLAIN = Checked(GOOD, definition())


def case(name: str, file: str = "data.csv", **changed: Any) -> Checked:
    """A small input that once went wrong, put to its own pipeline with some keys changed."""
    folder = CASES / name
    if not folder.exists():
        pytest.skip(f"{folder} is not on this machine; the made-up inputs here are of its kind")
    columns = yaml.safe_load((folder / "pipeline/columns.yaml").read_text())["columns"]
    data = yaml.safe_load((folder / "pipeline/pipeline.yaml").read_text())["data"]
    dialect = {"delimiter": data["delimiter"], **changed.pop("dialect", {})}
    for column, rule in changed.pop("columns", {}).items():
        columns[column] = {**columns[column], **rule}
    wanted = definition(columns, dialect, **changed)
    return Checked((folder / file).read_bytes(), wanted)


@pytest.mark.parametrize(
    ("dialect", "landed"),
    [
        ({}, GOOD.replace("\n", "\r\n")),
        ({}, GOOD.replace("\n", "\r")),
        ({}, "\ufeff" + GOOD),
        ({}, GOOD.replace("\n", "\n\n\n")),
        ({}, GOOD.rstrip("\n")),
        ({}, GOOD.replace("basic", '"basic"').replace("age", '"age"')),
        ({"delimiter": "\t"}, GOOD.replace(",", "\t")),
        ({"delimiter": ";", "decimal": ","}, GOOD.replace(",", ";").replace("0.37", "0,37")),
        (
            {"delimiter": ";", "decimal": ",", "thousands": "."},
            GOOD.replace(",", ";").replace("1530.37", "1.530,37"),
        ),
        ({"thousands": ","}, GOOD.replace("1530.37", '"1,530.37"')),
        ({"thousands": " "}, GOOD.replace("1530.37", "1\u00a0530.37")),
        ({"thousands": "'"}, GOOD.replace("1530.37", "1'530.37")),
        ({"quote": "'"}, GOOD.replace("basic", "'basic'")),
        ({"quote": None}, GOOD),
        ({"escape": "\\"}, GOOD.replace("basic", "ba\\sic")),
        ({"trim": True}, GOOD.replace(",", " , ").replace("\n", " \n")),
        ({"null_values": ["NA"]}, GOOD.replace(",,", ",NA,")),
        ({"null_values": ["-", "\\N", "?"]}, GOOD.replace(",,", ",\\N,")),
        ({"null_values": ["NA"], "trim": True}, GOOD.replace(",,", ", NA ,")),
        ({"comment": "#"}, "# made by hand\n" + GOOD + "# 2 rows\n"),
        ({"comment": "#"}, GOOD.replace("44,", "#41,1,plus,no\n44,")),
        ({"skip_lines": 2}, 'a report, "of\nlast month\n' + GOOD),
        ({"skip_lines": 1, "comment": "#"}, "Report\n# more\n" + GOOD),
        ({"header": False}, GOOD.split("\n", 1)[1]),
        ({"encoding": "utf-16"}, GOOD.encode("utf-16")),
        ({"encoding": "latin-1"}, GOOD.encode("latin-1")),
        ({}, gzip.compress(GOOD.encode(), mtime=0)),
        ({}, gzip.compress(GOOD[:40].encode(), mtime=0) + GZIPPED_REST),
    ],
)
def test_whatever_the_dialect_the_accepted_copy_is_the_same_to_the_row_id(
    dialect: dict[str, Any], landed: str | bytes
) -> None:
    CsvDialect.model_validate(dialect)
    found = Checked(landed, definition(dialect=dialect))
    assert found.result.accepted, found.said
    assert found.copy == PLAIN.copy
    assert found.result.labels == {"no", "yes"}


def test_a_file_without_a_header_may_have_its_columns_in_another_order() -> None:
    names = ["churned", "plan", "income", "age"]
    rows = csv.reader(io.StringIO(GOOD.split("\n", 1)[1]))
    landed = "".join(",".join(reversed(row)) + "\n" for row in rows)
    found = Checked(landed, definition(dialect={"header": False, "names": names}))
    assert found.copy == PLAIN.copy


def test_letters_beyond_ascii_come_through_whatever_their_encoding() -> None:
    columns = {**COLUMNS, "plan": {"type": "text"}}
    landed = GOOD.replace("basic", "Größe €").replace("plus", "naïve")
    plain = Checked(landed, definition(columns))
    assert plain.column("plan") == ["Größe €", "naïve"]
    for encoding in ("cp1252", "iso-8859-15", "utf-16"):
        found = Checked(landed.encode(encoding), definition(columns, {"encoding": encoding}))
        assert found.copy == plain.copy
    wrong = Checked(b"\x81" + landed.encode("cp1252"), definition(columns, {"encoding": "cp1252"}))
    assert "the file is not cp1252, as data.csv.encoding says" in wrong.said


def test_what_a_category_may_be_is_a_value_even_if_it_stands_for_nothing_elsewhere() -> None:
    columns = {**COLUMNS, "plan": {"type": "category", "values": ["NA", "EU"]}}
    landed = "age,income,plan,churned\n31,NA,NA,no\n44,1,EU,yes\n"
    found = Checked(landed, definition(columns, {"null_values": ["NA"]}))
    assert (found.column("income"), found.column("plan")) == (["", "1"], ["NA", "EU"])


@pytest.mark.parametrize("number", ["1.53", "1.5300", "15.30", "1.530.3", "1,53,0", "1.530,3.0"])
def test_a_separator_in_a_wrong_place_never_makes_another_number(number: str) -> None:
    dialect = {"delimiter": ";", "decimal": ",", "thousands": "."}
    landed = f"age;income;plan;churned\n31;{number};basic;no\n"
    found = Checked(landed, definition(dialect=dialect))
    assert f"{number!r} is not a number" in found.said
    assert not found.rows


def test_an_integer_may_have_groups_of_three() -> None:
    columns = {**COLUMNS, "age": {"type": "integer"}}
    found = Checked(
        'age,income,plan,churned\n"1,234,567",1,basic,no\n', definition(columns, {"thousands": ","})
    )
    assert found.column("age") == ["1234567"]


AGES = "age;income;plan;churned\n{};;basic;no\n;;;yes\n"


@pytest.mark.parametrize(
    ("dialect", "landed"),
    [
        ({}, "31.0"),  # as pandas writes a column of integers in which one is missing
        ({}, "31.00"),
        ({}, "31.000000"),
        ({"decimal": ","}, "31,0"),
        ({"decimal": ",", "thousands": "."}, "31,00"),
        ({"thousands": ","}, "31.0"),
    ],
)
def test_a_whole_number_may_be_written_as_a_float_and_is_the_same_row(
    dialect: dict[str, Any], landed: str
) -> None:
    columns = {**COLUMNS, "age": {**COLUMNS["age"], "nullable": True}}
    dialect = {"delimiter": ";", **dialect}
    whole = Checked(AGES.format("31"), definition(columns, dialect))
    found = Checked(AGES.format(landed), definition(columns, dialect))
    assert found.result.accepted, found.said
    assert found.copy == whole.copy
    assert found.column("age") == ["31", ""]
    beyond = landed.replace("31", "121")
    said = Checked(AGES.format(beyond), definition(columns, dialect)).said
    assert f"{beyond!r} is above the maximum 120" in said


@pytest.mark.parametrize(
    ("dialect", "landed"),
    [
        ({}, "1.000"),  # a thousand, where nobody has declared the separator
        ({}, "31.5"),
        ({}, "31."),
        ({}, ".0"),
        ({}, "31.0.0"),
        ({}, "3.1e1"),
        ({}, "31,0"),
        ({}, "9223372036854775808.0"),
        ({"decimal": ","}, "31.0"),
        ({"decimal": ","}, "1,000"),
        ({"decimal": ","}, "31,5"),
        ({"decimal": ",", "thousands": "."}, "31.0"),
    ],
)
def test_what_may_be_another_number_is_never_taken_for_a_whole_one(
    dialect: dict[str, Any], landed: str
) -> None:
    columns = {**COLUMNS, "age": {"type": "integer", "nullable": True}}
    found = Checked(AGES.format(landed), definition(columns, {"delimiter": ";", **dialect}))
    assert f"{landed!r} is not an integer" in found.said
    assert not found.rows


@pytest.mark.parametrize(
    ("form", "landed", "copied"),
    [
        ("%m/%d/%Y", "3/14/2024", "2024-03-14"),
        ("%d.%m.%y", "01.02.99", "1999-02-01"),
        ("%d %b %Y", "7 Mar 2024", "2024-03-07"),
        ("%B %d, %Y", "MARCH 7, 2024", "2024-03-07"),
        ("%Y%m%d", "20240229", "2024-02-29"),
        (None, "2024-02-29", "2024-02-29"),
    ],
)
def test_a_date_lands_in_its_format_and_is_copied_as_iso(
    form: str | None, landed: str, copied: str
) -> None:
    columns = {**COLUMNS, "plan": {"type": "date", "format": form, "min": "1999-01-01"}}
    quoted = f'"{landed}"'
    found = Checked(f"age,income,plan,churned\n3,1,{quoted},no\n", definition(columns))
    assert found.column("plan") == [copied], found.said


@pytest.mark.parametrize(
    ("form", "landed", "copied"),
    [
        (None, "2024-01-01 10:00:00", "2024-01-01T10:00:00Z"),
        (None, "2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z"),
        (None, "2024-01-01T12:00:00+02:00", "2024-01-01T10:00:00Z"),
        (None, "2024-01-01 05:30-0430", "2024-01-01T10:00:00Z"),
        (None, "2024-01-01", "2024-01-01T00:00:00Z"),
        (None, "2024-01-01 10:00:00.25", "2024-01-01T10:00:00.250000Z"),
        (None, "2024-01-01 10:00:00.123456789", "2024-01-01T10:00:00.123456Z"),
        ("%m/%d/%Y %I:%M %p", "1/1/2024 10:00 AM", "2024-01-01T10:00:00Z"),
        ("%m/%d/%Y %I:%M %p", "1/1/2024 12:30 PM", "2024-01-01T12:30:00Z"),
        ("%d.%m.%Y %H:%M:%S %z", "1.1.2024 12:00:00 +0200", "2024-01-01T10:00:00Z"),
        ("unix", "1704103200", "2024-01-01T10:00:00Z"),
        ("unix_ms", "1704103200250", "2024-01-01T10:00:00.250000Z"),
        ("unix", "-1", "1969-12-31T23:59:59Z"),
    ],
)
def test_a_timestamp_is_copied_in_utc(form: str | None, landed: str, copied: str) -> None:
    columns = {**COLUMNS, "plan": {"type": "timestamp", "format": form, "nullable": True}}
    others = "4,1,,no\n5,1,2024-01-01 10:00,no\n" if form is None else "4,1,,no\n"
    found = Checked(f"age,income,plan,churned\n3,1,{landed},no\n{others}", definition(columns))
    assert found.column("plan")[:2] == [copied, ""], found.said
    alone = Checked(f"age,income,plan,churned\n3,1,{landed},no\n", definition(columns))
    assert alone.rows[0]["row_id"] == found.rows[0]["row_id"], "whatever stands in other rows"


@pytest.mark.parametrize(
    ("kind", "form", "landed"),
    [
        ("date", "%m/%d/%Y", "14/3/2024"),
        ("date", "%m/%d/%Y", "2/30/2024"),
        ("date", None, "2024-1-1"),
        ("timestamp", None, "2024-01-01 25:00:00"),
        ("timestamp", None, "2024-02-30 10:00:00"),
        ("timestamp", None, "yesterday"),
        ("timestamp", "unix", "2024-01-01"),
        ("timestamp", "%d.%m.%Y %I:%M %p", "1.1.2024 13:00 PM"),
    ],
)
def test_what_is_no_moment_is_named(kind: str, form: str | None, landed: str) -> None:
    columns = {**COLUMNS, "plan": {"type": kind, "format": form}}
    found = Checked(f"age,income,plan,churned\n3,1,{landed},no\n", definition(columns))
    assert f"column 'plan', line 2: {landed!r} is not a {kind}" in found.said
    assert (form or "YYYY-MM-DD") in found.said


@pytest.mark.parametrize(
    ("landed", "copied"),
    [("True", "true"), ("FALSE", "false"), ("1", "true"), ("no", "false"), ("Y", "true")],
)
def test_a_boolean_is_copied_as_true_or_false(landed: str, copied: str) -> None:
    columns = {**COLUMNS, "plan": {"type": "boolean", "nullable": True}}
    found = Checked(f"age,income,plan,churned\n3,1,{landed},no\n4,1,,no\n", definition(columns))
    assert found.column("plan") == [copied, ""]
    bad = Checked("age,income,plan,churned\n3,1,maybe,no\n", definition(columns))
    assert "'maybe' is not a boolean (true or false)" in bad.said


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    """Above the header, in comments, in blank lines, in fields of several lines, over blocks."""
    columns = {**COLUMNS, "plan": {"type": "text"}}
    dialect = {"comment": "#", "skip_lines": 1}
    above = "report\n# comment\n\nage,income,plan,churned\n"
    body = '1,1,"two\n# no comment\nlines",no\n2,1,x,no\n\n# comment\n' * 50_000
    assert len(body) > 2 * PIECE
    found = Checked(above + body + "old,1,x,no\n", definition(columns, dialect))
    (problem,) = found.result.problems.listed
    lines = (above + body).count("\n")
    assert (problem.line, problem.value) == (lines + 1, "old")
    assert found.result.rows == 100_001


@pytest.mark.parametrize("letters", ["x", '5" pipe', "Größe"])
def test_a_long_file_is_cut_where_rows_end(letters: str) -> None:
    """A quote that opens nothing, and fields of several lines across the places of the cuts."""
    columns = {**COLUMNS, "plan": {"type": "text"}}
    rows = [[n, 1, f"{letters} {n}" + "\n" * (n % 7 == 0), "no"] for n in range(99_999)]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([["age", "income", "plan", "churned"], *rows])
    raw = text.getvalue().replace('"5"" pipe', '5" pipe') if letters == "x" else text.getvalue()
    free = {**columns, "age": {"type": "integer"}}
    found = Checked(raw, definition(free))
    assert found.result.accepted, found.said
    assert found.column("plan") == [row[2] for row in rows]


class TestOfTheCases:
    def test_decimal_commas(self) -> None:
        declared = case("d02", dialect={"decimal": ",", "thousands": "."})
        assert declared.result.accepted, declared.said
        assert declared.rows[0]["income"] == "1530.37"
        undeclared = case("d02")
        assert "looks like numbers with decimal commas" in undeclared.said
        assert 'data.csv.thousands to "." and data.csv.decimal to ","' in undeclared.said

    def test_spellings_of_missing_values(self) -> None:
        nulls = ["NA", "-", "\\N", "?"]
        declared = case("d17", dialect={"null_values": nulls})
        assert declared.result.accepted, declared.said
        assert "" in declared.column("income")
        assert "set data.csv.null_values to [" in case("d17").said

    def test_dates_in_another_format(self) -> None:
        declared = case("d22", columns={"joined": {"format": "%m/%d/%Y"}})
        assert declared.result.accepted, declared.said
        assert declared.rows[0]["joined"] == "2024-01-01"
        assert 'set its format to "%m/%d/%Y"' in case("d22").said

    @pytest.mark.parametrize("name", ["d16", "d16c"])
    def test_trailing_columns_without_a_name(self, name: str) -> None:
        found = case(name)
        assert found.result.accepted, found.said
        assert "without a name and without a value left out" in found.result.notes[0]

    def test_a_label_in_several_spellings(self) -> None:
        said = case("d06c", columns={"churned": {"values": ["no", "yes"]}}).said
        assert "'Yes' and 'yes'" in said or "'No' and 'no'" in said
        assert "differ only by case" in said
