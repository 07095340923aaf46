"""What `invoke` reads of a file is what the data check would have accepted of it, cell by cell."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.cli import landed_file, prepared_rows
from ratchet.cli.authoring.header import find
from ratchet.cli.drops import Table
from ratchet.cli.errors import CliError
from ratchet.cli.raw_rows import read
from ratchet.serving import inference
from retraining.rules.contracts import as_document, parse_definition
from retraining.rules.data_check import column_rule
from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.check import check

NULLABLE: dict[str, Any] = {"nullable": True}
PLAIN = {
    "day": {"type": "date", **NULLABLE},
    "at": {"type": "timestamp", **NULLABLE},
    "carrier": {"type": "category", "values": ["AA", "NA", "B, C"], **NULLABLE},
    "note": {"type": "text", **NULLABLE},
    "distance": {"type": "number", **NULLABLE},
    "items": {"type": "integer", **NULLABLE},
    "fragile": {"type": "boolean", **NULLABLE},
    "late": {"type": "integer", "min": 0, "max": 1},
}
HEADER = "day,at,carrier,note,distance,items,fragile,late"
ROWS = [
    '2024-01-31,2024-01-31 10:00:00,AA,"say ""hi"", then go",1.50,7,Yes,0',
    '2024-02-01,2024-02-01T10:00:00.5Z,NA,"two\nlines",1e3,-2,f,1',
    "2024-02-02,2024-02-02T10:00:00+02:00,,naïve,.5,+3,1,0",
    ",,,,,12.0,,1.0",
    ",,,,,,,1",
]
GERMAN = {
    **PLAIN,
    "day": {"type": "date", "format": "%d.%m.%Y", **NULLABLE},
    "at": {"type": "timestamp", "format": "%d.%m.%y %H:%M", **NULLABLE},
}
GERMAN_ROWS = "31.01.2024;31.01.24 10:05;AA;naïve;1.234,50;1.000;true;0\n-;-;NA;-;0,5;-;-;1\n"
FILES: dict[str, tuple[dict[str, Any], dict[str, Any], bytes]] = {
    "plain": ({}, PLAIN, "\n".join([HEADER, *ROWS, ""]).encode()),
    "a byte order mark and CRLF": (
        {}, PLAIN, b"\xef\xbb\xbf" + "\r\n".join([HEADER, ROWS[0], ROWS[2], ""]).encode(),
    ),
    "German": (
        {"csv": {"delimiter": ";", "decimal": ",", "thousands": ".", "encoding": "cp1252",
                 "null_values": ["-", "NA"]}},
        GERMAN, (HEADER.replace(",", ";") + "\n" + GERMAN_ROWS).encode("cp1252"),
    ),
    "UTF-16": ({"csv": {"encoding": "utf-16"}}, PLAIN, "\n".join([HEADER, *ROWS]).encode("utf-16")),
    "without a header": ({"csv": {"header": False}}, PLAIN, "\n".join(ROWS).encode()),
    "names in another order": (
        {"csv": {"header": False, "names": [*reversed(PLAIN)]}}, PLAIN,
        b"1,true,7,0.5,x,AA,2024-01-01 10:00,2024-01-01\n",
    ),
    "a title, comments and spaces": (
        {"csv": {"skip_lines": 2, "comment": "#", "trim": True, "thousands": " "}}, PLAIN,
        f"Report\n\n{HEADER}\n# no row\n 2024-01-01 , 2024-01-01 10:00 ,AA, x ,1 000.5,1 000,n,1\n"
        .encode(),
    ),
    "another quote and an escape": (
        {"csv": {"quote": "'", "escape": "\\"}}, PLAIN,
        HEADER.encode() + b"\n,,'B, C','it\\'s, so',1,2,no,1\n",
    ),
    "no quotes": ({"csv": {"quote": None}}, PLAIN, HEADER.encode() + b'\n,,AA,5" pipe,1,2,,1\n'),
    "seconds since 1970": (
        {}, {**PLAIN, "at": {"type": "timestamp", "format": "unix_ms", **NULLABLE}},
        HEADER.encode() + b"\n,1700000000123,AA,x,1,2,,1\n,-5,AA,x,1,2,,1\n",
    ),
    "English months and hours": (
        {}, {**PLAIN, "at": {"type": "timestamp", "format": "%d %b %Y %I:%M %p", **NULLABLE}},
        HEADER.encode() + b"\n,01 Mar 2024 12:30 am,AA,x,1,2,,1\n",
    ),
    "English weekdays, whatever the date": (
        {}, {**PLAIN, "day": {"type": "date", "format": "%a, %d %b %Y", **NULLABLE}},
        HEADER.encode() + b'\n"fri, 01 Mar 2024",,AA,x,1,2,,1\n"Mon, 2 Mar 2024",,AA,x,1,2,,1\n',
    ),
    "what else Unicode takes for a line's end": (
        {"csv": {"skip_lines": 1, "comment": "#"}}, PLAIN,
        f"A\u2028title\x0b\n{HEADER}\n,,AA,a\u2028b\x0bc\x0cd\x85e\x1cf,1,2,,1\n#\u2029,x\n"
        ',,AA,"\u2028#no\r\ncomment",1,2,,1\n'.encode(),
    ),
    "carriage returns alone": (
        {"csv": {"skip_lines": 1, "comment": "#"}}, PLAIN,
        f"title\r{HEADER}\r# none\r,,AA,x\u2028y,1,2,,1\r".encode(),
    ),
    "JSON lines": (
        {"format": "jsonl"}, PLAIN,
        ('{"day": "2024-01-01", "distance": 1.50, "items": 7, "fragile": true, "late": 0}\n\n'
        '{"note": "a\u2028b\x85", "carrier": null, "distance": 1e3, "late": 1}\n'
        '{"distance": NaN, "note": "NaN", "late": 1}\n').encode(),
    ),
}  # fmt: skip


def definition(data: dict[str, Any], columns: dict[str, Any]) -> dict[str, Any]:
    """As it is registered."""
    given = {
        "name": "parcels",
        "data": {"format": "csv", "label": "late", "columns": columns, **data},
        "etl": {"transform": "0" * 64},
        "training": {
            "algorithm": "xgboost",
            "hyperparameters": {"objective": "binary:logistic", "num_round": 2},
        },
        "gate": {"metric": "auc", "minimum": 0.5},
    }
    return as_document(parse_definition(json.dumps(given).encode()))


def accepted(content: bytes, registered: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of the accepted copy."""
    copy = io.BytesIO()
    result = check(io.BytesIO(content), Rules.of(registered, "run-000001"), copy)
    assert result.accepted, result.problems.sentence()
    rows = csv.DictReader(io.StringIO(copy.getvalue().decode(), newline=""))
    names = registered["data"]["columns"]
    return [{name: row[name] for name in names} for row in rows]


def whole(rows: list[dict[str, str]], registered: dict[str, Any]) -> list[dict[str, str]]:
    """With the columns that a row lacks."""
    return [{name: row.get(name, "") for name in registered["data"]["columns"]} for row in rows]


@pytest.mark.parametrize(("data", "columns", "content"), FILES.values(), ids=FILES)
@pytest.mark.parametrize("pack", ["", "gzip", "zip"])
def test_a_file_is_read_as_the_data_check_reads_it(
    data: dict[str, Any], columns: dict[str, Any], content: bytes, pack: str
) -> None:
    registered = definition(data, columns)
    packed = {"": bytes, "gzip": gzip.compress, "zip": zipped}[pack](content)
    found = landed_file.rows("x", packed, registered["data"])
    assert whole(found, registered) == accepted(packed, registered)


def zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("january.csv", content)
    return buffer.getvalue()


@pytest.mark.parametrize("texts", [pa.string(), pa.binary()])
def test_parquet_is_read_by_its_types(tmp_path: Path, texts: pa.DataType) -> None:
    table = pa.table(
        {
            "day": pa.array([19753, None], pa.date32()),
            "at": pa.array([1_700_000_000_000_000, None], pa.timestamp("us")),
            "carrier": pa.array(["AA", None]).dictionary_encode(),
            "note": pa.array(["x", ""], texts), "distance": [1.5, None], "items": [7, 8],
            "fragile": [True, None], "late": [0.0, 1.0],
        }
    )  # fmt: skip
    pyarrow.parquet.write_table(table, tmp_path / "x.parquet")
    content = (tmp_path / "x.parquet").read_bytes()
    registered = definition({"format": "parquet"}, PLAIN)
    found = landed_file.rows("x", content, registered["data"])
    assert whole(found, registered) == accepted(content, registered)


NUMBERS = st.one_of(
    st.integers(-(10**12), 10**12).map(lambda n: f"{n:,}".replace(",", ".")),
    st.floats(-1e6, 1e6).map(lambda n: f"{n:.3f}".replace(".", ",")),
    st.just("n/a"),
)


DIALECTS = st.sampled_from(
    [{}, {"decimal": ","}, {"thousands": ","}, {"decimal": ",", "thousands": "."}]
)


@given(st.lists(NUMBERS, min_size=1, max_size=20))
@settings(max_examples=50)
def test_numbers_of_any_size_are_spelt_alike(numbers: list[str]) -> None:
    columns = {"distance": {"type": "number", **NULLABLE}, "late": {"type": "integer"}}
    dialect = {"delimiter": ";", "decimal": ",", "thousands": ".", "null_values": ["n/a"]}
    registered = definition({"csv": dialect}, columns)
    content = "distance;late\n" + "".join(f"{number};1\n" for number in numbers)
    found = landed_file.rows("x", content.encode(), registered["data"])
    assert found == accepted(content.encode(), registered)


@given(st.from_regex(r"[+-]?[0-9]{1,3}([.,][0-9]{1,3}){0,2}", fullmatch=True), DIALECTS)
@settings(max_examples=200)
def test_an_integer_is_spelt_as_the_check_does_or_left_as_it_landed(
    landed: str, dialect: dict[str, Any]
) -> None:
    columns = {"items": {"type": "integer", **NULLABLE}, "late": {"type": "integer"}}
    registered = definition({"csv": {"delimiter": ";", **dialect}}, columns)
    content = f"items;late\n{landed};1\n".encode()
    result = check(io.BytesIO(content), Rules.of(registered, "run-000001"), io.BytesIO())
    found = landed_file.rows("x", content, registered["data"])
    if result.accepted:
        assert found == accepted(content, registered)
    else:
        assert not re.fullmatch("[+-]?[0-9]+", str(found[0]["items"]))


@pytest.mark.parametrize("end", ["\u2028", "\x0b", "\x0c", "\x85", "\x1c"])
def test_only_what_the_data_check_takes_for_a_line_is_one(end: str) -> None:
    """Whoever reads a file divides it alike; in Latin-1 the UTF-8 of Å ends in another such end."""
    data = definition({}, {"Å": {"type": "text"}, "late": {"type": "integer"}})["data"]
    header = "Å,late"
    assert landed_file.begins_with_columns("x", f"{header}\nx,1\n".encode(), data)
    assert prepared_rows.read("x", f"1,2{end}\n3,4\n".encode(), ["a", "b"], data)[1:] == ["3,4"]
    assert find(Path("x"), f"a{end}title\r\n{header}\r\nx,1\r\n", ["late"]).above == 1
    table = Table(f"{header}\nx{end},1\n".encode(), {"data": data})
    assert (table.header, table.rows) == (header, [f"x{end},1"])


@pytest.mark.parametrize(
    ("data", "content", "told"),
    [
        ({}, b"\x1f\x8b\x08broken", "cannot be unpacked"),
        ({}, b"PK\x03\x04broken", "cannot be unpacked"),
        ({}, b"PAR1\0\0", "is not text"),
        ({}, "naïve".encode("cp1252"), "is not utf-8 text: byte 2"),
        ({"format": "parquet"}, b"day,late\n", "is not Parquet, as data.format says"),
        ({"format": "parquet"}, b"PAR1 and no more", "is damaged"),
        ({"format": "jsonl"}, b'{"late": 1}\n{"late"\n', "line 2 is not valid JSON"),
        ({"format": "jsonl"}, b'{"late": 1}\n{"late": [1]}', "row 2 holds a list or an object in"),
        ({"format": "jsonl"}, b'{"late": {"a": 1}}', "row 1 holds a list or an object in 'late'"),
        ({}, b"day,late\n1,2,3\n", "row 1 has 3 fields, not 2"),
        ({}, b"\n\n", "holds no rows"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    data: dict[str, Any], content: bytes, told: str
) -> None:
    with pytest.raises(CliError) as failure:
        landed_file.rows("x", content, definition(data, PLAIN)["data"])
    assert told in failure.value.what


def test_a_column_that_the_model_does_not_take_is_left_out() -> None:
    """Registered but newer than the champion; and any other where unknown ones are ignored."""
    registered = definition({}, PLAIN)
    content = b"carrier,express,note,late\nAA,1,x,0\n"
    with pytest.raises(CliError, match="'express' is not a column"):
        read("x", content, ["carrier"], registered)
    registered["checks"]["unknown_columns"] = "ignore"
    assert read("x", content, ["carrier"], registered) == ["AA"]
    registered["data"]["columns"]["express"] = {"type": "integer"}
    registered["checks"]["unknown_columns"] = "reject"
    assert read("x", content, ["note", "carrier"], registered) == ["x,AA"]


def test_the_endpoint_knows_the_booleans_of_the_data_check() -> None:
    expected = dict.fromkeys(column_rule.TRUE, 1.0) | dict.fromkeys(column_rule.FALSE, 0.0)
    assert expected == inference.BOOLEANS


@pytest.mark.parametrize(
    ("kind", "cell", "fits"),
    [
        ("day", "0001-01-01", False),
        ("day", "1677-09-21", False),
        ("day", "1677-09-22", True),
        ("day", "2262-04-11", True),
        ("day", "9999-12-31", False),
        ("at", "0001-01-01 00:00:00", False),
        ("at", "1677-09-21T00:12:43.145225Z", True),
        ("at", "2262-04-11T23:47:16.854775Z", True),
        ("at", "2262-04-11T23:47:16.854776Z", False),
        ("at", "9999-12-31T23:59:59Z", False),
    ],
)
def test_what_pandas_cannot_hold_is_refused_by_the_check_and_by_the_model(
    kind: str, cell: str, fits: bool
) -> None:
    registered = definition({}, PLAIN)
    content = f"{kind},late\n{cell},1\n".encode()
    by_features = {**registered, "etl": {"transform": None, "features": {"code": "c" * 64}}}
    for known, takes in ((registered, True), (by_features, fits)):
        rules = replace(Rules.of(known, "run-000001"), fill_missing=True)
        result = check(io.BytesIO(content), rules, io.BytesIO())
        assert result.accepted is takes, result.problems.sentence()
        assert takes or "data.csv.null_values" in result.problems.sentence()
    contract = {"label": "late", "columns": {kind: PLAIN[kind]}}
    if fits:
        assert inference.typed({kind: [cell]}, contract)[kind].notna().all()
    else:
        with pytest.raises(inference.RowsRefused, match="is beyond the dates of pandas"):
            inference.typed({kind: [cell]}, contract)
