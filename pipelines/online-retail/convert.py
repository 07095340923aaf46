"""Makes a drop of UCI's Online Retail: of the lines of invoices, a row an order.

    python pipelines/online-retail/convert.py online_retail.csv orders.csv

Takes the workbook that UCI publishes (its first sheet), or a CSV file of it, plain or gzipped, with
ISO or American dates, in UTF-8 or latin-1; the second edition (Invoice, Price, Customer ID) too.
Everything is read line by line, and DuckDB keeps to 256 MB whatever the file's size. Cancelled
invoices and those of nobody are left out, and so are the orders of the last 30 days, of which no
one knows yet whether another follows. What is a drop already is copied as it is.
"""

from __future__ import annotations

import csv
import gzip
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import duckdb

WITHIN = 30  # days
MEMORY = "256MB"
HEADER = (
    "customer,ordered,country,value,items,products,orders_before,spent_before,days_since_last,"
    "days_since_first,again"
)
SPELLINGS = {
    "invoice": ("invoiceno", "invoice"),
    "product": ("stockcode",),
    "quantity": ("quantity",),
    "moment": ("invoicedate",),
    "price": ("unitprice", "price"),
    "customer": ("customerid",),
    "country": ("country",),
}
"""By what is meant, how the published files spell it: letters alone."""
SHEET, TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
SHEET_XML = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (day 0 of a workbook, in nobody's zone)
DATES = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
)

LINES = """
    CREATE TABLE orders AS
    SELECT customer, invoice, min(moment) AS moment, any_value(country) AS country,
           sum(quantity * price) AS value, sum(quantity) AS items,
           count(DISTINCT product) AS products
    FROM (
        SELECT {invoice} AS invoice, {product} AS product, {country} AS country,
               regexp_replace({customer}, '\\.0$', '') AS customer,
               CAST({quantity} AS BIGINT) AS quantity, CAST({price} AS DECIMAL(18, 4)) AS price,
               strptime({moment}, $dates) AS moment
        FROM read_csv($file, header = true, all_varchar = true, delim = ',', quote = '"',
                      escape = '"', encoding = $encoding, compression = $compression)
        WHERE {customer} <> '' AND NOT starts_with({invoice}, 'C')
    )
    GROUP BY customer, invoice
"""
ORDERS = """
    COPY (
        SELECT customer, strftime(moment, '%Y-%m-%dT%H:%M:%SZ') AS ordered, country,
               round(value, 2) AS value, items, products, orders_before,
               round(spent_before, 2) AS spent_before,
               round(date_diff('second', last, moment) / 86400, 4) AS days_since_last,
               round(date_diff('second', first, moment) / 86400, 4) AS days_since_first,
               CAST(coalesce(date_diff('second', moment, next) <= {within} * 86400, false) AS INT)
                   AS again
        FROM (
            SELECT *, row_number() OVER past - 1 AS orders_before,
                   sum(value) OVER past - value AS spent_before,
                   lag(moment) OVER past AS last, first_value(moment) OVER past AS first,
                   lead(moment) OVER past AS next, max(moment) OVER () AS until
            FROM orders WINDOW past AS (PARTITION BY customer ORDER BY moment, invoice)
        )
        WHERE moment < until - to_days({within})
        ORDER BY moment, invoice
    ) TO '{out}' (HEADER, DELIMITER ',')
"""


class NotRetailData(Exception):
    """The file is not one of those this script knows."""


def convert(source: Path, out: Path) -> None:
    """Write the drop."""
    with tempfile.TemporaryDirectory() as folder:
        if zipfile.is_zipfile(source):
            source = unfolded(source, Path(folder) / "sheet.csv")
        convert_csv(source, out, folder)


def convert_csv(source: Path, out: Path, folder: str) -> None:
    """Write the drop of a CSV file."""
    with source.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    header, encoding = beginning(source, packed=packed)
    if header == HEADER:
        content = source.read_bytes()
        out.write_bytes(gzip.decompress(content) if packed else content)
        return
    columns = places(header)
    with duckdb.connect() as engine:
        engine.execute(f"SET memory_limit = '{MEMORY}'")
        engine.execute(f"SET temp_directory = '{folder}'")
        given = {
            "file": str(source),
            "encoding": encoding,
            "compression": "gzip" if packed else "none",
            "dates": list(DATES),
        }
        try:
            engine.execute(LINES.format(**columns), given)
        except duckdb.Error as error:
            reason = str(error).strip().splitlines()[0]
            raise NotRetailData(f"the lines cannot be read: {reason[:200]}") from error
        engine.execute(ORDERS.format(out=str(out).replace("'", "''"), within=WITHIN))


def unfolded(workbook: Path, out: Path) -> Path:
    """The first sheet of a workbook as CSV, row by row: as a whole it is a gigabyte of objects."""
    with zipfile.ZipFile(workbook) as parts, out.open("w", encoding="utf-8", newline="") as table:
        try:
            texts = list(shared_texts(parts)) if TEXTS in parts.namelist() else []
            csv.writer(table).writerows(sheet_rows(parts, texts))
        except (zipfile.BadZipFile, LookupError, ValueError, ET.ParseError) as error:
            raise NotRetailData(f"the workbook cannot be read: {error}") from error
    return out


def shared_texts(parts: zipfile.ZipFile) -> Iterator[str]:
    """The texts that cells name by number."""
    with parts.open(TEXTS) as file:
        for _, node in ET.iterparse(file):  # noqa: S314 (expat bounds what entities amplify)
            if node.tag == f"{SHEET_XML}si":
                yield "".join(text.text or "" for text in node.iter(f"{SHEET_XML}t"))
                node.clear()


def sheet_rows(parts: zipfile.ZipFile, texts: list[str]) -> Iterator[list[str]]:
    """The rows of the first sheet; a column of dates is written as ISO."""
    date = -1
    with parts.open(SHEET) as file:
        events = ET.iterparse(file, events=("start", "end"))  # noqa: S314
        _, root = next(events)
        for event, node in events:
            if event == "end" and node.tag == f"{SHEET_XML}row":
                row = cells(node, texts)
                names = [name.lower() for name in row]
                date = names.index("invoicedate") if "invoicedate" in names else date
                if date >= 0 and re.fullmatch(r"[0-9.]+", row[date]):
                    moment = EPOCH + timedelta(seconds=round(float(row[date]) * 86400))
                    row[date] = moment.isoformat(sep=" ")
                yield row
                root.clear()
                node.clear()


def cells(row: ET.Element, texts: list[str]) -> list[str]:
    """The texts of a row; what a row leaves out is empty."""
    found = [""] * 8
    for cell in row.iter(f"{SHEET_XML}c"):
        place = ord(cell.get("r", "A1")[0]) - ord("A")
        value = cell.findtext(f"{SHEET_XML}v") or cell.findtext(f"{SHEET_XML}is/{SHEET_XML}t") or ""
        if place < len(found):
            found[place] = texts[int(value)] if cell.get("t") == "s" else value
    return found


def beginning(source: Path, *, packed: bool) -> tuple[str, str]:
    """The first line, and the encoding: latin-1 takes every byte, so it is the second guess."""
    with gzip.open(source) if packed else source.open("rb") as file:
        header = file.readline().decode("utf-8-sig", "replace").strip()
        try:
            while block := file.readlines(1 << 20):
                b"".join(block).decode("utf-8")
        except UnicodeDecodeError:
            return header, "latin-1"
    return header, "utf-8"


def places(header: str) -> dict[str, str]:
    """The quoted name of each column that is needed; NotRetailData names the first that lacks."""
    names = [name.strip().strip('"') for name in header.split(",")]
    known = {re.sub("[^a-z]", "", name.lower()): name for name in names}
    found = {
        meant: '"' + known[spelling].replace('"', '""') + '"'
        for meant, spellings in SPELLINGS.items()
        for spelling in spellings
        if spelling in known
    }
    for meant, spellings in SPELLINGS.items():
        if meant not in found:
            raise NotRetailData(
                f"no column is the {meant} ({' or '.join(spellings)} in letters); "
                f"the header reads: {header[:120]}"
            )
    return found


def main() -> int:
    """Convert a file."""
    if len(sys.argv) != 3:
        print(f"usage: python {sys.argv[0]} SOURCE OUT", file=sys.stderr)
        return 2
    try:
        convert(Path(sys.argv[1]), Path(sys.argv[2]))
    except NotRetailData as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
