"""Files that no program should write and some do: each ends with a sentence, and no row is lost."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from unit_landed import COLUMNS, GOOD, ROWS, Checked, definition, lines, parquet, zipped

from retraining.rules.data_check import csv_reader
from retraining.rules.data_check import parquet as reader

csv.field_size_limit(1 << 20)
HEADER, ROW = "age,income,plan,churned\n", "31,1.5,basic,no\n"
TEXT = {**COLUMNS, "plan": {"type": "text", "nullable": True}}
JSON = lines([ROWS[0]])
WIDE = {f"c{n}": {"type": "number"} for n in range(600)} | {"churned": COLUMNS["churned"]}


@pytest.mark.parametrize(
    ("landed", "dialect", "said"),
    [
        (GOOD.encode("utf-16-le"), {"encoding": "utf-16"}, "does not start with BOM): save it as"),
        (GOOD.encode("utf-32"), {"encoding": "utf-16"}, "the file is UTF-32 text, not utf-16 text"),
        (GOOD, {"encoding": "utf-16"}, "does not start with BOM): save it as"),
        (GOOD.encode("utf-16")[:-3], {"encoding": "utf-16"}, "truncated data): save it as"),
        ("\ufeff" + GOOD, {"encoding": "latin-1"}, "says latin-1: leave encoding out"),
        (HEADER.encode() + b"31,1,\x81,no\n", {"encoding": "cp1252"}, "near b'\\x81,no"),
        ("sep=;\n" + GOOD, {}, "a line for Excel: set data.csv.skip_lines to 1"),
        (GOOD.replace("plan", '"pl\nan"'), {}, "ends in line 1 with a quote that is still open"),
        (GOOD.replace("plan", '"plan'), {}, "ends in line 1 with a quote that is still open"),
        (gzip.compress(gzip.compress(GOOD.encode())), {}, "packed twice, not utf-8 text: pack it"),
        (gzip.compress(zipped({"a": GOOD})), {}, "packed twice, not utf-8 text: pack it once"),
        (zipped({}), {}, "an empty zip archive"),
        (HEADER + ROW + "31\n", {}, "line 3 has 1 field instead of 4: '31'"),
        (HEADER + ROW + '31,1,"a,no\n', {}, "near line 3: a quoted field is never closed"),
        (HEADER + "18446744073709551616,1,basic,no\n", {}, "not an integer; it has more than 64"),
        (HEADER + "31,1e400,basic,no\n", {}, "'1e400' is not a number$"),
        (HEADER + "\u22123,1_0,basic,no\n", {}, "'1_0' is not a number$"),
        (HEADER + "\uff13,1,basic,no\n", {}, "'\uff13' is not an integer$"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_what_to_do(
    landed: str | bytes, dialect: dict[str, Any], said: str
) -> None:
    found = Checked(landed, definition(dialect=dialect))
    assert not found.result.accepted
    sentences = found.said.split("\n")
    assert any(
        one.endswith(said[:-1]) if said.endswith("$") else said in one for one in sentences
    ), sentences


def test_a_quote_inside_a_name_opens_nothing() -> None:
    columns = {**COLUMNS, '5" pipe': COLUMNS["plan"]}
    landed = GOOD.replace("churned\n", 'churned,5" pipe\n').replace("no\n", "no,plus\n")
    found = Checked(landed.replace("yes\n", "yes,\n"), definition(columns))
    assert found.column('5" pipe') == ["plus", ""], found.said


@pytest.mark.parametrize(
    ("landed", "said"),
    [
        (JSON.encode("utf-16"), "UTF-16 or UTF-32 text: write it as UTF-8"),
        (JSON.encode("utf-16-le"), "UTF-16 or UTF-32 text: write it as UTF-8"),
        (JSON.encode("utf-32-be"), "UTF-16 or UTF-32 text: write it as UTF-8"),
        (JSON.replace("}\n", "},\n") * 2, "line 1 is not JSON: "),
        (JSON.replace('"basic"', "[" * 100_000), "line 1 is not JSON: "),
        (JSON.replace('"basic"', '{"a": 1}'), "an object in 'plan', and rows must be flat"),
        ("{}\n" * 3, "column 'age', line 1: '' is empty but must not be"),
    ],
)
def test_json_lines_that_cannot_be_read_say_why(landed: str | bytes, said: str) -> None:
    found = Checked(landed, definition(format="jsonl"))
    assert not found.result.accepted
    assert said in found.said
    assert "header" not in found.said


def test_a_row_with_too_few_fields_is_one_bad_row_whatever_its_bytes_are() -> None:
    good = (HEADER + ROW).encode()
    bad = [b"31,1,\xc3\n", "31,é\n".encode(), b"31,1,caf\xe9,no\n"]
    wanted = definition(TEXT, checks={"tolerate": {"rows": 3}})
    found = Checked(good + b"".join(bad) + "44,1,é,yes\n".encode(), wanted)
    assert found.result.accepted, found.said
    assert (found.result.rows, found.result.bad_rows) == (5, 3)
    assert found.column("plan") == ["basic", "é"]
    assert "line 3 has 3 fields instead of 4" in found.said
    assert "line 4 has 2 fields instead of 4: '31,é'" in found.said
    assert "line 5: 'café' is not UTF-8 (shown as Latin-1)" in found.said
    assert [row["line"] for row in found.aside] == [3, 4, 5]


def test_a_quote_that_is_open_at_the_end_of_a_block_is_seen_in_text_that_is_not_utf_8() -> None:
    long = "x\n" * 250_000
    odd = b"30,1,caf\xe9,no\n" + f'31,1,"{long}",no\n'.encode()
    landed = (HEADER + ROW * 50_000).encode() + odd + ROW.encode()
    found = Checked(landed, definition(TEXT, checks={"tolerate": {"rows": 1}}))
    assert (found.result.rows, found.result.bad_rows) == (50_003, 1), found.said
    assert found.rows[-2]["plan"] == long


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_wide_table_is_read_in_larger_blocks_of_fewer_rows(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "ROWS", 64)
    monkeypatch.setattr(reader, "MOST_CELLS", 6400)
    rows = [{**dict.fromkeys(WIDE, f"{n}.5"), "churned": "no"} for n in range(400)]
    table = ",".join(WIDE) + "\n" + "".join(",".join(row.values()) + "\n" for row in rows)
    files: dict[str, Any] = {
        "csv": table,
        "jsonl": "".join(json.dumps(row) + "\n" for row in rows),
        "parquet": parquet(pa.Table.from_pylist(rows)) if form == "parquet" else b"",
    }
    found = Checked(files[form], definition(WIDE, format=form))
    assert found.result.accepted, found.said
    assert found.column("c599") == [f"{n}.5" for n in range(400)]
    assert csv_reader.least_piece(csv_reader.WIDE) == 1
    assert csv_reader.least_piece(600) > 2 << 20


MOMENTS = {"age": COLUMNS["age"], "when": {"type": "timestamp"}, "churned": COLUMNS["churned"]}


@pytest.mark.parametrize(
    ("column", "cells", "said"),
    [
        ("plan", pa.array([b"\xff\x00", None]), "row 1: 'ÿ\\x00' is not UTF-8"),
        ("plan", pa.array([{"a": 1}, None]), "holds struct<a: int64>: write a plain value"),
        ("plan", pa.array([["a"], None]), "holds list<element: string>: write a plain value"),
        ("plan", pa.array([dt.timedelta(1), None]), "holds duration[us]: write a plain value"),
        ("plan", pa.array(["a\0", None]), "holds a zero byte"),
        ("age", pa.array([1, 2**64 - 1], pa.uint64()), "has more than 64 bits"),
        ("age", pa.nulls(2), "row 1: '' is empty but must not be"),
        ("income", pa.array([Decimal("1" * 40), None], pa.decimal256(50, 2)), "than a 32-bit"),
        ("income", pa.array([float("inf"), None]), "row 1: 'inf' is not a number"),
        ("when", pa.array([2**62, 0]).view(pa.timestamp("us")), "'4611686018427387904' is not a"),
        ("when", pa.array([-(2**56), 0]).view(pa.timestamp("us")), "'-72057594037927936' is not"),
        ("when", pa.array([2**30, 0], pa.int32()).view(pa.date32()), "'1073741824' is not a"),
    ],
)
def test_parquet_of_odd_types_names_column_row_and_value(
    column: str, cells: pa.Array, said: str
) -> None:
    columns = MOMENTS if column == "when" else TEXT
    table = {
        "age": pa.array([1, 2]),
        "income": pa.array([1.5, None]),
        "plan": pa.array(["a", None]),
        "churned": pa.array(["no", "yes"]),
        column: cells,
    }
    wanted = {name: table[name] for name in columns}
    found = Checked(parquet(pa.table(wanted)), definition(columns, format="parquet"))
    assert not found.result.accepted
    assert said in found.said


@pytest.mark.parametrize(
    ("column", "cells", "copied"),
    [
        ("plan", pa.array(["a", None]).dictionary_encode(), ["a", ""]),
        ("plan", pa.array([b"a", None]), ["a", ""]),
        ("plan", pa.array(["a", None], pa.large_string()), ["a", ""]),
        ("plan", pa.nulls(2), ["", ""]),
        ("income", pa.array([Decimal("1.50"), None]), ["1.50", ""]),
        ("income", pa.array([1.5, None], pa.float32()), ["1.5", ""]),
        ("age", pa.array([1, 2]).dictionary_encode(), ["1", "2"]),
    ],
)
def test_parquet_of_other_types_is_read_as_the_values_are(
    column: str, cells: pa.Array, copied: list[str]
) -> None:
    table = {
        "age": pa.array([1, 2]),
        "income": pa.array([1.5, None]),
        "plan": pa.array(["a", None]),
        "churned": pa.array(["no", "yes"]),
        column: cells,
    }
    found = Checked(parquet(pa.table(table)), definition(TEXT, format="parquet"))
    assert found.result.accepted, found.said
    assert found.column(column) == copied
