"""The Online Retail pipeline: its made-up orders, and what its converter takes."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import runpy
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pandas as pd
import pytest
import unit_scripts
from unit_scripts import Ended, run_script

pytestmark = pytest.mark.process
PIPELINE = "online-retail"
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
DAY_0 = dt.datetime(1899, 12, 30)  # noqa: DTZ001 (of a workbook)
LINES = [
    "1,85123A,HEART,6,2011-01-01 08:00:00,2.55,17850.0,United Kingdom",
    '1,71053,"LANTERN, WHITE",2,2011-01-01 08:00:00,3.39,17850.0,United Kingdom',
    "1,71053,,1,2011-01-01 08:01:00,3.39,17850.0,United Kingdom",
    "2,POST,POSTAGE,1,2011-01-10 12:30:00,10,12583.0,France",
    "C3,85123A,HEART,-6,2011-01-11 08:00:00,2.55,17850.0,United Kingdom",
    "4,85123A,HEART,1,2011-01-12 09:00:00,2.55,,United Kingdom",
    "5,22752,BOXES,1,2011-01-31 07:59:59,7.65,17850.0,United Kingdom",
    "6,22752,BOXES,1,2011-02-09 12:30:01,7.65,12583.0,France",
    "7,22752,BOXES,1,2011-03-20 08:00:00,7.65,99999.0,Spain",
]
WANTED = [
    ("17850", "2011-01-01T08:00:00Z", "25.47", "9", "2", "0", "0.00", "", "1"),
    ("12583", "2011-01-10T12:30:00Z", "10.00", "1", "1", "0", "0.00", "", "0"),
    ("17850", "2011-01-31T07:59:59Z", "7.65", "1", "1", "1", "25.47", "30.0", "0"),
    ("12583", "2011-02-09T12:30:01Z", "7.65", "1", "1", "1", "10.00", "30.0", "0"),
]
"""One that comes again a second before 30 days are over, and one a second after it."""
SHOWN = ("customer", "ordered", "value", "items", "products", "orders_before", "spent_before",
         "days_since_last", "again")  # fmt: skip


def rows(header: str = HEADER) -> list[list[str]]:
    return list(csv.reader([header, *LINES]))


def text(table: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(table)
    return out.getvalue()


def american(header: str) -> bytes:
    """As a spreadsheet saves it: other dates, whole numbers of customers, and latin-1."""
    table = rows(header)
    for row in table[1:]:
        at = dt.datetime.fromisoformat(row[4])
        row[4] = f"{at.month}/{at.day}/{at.year} {at:%H:%M:%S}"
        row[2], row[6] = "POCKET MONEY £", row[6].removesuffix(".0")
    return text(table).replace(":00,", ",").encode("latin-1")


def workbook() -> bytes:
    """As UCI publishes it, as far as the converter reads it; empty cells are left out."""
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    texts: list[str] = []
    lines = []
    for number, row in enumerate(rows(), start=1):
        cells = []
        for place, value in enumerate(row):
            at = f'r="{"ABCDEFGH"[place]}{number}"'
            if number > 1 and place == 4:
                since = dt.datetime.fromisoformat(value) - DAY_0
                cells.append(f"<c {at}><v>{since / dt.timedelta(days=1)}</v></c>")
            elif value and value.replace(".", "").replace("-", "").isdigit():
                cells.append(f"<c {at}><v>{float(value):g}</v></c>")
            elif value:
                cells.append(f'<c {at} t="s"><v>{len(texts)}</v></c>')
                texts.append(value)
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as parts:
        parts.writestr("xl/workbook.xml", "<workbook/>")
        parts.writestr(
            "xl/worksheets/sheet1.xml",
            f"<worksheet {space}><sheetData>{''.join(lines)}</sheetData></worksheet>",
        )
        shared = "".join(f"<si><r><t>{escape(one)}</t></r></si>" for one in texts)
        parts.writestr("xl/sharedStrings.xml", f"<sst {space}>{shared}</sst>")
    return out.getvalue()


def run(script: str, *arguments: str) -> Ended:
    return run_script(PIPELINE, script, *arguments)


def converted(folder: Path, content: bytes) -> list[tuple[str, ...]]:
    made = unit_scripts.converted(PIPELINE, folder, content)
    return [tuple(row[name] for name in SHOWN) for row in made]


@pytest.mark.parametrize(
    "content",
    [
        text(rows()).encode(),
        b"\xef\xbb\xbf" + text(rows()).replace("\n", "\r\n").encode(),
        gzip.compress(text(rows()).encode()),
        workbook(),
    ],
    ids=["csv", "windows", "gzip", "workbook"],
)
def test_lines_of_invoices_become_orders_that_know_their_past(
    tmp_path: Path, content: bytes
) -> None:
    assert converted(tmp_path, content) == WANTED


@pytest.mark.parametrize(
    "header",
    [HEADER, "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"],
)
def test_other_dates_letters_and_names_of_columns_are_the_same_orders(
    tmp_path: Path, header: str
) -> None:
    assert converted(tmp_path, american(header)) == WANTED


def test_orders_are_the_same_every_time_and_a_drop_is_copied_as_it_is(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    for out in (one, two):
        assert run("sample_data.py", "--rows", "2000", "--out", str(out)).returncode == 0
    assert one.read_bytes() == two.read_bytes()
    with one.open(newline="") as lines:
        made: list[dict[str, Any]] = list(csv.DictReader(lines))
    assert made == sorted(made, key=lambda row: row["ordered"])
    assert 0.4 < sum(int(row["again"]) for row in made) / len(made) < 0.7
    assert run("convert.py", str(one), str(two)).returncode == 0
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no column is the invoice"),
        (text(rows()).replace("UnitPrice", "Cost").encode(), "no column is the price"),
        (text(rows()).replace(",6,", ",six,").encode(), "six"),
        (text(rows()).replace("2011-01-10", "yesterday").encode(), "yesterday"),
        (b"PK\x03\x04 and no more", "no column is the invoice"),
        (workbook().replace(b"sheet1.xml", b"sheet9.xml"), "xl/worksheets/sheet1.xml"),
        (workbook().replace(b"worksheet>", b"worksheet"), "the workbook cannot be read"),
    ],
)
def test_another_file_is_refused_in_a_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "in").write_bytes(content)
    ended = run("convert.py", str(tmp_path / "in"), str(tmp_path / "out.csv"))
    assert ended.returncode == 1, ended.stderr
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1, "of a script's message the demo shows the last line"


def test_a_customer_and_a_moment_are_no_features_of_an_order() -> None:
    """The number of a customer says nothing about one who comes for the first time."""
    orders = pd.DataFrame([dict(zip(SHOWN, order, strict=True)) for order in WANTED])
    numbers = list(SHOWN[2:-1])
    orders[numbers] = orders[numbers].apply(pd.to_numeric)
    rows = orders.assign(
        country="France", ordered=pd.to_datetime(orders["ordered"]), days_since_first=0
    )
    features = runpy.run_path(str(unit_scripts.PIPELINES / PIPELINE / "features.py"))["features"]
    made = features(rows)
    assert {"customer", "ordered"}.isdisjoint(made.columns)
    assert made.equals(features(rows.assign(customer="12345")))
