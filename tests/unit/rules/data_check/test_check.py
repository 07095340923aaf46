"""The data check names what is wrong by column, row and value, and copies what is right."""

from __future__ import annotations

import codecs
import collections
import csv
import gzip
import io
import resource
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retraining.rules import belonging, rows
from retraining.rules.data_check import check as data_check
from retraining.rules.data_check import source as reading
from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.check import Result

DATA = Path(__file__).parents[5] / "shared" / "data" / "bank-marketing"
DEFINITION: dict[str, Any] = {
    "data": {
        "label": "y",
        "csv": {"delimiter": ";"},
        "key": None,
        "columns": {
            "age": {"type": "integer", "min": 17, "max": 98},
            "euribor3m": {"type": "number"},
            "job": {"type": "text", "nullable": True},
            "day": {"type": "date", "nullable": True, "min": "2008-05-01"},
            "y": {"type": "category", "values": ["yes", "no"]},
        },
    },
    "split": {"train": 0.7, "validation": 0.15, "holdout": 0.15, "by": "row"},
    "etl": {"recipe": None, "transform": "f" * 64},
    "training": {"algorithm": "xgboost", "hyperparameters": {"objective": "binary:logistic"}},
}
HEADER = b"age;euribor3m;job;day;y\n"
GOOD = b"56;4.857;housemaid;2008-05-01;no\n"


BY_KEY: dict[str, Any] = {
    **DEFINITION,
    "data": {**DEFINITION["data"], "key": "job"},
    "split": {**DEFINITION["split"], "by": "key"},
}


def run(
    data: bytes, definition: dict[str, Any] = DEFINITION, place: int = 0
) -> tuple[Result, bytes]:
    copy = io.BytesIO()
    result = data_check.check(io.BytesIO(data), Rules.of(definition, "run-000007"), copy, place)
    return result, copy.getvalue()


def test_a_good_file_is_copied_with_its_fields_as_they_landed_and_the_reserved_columns() -> None:
    result, copy = run(HEADER + GOOD + b'57;.5;"say ""hi"", or; not";;yes\n')
    assert result.accepted
    assert (result.rows, result.labels) == (2, {"yes", "no"})
    first, second = csv.DictReader(io.StringIO(copy.decode()))
    assert list(first)[-3:] == ["row_id", "split", "batch"]
    assert first["euribor3m"] == "4.857"
    assert (second["euribor3m"], second["job"], second["day"]) == (".5", 'say "hi", or; not', "")
    assert first["batch"] == "run-000007"
    raw = b"56,4.857,housemaid,2008-05-01,no"
    assert first["row_id"] == rows.row_id(raw)
    assert first["split"] == rows.side(first["row_id"], rows.Shares(0.7, 0.15))


def test_columns_may_land_in_any_order_and_the_row_keeps_its_identity() -> None:
    _, copy = run(HEADER + GOOD)
    _, shuffled = run(b"y;day;job;euribor3m;age\nno;2008-05-01;housemaid;4.857;56\n")
    assert copy == shuffled


def test_a_byte_order_mark_and_windows_line_ends_are_accepted() -> None:
    plain = run(HEADER + GOOD)
    assert run(b"\xef\xbb\xbf" + (HEADER + GOOD).replace(b"\n", b"\r\n"))[1] == plain[1]


def test_blank_lines_are_neither_rows_nor_errors_even_a_megabyte_of_them() -> None:
    plain = run(HEADER + GOOD * 2)
    assert run(HEADER + GOOD + b"\n" * reading.PIECE + GOOD + b"\n" * 2 * reading.PIECE) == plain


def test_a_row_split_by_key_keeps_its_id_when_its_values_change() -> None:
    _, copy = run(HEADER + GOOD + GOOD.replace(b"56", b"57"), BY_KEY)
    first, second = csv.DictReader(io.StringIO(copy.decode()))
    assert first["row_id"] == second["row_id"] == rows.row_id(b"housemaid")


def split_by(by: str, column: str | None, cluster: str | None = None) -> dict[str, Any]:
    split = {**DEFINITION["split"], "by": by, "column": column}
    return {**DEFINITION, "split": split, "gate": {"cluster": cluster}}


def marked(data: bytes, definition: dict[str, Any]) -> list[dict[str, str]]:
    result, copy = run(HEADER + data, definition)
    assert result.accepted
    return list(csv.DictReader(io.StringIO(copy.decode())))


def test_all_rows_of_a_group_are_on_one_side_and_one_cluster() -> None:
    jobs = [f"job {n}" for n in range(300)]
    data = b"".join(GOOD.replace(b"56", age).replace(b"housemaid", job.encode())
                    for age in (b"30", b"40") for job in jobs)  # fmt: skip
    found = marked(data, split_by("group", "job"))
    sides = {(row["job"], row["split"], row["cluster"]) for row in found}
    assert len(sides) == 300
    assert len({cluster for _, _, cluster in sides}) == 300
    counts = collections.Counter(side for _, side, _ in sides)
    assert 180 < counts["train"] < 240
    assert len({row["row_id"] for row in found}) == 600
    assert list(found[0])[-4:] == ["row_id", "split", "batch", "cluster"]


def test_a_split_by_time_leaves_the_side_open_and_tells_the_moment() -> None:
    data = GOOD + GOOD.replace(b"2008-05-01", b"2008-05-02")
    first, second = marked(data, split_by("time", "day"))
    assert (first["split"], first["moment"], second["moment"]) == (
        "time",
        "t1209600000",
        "t1209686400",
    )
    assert first["cluster"] != second["cluster"]
    (only,) = marked(GOOD, split_by("time", "euribor3m", cluster="job"))
    assert (only["moment"], only["cluster"]) == ("t4.857", belonging.cluster("housemaid", "text"))


def test_rows_that_replace_each_other_say_how_late_they_came() -> None:
    """By object, then by row, over blocks and blank lines; as text that no engine takes apart."""
    many = HEADER + b"\n".join(GOOD for _ in range(60_000))
    found: list[str] = []
    for place, data in ((9, HEADER + GOOD), (10, many), (19_999, HEADER + GOOD)):
        result, copy = run(data, BY_KEY, place)
        assert result.accepted
        assert copy.splitlines()[0].endswith(b",row_id,split,batch,arrival")
        found += [row["arrival"] for row in csv.DictReader(io.StringIO(copy.decode()))]
    assert found == sorted(set(found))
    assert (found[0], found[-1]) == ("o000009r0000000001", "o019999r0000000001")
    assert len(many) > reading.PIECE


@pytest.mark.parametrize(
    ("data", "rule", "column", "row", "value", "said"),
    [
        (GOOD + b"abc;1;j;;no\n", "type", "age", 2, "abc", "is not an integer"),
        (b"0x1f;1;j;;no\n", "type", "age", 1, "0x1f", "is not an integer"),
        (b"56;nan;j;;no\n", "type", "euribor3m", 1, "nan", "is not a number"),
        (b"56;1,5;j;;no\n", "type", "euribor3m", 1, "1,5", "is not a number"),
        (b"56;1e999;j;;no\n", "type", "euribor3m", 1, "1e999", "is not a number"),
        (
            b"56;-3.5e38;j;;no\n",
            "range",
            "euribor3m",
            1,
            "-3.5e38",
            "is larger than a 32-bit float",
        ),
        (b"12;1;j;;no\n", "range", "age", 1, "12", "is below the minimum 17"),
        (b"99;1;j;;no\n", "range", "age", 1, "99", "is above the maximum 98"),
        (b"56;1;j;2008-02-30;no\n", "type", "day", 1, "2008-02-30", "YYYY-MM-DD"),
        (b"56;1;j;2007-01-01;no\n", "range", "day", 1, "2007-01-01", "below the minimum"),
        (b";1;j;;no\n", "null", "age", 1, "", "is empty"),
        (b"56;1;j;;maybe\n", "category", "y", 1, "maybe", "is not one of yes, no"),
        (b"56;1;Stra\xdfe;;no\n", "encoding", "job", 1, "Straße", "is not UTF-8"),
        (GOOD + b"56;1;j\n" + GOOD, "fields", None, 2, "56;1;j", "3 fields instead of 5"),
        (b'56;1;"open;;no\n' + GOOD, "quotes", None, 1, None, "never closed"),
        (GOOD + b'56;1;j;;"no\n' + GOOD, "quotes", None, 2, None, "never closed"),
    ],
)
def test_a_bad_cell_is_named_by_column_row_and_value(
    data: bytes, rule: str, column: str, row: int, value: str, said: str
) -> None:
    result, _ = run(HEADER + data)
    found = {problem.rule: problem for problem in result.problems.listed}[rule]
    assert not result.accepted
    assert said in found.sentence
    assert found.column == column
    if row:
        assert found.line == row + 1
    if value is not None:
        assert found.value == value


def test_a_cell_that_is_not_utf_8_is_one_problem_whatever_its_column() -> None:
    bad = b"\xe9;\xe9;\xe9;\xe9;\xe9\n"
    result, _ = run(HEADER + GOOD + bad + GOOD.replace(b"no", b"yes"))
    assert [problem.rule for problem in result.problems.listed] == ["encoding"] * 5
    assert {problem.line for problem in result.problems.listed} == {3}


def test_a_zero_byte_is_found_however_far_into_the_file_it_is() -> None:
    bad = GOOD.replace(b"housemaid", b"house\0maid")
    result, _ = run(HEADER + GOOD * 20_000 + bad + GOOD)
    (problem,) = result.problems.listed
    assert (problem.rule, problem.column, problem.line) == ("encoding", "job", 20_002)
    assert "holds a zero byte" in problem.sentence


@pytest.mark.parametrize(
    ("data", "rule", "said"),
    [
        (b"", "empty", "the file is empty"),
        (b"\n\n", "empty", "the file is empty"),
        (HEADER, "empty", "a header but no rows"),
        (HEADER.replace(b";", b",") + b"1,2,3,4,5\n", "delimiter", "set data.csv.delimiter to ','"),
        (HEADER.replace(b";y", b";Y ") + GOOD, "missing column", "'y' is missing; the file has 'Y"),
        (HEADER.replace(b";y", b"") + b"1;2;3;4\n", "missing column", "the label column 'y'"),
        (HEADER.replace(b"age", b"years"), "missing column", "unknown columns in the file: years"),
        (HEADER[:-1] + b";duration\n" + GOOD, "unknown column", "column 'duration' is not in"),
        (HEADER[:-1] + b";age\n" + GOOD, "header", "'age' appears twice in the header"),
        (GOOD, "header", "the file needs a header"),
        (b"<!DOCTYPE html><html>", "header", "looks like a web page"),
        (b"x" * 200_000 + b"\n", "header", "contains no column of the contract"),
        (b'"' + b"x" * 200_000 + b'"\n', "header", "contains no column of the contract"),
        (b'{"age": ' + b"1" * 300_000 + b"}", "header", "line 1 is longer than 256 KB"),
        (b'{"age": "' + "é".encode() * 150_000 + b'"}', "header", "write the file as CSV"),
        (b'[{"age": 1}]\n', "header", "it looks like a JSON array"),
        (HEADER[:-1] + b";x" * 100_000 + b"\n", "header", "'x' appears twice"),
        (gzip.compress(HEADER + GOOD, mtime=0)[:-9], "unreadable", "ends in its middle"),
        (b"PK\x03\x04\x14\x00", "unreadable", "the zip archive cannot be read"),
        (b"PAR1\x15\x04\x00", "encoding", "Parquet"),
        ((HEADER + GOOD).decode().encode("utf-16"), "encoding", "UTF-16"),
        (
            (HEADER + GOOD).decode().encode("utf-32"),
            "encoding",
            "UTF-32 text, not utf-8 text: save",
        ),
        (codecs.BOM_UTF32_BE + (HEADER + GOOD).decode().encode("utf-32-be"), "encoding", "UTF-32"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "encoding", "the file is not text"),
        (HEADER + b"56;1;hou\0se;;no\n", "encoding", "the file is not text"),
        (HEADER + GOOD + b"\0", "encoding", "the file is not text"),
        ("größe;y\n".encode("latin-1"), "encoding", "the header is not UTF-8"),
    ],
)
def test_a_file_that_is_not_what_was_agreed_is_recognised(
    data: bytes, rule: str, said: str
) -> None:
    result, _ = run(data)
    assert not result.accepted
    assert rule in {problem.rule for problem in result.problems.listed}
    assert said in " ".join(problem.sentence for problem in result.problems.listed)


def test_the_list_of_problems_is_bounded_and_the_counts_are_whole() -> None:
    bad_cells = b"abc;1;j;;no\n" * 50_000
    result, copy = run(HEADER + bad_cells)
    assert result.problems.counts[("type", "age")] == 50_000
    assert len(result.problems.listed) == 10
    assert len(copy) < 1000


def test_reading_stops_after_a_thousand_rows_with_a_wrong_number_of_fields() -> None:
    result, _ = run(HEADER + b"1;2\n" * 200_000)
    assert result.problems.counts == {("fields", None): 1000, ("format", None): 1}
    assert [problem.rule for problem in result.problems.listed] == ["fields"] * 10 + ["format"]
    assert "reading stopped" in result.problems.listed[-1].sentence
    assert result.rows <= 2000


def test_a_field_longer_than_a_block_is_refused_and_not_held_in_memory() -> None:
    result, _ = run(HEADER + b"56;1;" + b"x" * 3_000_000 + b";;no\n")
    assert "longer than 1 MB" in result.problems.listed[0].sentence


FIELD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)


@settings(max_examples=200)
@given(st.lists(FIELD, min_size=1, max_size=20), st.sampled_from([",", ";", "\t", "|"]))
def test_any_text_survives_the_copy_unchanged(texts: list[str], delimiter: str) -> None:
    definition = {**DEFINITION, "data": {**DEFINITION["data"], "csv": {"delimiter": delimiter}}}
    definition["data"]["columns"] = {
        "job": {"type": "text", "nullable": True},
        "y": {"type": "integer"},
    }
    landed = io.StringIO(newline="")
    writer = csv.writer(landed, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([["job", "y"], *([text, 1] for text in texts)])
    result, copy = run(landed.getvalue().encode(), definition)
    assert result.accepted, result.problems.listed
    read = csv.DictReader(io.StringIO(copy.decode(), newline=""))
    assert [row["job"] for row in read] == texts


@pytest.mark.slow
def test_memory_stays_flat_while_a_large_object_streams_through() -> None:
    class Endless:
        left = 60

        def read(self, size: int) -> bytes:
            self.left -= 1
            return GOOD * 20_000 if self.left > 0 else b""

    class Head(Endless):
        started = False

        def read(self, size: int) -> bytes:
            if not self.started:
                self.started = True
                return HEADER
            return super().read(size)

    class Nowhere:
        def write(self, data: bytes) -> None: ...

    run(HEADER + GOOD * 40_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = data_check.check(Head(), Rules.of(DEFINITION, "run-000001"), Nowhere())
    assert result.rows == 59 * 20_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB


@pytest.mark.skipif(not DATA.exists(), reason="the real data files are not on this machine")
def test_the_real_file_is_accepted_whole() -> None:
    data = (DATA / "bank-additional.csv").read_bytes()
    names = data.split(b"\n", 1)[0].decode().replace('"', "").strip().split(";")
    numeric = {"age", "duration", "campaign", "pdays", "previous"}
    columns = {n: {"type": "integer" if n in numeric else "category"} for n in names}
    data_part = {"label": "y", "csv": {"delimiter": ";"}, "key": None, "columns": columns}
    result, copy = run(data, {**DEFINITION, "data": data_part})
    assert (result.accepted, result.rows, result.labels) == (True, 4119, {"yes", "no"})
    sides = [row["split"] for row in csv.DictReader(io.StringIO(copy.decode()))]
    assert 0.67 < sides.count("train") / len(sides) < 0.73


def with_label(label: dict[str, Any], transform: str | None = None, **training: Any) -> Any:
    columns = {**DEFINITION["data"]["columns"], "y": label}
    chosen = training or DEFINITION["training"]
    data = {**DEFINITION["data"], "columns": columns}
    etl = {"recipe": None, "transform": transform}
    return {**DEFINITION, "data": data, "etl": etl, "training": chosen}


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        ({"type": "integer"}, "column 'y', line 4: '2' is above the maximum 1"),
        ({"type": "number", "min": -5}, "column 'y', line 4: '2' is above the maximum 1"),
        ({"type": "category", "values": ["0", "1", "2"]}, "line 4: '2' is not one of 0, 1"),
    ],
)
def test_a_third_class_under_a_binary_objective_is_named_before_training_fails_on_it(
    label: dict[str, Any], sentence: str
) -> None:
    rows_ = b"".join(GOOD.replace(b"no\n", b"%d\n" % n) for n in range(3))
    result, _ = run(HEADER + rows_, with_label(label))
    assert sentence in result.problems.sentence()
    squares = {"objective": "reg:squarederror"}
    for definition in (
        with_label(label, transform="f" * 64),
        with_label(label, algorithm="xgboost", hyperparameters=squares),
        with_label(label, workflow={"StartAt": "Train"}),
    ):
        assert run(HEADER + rows_, definition)[0].accepted


def test_no_sentence_is_too_long_for_ledger_and_notice() -> None:
    long = b";".join(b"unknown%d" % n for n in range(20_000))
    result, _ = run(b"age;" + long + b"\n1;2\n")
    assert len(result.problems.sentence()) < 3000
    assert all(len(problem.sentence) < 3000 for problem in result.problems.listed)


@pytest.mark.parametrize("cell", ["0000-01-01", "0000-12-31", "2024-W01-1", "2024-02-30"])
def test_a_date_that_no_calendar_has_or_no_reader_of_the_copy_knows_is_refused(cell: str) -> None:
    result, _ = run(HEADER + GOOD + f"56;4.857;housemaid;{cell};no\n".encode())
    assert result.problems.sentence() == (
        f"column 'day', line 3: '{cell}' is not a date (YYYY-MM-DD)"
    )
