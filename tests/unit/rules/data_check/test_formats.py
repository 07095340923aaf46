"""Gzip, zip, JSON lines and Parquet come to the same accepted copy, and bombs to a sentence."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import itertools
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from unit_landed import COLUMNS, GOOD, ROWS, Checked, definition, lines, parquet, zipped

from retraining.errors import ObjectGone
from retraining.rules.data_check import parquet as reader
from retraining.rules.data_check import unpacking
from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.allowance import ALONE, AMONG_OTHERS, Allowance
from retraining.rules.data_check.check import check

PLAIN = Checked(GOOD, definition())


TABLE = pa.Table.from_pylist(ROWS)


@pytest.mark.parametrize(
    ("form", "landed"),
    [
        ("csv", zipped({"data.csv": GOOD})),
        ("csv", zipped({"folder/": "", "folder/data.csv": GOOD, "__MACOSX/._data.csv": "x"})),
        ("jsonl", lines(ROWS)),
        ("jsonl", "\ufeff\n" + lines(ROWS).replace("\n", "\r\n\r\n").rstrip()),
        ("jsonl", lines([ROWS[0], {k: v for k, v in ROWS[1].items() if v}])),
        ("jsonl", lines([{k: str(v) for k, v in r.items() if v} for r in ROWS])),
        ("jsonl", lines(ROWS).replace("null", "NaN")),
        ("jsonl", lines(ROWS).replace('"age": 31', '"age": 31.0')),
        ("jsonl", lines(ROWS).replace("null", '""')),
        ("jsonl", gzip.compress(lines(ROWS).encode(), mtime=0)),
        ("jsonl", zipped({"data": lines(ROWS)})),
        ("parquet", parquet(TABLE)),
        ("parquet", parquet(TABLE, compression="zstd", row_group_size=1)),
        ("parquet", parquet(TABLE.select(["churned", "plan", "income", "age"]))),
        (
            "parquet",
            parquet(
                pa.table(
                    {
                        "age": pa.array([31.0, 44.0]),
                        "income": pa.array([Decimal("1530.37"), None]),
                        "plan": pa.array(["basic", "plus"]).dictionary_encode(),
                        "churned": pa.array([b"no", b"yes"], pa.binary()),
                    }
                )
            ),
        ),
        ("parquet", parquet(TABLE.set_column(1, "income", pa.array([1530.37, float("nan")])))),
    ],
)
def test_whatever_the_format_the_accepted_copy_is_the_same(form: str, landed: Any) -> None:
    found = Checked(landed, definition(format=form))
    assert found.result.accepted, found.said
    assert found.copy == PLAIN.copy


def test_moments_and_booleans_keep_their_meaning_in_parquet_and_json() -> None:
    columns = {
        **COLUMNS,
        "age": {"type": "date", "format": "%d.%m.%Y"},
        "income": {"type": "timestamp"},
        "plan": {"type": "boolean"},
    }
    moment = dt.datetime(2024, 3, 14, 10, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    table = pa.table(
        {
            "age": pa.array([dt.datetime(2024, 3, 14)], pa.timestamp("ns")),  # noqa: DTZ001
            "income": pa.array([moment], pa.timestamp("ms", "Europe/Berlin")),
            "plan": [True],
            "churned": ["no"],
        }
    )
    found = Checked(parquet(table), definition(columns, format="parquet"))
    copied = ("2024-03-14", "2024-03-14T08:30:00Z", "true", "no")
    assert tuple(found.rows[0].values())[:4] == copied, found.said
    row = {"age": "14.3.2024", "income": moment.isoformat(), "plan": True, "churned": "no"}
    found = Checked(lines([row]), definition(columns, format="jsonl"))
    assert tuple(found.rows[0].values())[:4] == copied, found.said


@pytest.mark.parametrize(
    ("form", "landed"),
    [
        ("csv", GOOD.replace("plan", "tariff")),
        ("csv", GOOD.replace("plan", "age")),
        ("csv", 'x,age,income,plan,churned\n"a\n""b""",31,1,basic,no\n\n1,2\n'),
        ("csv", gzip.compress(GOOD.replace("plan", "tariff").encode())),
        ("jsonl", lines([{**row, "x": 1} for row in ROWS])),
        ("jsonl", lines([{"age": 1}, {"age": 2}])),
        ("parquet", parquet(TABLE.drop(["plan"]), row_group_size=1)),
        ("parquet", parquet(TABLE.set_column(0, "age", pa.array([[1], [2]])))),
    ],
)
def test_the_rows_below_a_wrong_header_are_counted_and_none_is_accepted(
    form: str, landed: bytes | str
) -> None:
    found = Checked(landed, definition(format=form))
    assert found.result.rows == len(ROWS)
    assert (found.result.accepted, found.result.accepted_rows, found.copy) == (False, 0, "")
    assert "line 2" not in found.said


@pytest.mark.parametrize(
    ("form", "landed", "said"),
    [
        ("csv", zipped({"a.csv": GOOD, "b.csv": GOOD}), "holds 2 files, and one is read"),
        ("csv", zipped({"[Content_Types].xml": "<xml/>"}), "an Excel workbook"),
        ("csv", zipped({"data.csv": GOOD})[:-30], "the zip archive cannot be read"),
        ("csv", b"PK\x03\x04" + zipped({"data.csv": GOOD})[4:60], "the zip archive cannot be read"),
        ("csv", gzip.compress(GOOD.encode(), mtime=0)[:-20] + b"x" * 20, "gzip file is damaged"),
        ("csv", parquet(TABLE), "set data.format to parquet"),
        ("csv", lines(ROWS), "set data.format to jsonl"),
        ("parquet", GOOD, "the file is not Parquet as data.format says"),
        ("parquet", parquet(TABLE)[:-30] + b"PAR1", "the file is not Parquet"),
        ("parquet", parquet(TABLE.set_column(0, "age", pa.array([[1], [2]]))), "'age' holds list"),
        ("parquet", parquet(TABLE.drop(["plan"])), "column 'plan' is missing"),
        ("jsonl", GOOD, "one JSON object a line"),
        ("jsonl", "[" + lines(ROWS) + "]", "one JSON object a line"),
        ("jsonl", lines([*ROWS, {"age": 1, "churned": "no", "x": 1}]), "holds 'x'|'x' is not in"),
        ("jsonl", lines([{"Age": 1, "churned": "no"}]), "'age' is missing; the file has 'Age'"),
    ],
)  # fmt: skip
def test_what_is_not_of_the_format_is_named(form: str, landed: Any, said: str) -> None:
    found = Checked(landed, definition(format=form))
    assert not found.result.accepted
    assert any(words in found.said for words in said.split("|")), found.said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"age": 1, "plan": ["basic"], "churned": "no"}', "holds a list or an object in 'plan'"),
        ('{"age": 1, "age": 2, "churned": "no"}', "holds a key twice"),
        ('{"age": 1, "churned": "no"', "is not JSON"),
        ("[1, 2]", "is not a JSON object"),
        ("[" * 100_000, "is not JSON"),
        ('{"age": "old", "churned": "no"}', "line 3: 'old' is not an integer"),
        ('{"age": Infinity, "churned": "no"}', "'Infinity' is not an integer"),
        ('{"age": 1, "plan": "a\\u0000b", "churned": "no"}', "holds a zero byte"),
        ('{"churned": "no"}', "is empty but must not be"),
    ],
)
def test_a_bad_line_is_set_aside_alone(line: str, said: str) -> None:
    wanted = definition(checks={"tolerate": {"rows": 1}}, format="jsonl")
    found = Checked(lines(ROWS) + line + "\n", wanted)
    assert found.result.accepted
    assert found.copy == PLAIN.copy
    assert said in found.said
    assert found.aside[0]["line"] == 3


def test_a_row_of_parquet_is_told_by_its_number() -> None:
    rows = [*ROWS * 10_000, {**ROWS[0], "age": 900}]
    found = Checked(parquet(pa.Table.from_pylist(rows)), definition(format="parquet"))
    (problem,) = found.result.problems.listed
    assert problem.sentence == "column 'age', row 20001: '900' is above the maximum 120"


def test_columns_of_parquet_and_json_obey_the_checks() -> None:
    checks = {"unknown_columns": "ignore", "missing_columns": "fill"}
    table = TABLE.drop(["plan"]).append_column("x", pa.array([[1], [2]]))
    found = Checked(parquet(table), definition(checks=checks, format="parquet"))
    assert found.column("plan") == ["", ""]
    assert len(found.result.notes) == 2
    rows = [{**row, "x": {"y": 1}} for row in ROWS]
    found = Checked(lines(rows), definition(checks=checks, format="jsonl"))
    assert not found.result.accepted, "what is ignored must still be flat"
    rows = [{**row, "x": 1} for row in ROWS]
    assert Checked(lines(rows), definition(checks=checks, format="jsonl")).copy == PLAIN.copy


def test_a_row_group_of_rows_that_take_no_bytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_GROUP_ROWS", 1000)
    constant = pa.table({name: [str(value)] * 1001 for name, value in ROWS[0].items()})
    found = Checked(parquet(constant), definition(format="parquet"))
    assert "a row group has 1,001 rows, and one may have at most 1,000: write smaller" in found.said
    assert Checked(parquet(constant, row_group_size=500), definition(format="parquet")).rows


@pytest.mark.parametrize(
    ("form", "landed"),
    [
        ("csv", GOOD.encode()),
        ("csv", gzip.compress(GOOD.encode())),
        ("csv", zipped({"data.csv": GOOD})),
        ("jsonl", lines(ROWS).encode()),
        ("parquet", parquet(TABLE)),
    ],
)
def test_whatever_takes_too_long_ends_with_a_sentence(form: str, landed: bytes) -> None:
    """Each time when the clock is looked at it is a minute later."""
    rules = Rules.of(definition(format=form), "run-000001")
    said = set()
    for late in range(18):
        minutes = itertools.count(step=60.0)
        allowance = Allowance(minutes.__next__)
        for _ in range(late):
            next(minutes)
        result = check(allowance.over(io.BytesIO(landed)), rules, io.BytesIO())
        said |= {problem.sentence for problem in result.problems.listed}
        assert result.accepted or len(result.problems.listed) == 1
        assert not result.accepted or late < 12
    assert AMONG_OTHERS in said
    assert said <= {ALONE, AMONG_OTHERS}


@pytest.mark.parametrize("pack", ["gzip", "zip"])
def test_a_bomb_is_refused_before_it_is_unpacked(
    pack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "FREE", 4 << 20)
    text = GOOD + "31,1530.37,basic,no\n" * 400_000
    packed = gzip.compress(text.encode(), mtime=0) if pack == "gzip" else zipped({"data.csv": text})
    assert len(text) > unpacking.MOST_TIMES * len(packed)
    found = Checked(packed, definition())
    assert "more than 200 times as many" in found.said
    assert found.copy.count("\n") < 300_000
    monkeypatch.setattr(unpacking, "MOST_TIMES", 2000)
    assert Checked(packed, definition()).result.accepted
    monkeypatch.setattr(unpacking, "MOST_UNPACKED", 1 << 20)
    assert "unpacked it has more than" in Checked(packed, definition()).said


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_failure_on_the_way_is_not_the_fault_of_the_object(form: str) -> None:
    class Gone(io.BytesIO):
        reads = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.reads += 1
            if self.reads > 2:
                raise ObjectGone("it is gone")
            return super().read(size)

    data = parquet(TABLE) if form == "parquet" else zipped({"data.csv": GOOD})
    rules = Rules.of(definition(format=form), "run-000001")
    with pytest.raises(ObjectGone):
        check(Gone(data), rules, io.BytesIO())


@pytest.mark.parametrize("half", ["\\ud83d", "\\uDE00", "x\\ud83dx", "\\ude00\\ud83d"])
def test_half_a_character_is_a_bad_row_and_named_by_its_line(half: str) -> None:
    bad = lines([ROWS[0]]).replace("basic", half)
    for row in (bad, bad.replace("age", f"{half}", 1)):
        found = Checked(lines(ROWS) + row, definition(format="jsonl", checks={}))
        assert "line 3 holds half a character" in found.said
    whole = lines([{**ROWS[0], "plan": "\\ud83d\\ude00"}]).replace("\\\\u", "\\u")
    columns = {**COLUMNS, "plan": {"type": "text"}}
    found = Checked(whole, definition(columns, format="jsonl"))
    assert found.column("plan") == ["\U0001f600"]
