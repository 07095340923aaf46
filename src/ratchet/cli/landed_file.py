"""Reads a file as it lands, whatever its dialect: CSV, JSON lines or Parquet, packed or not."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ratchet.cli import spelling
from ratchet.cli.errors import CliError

GZIP, ZIP, PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
_HEAD = 256 * 1024
_JSON = re.compile(r'\s*(\{\s*("|\}\s*$)|\[\s*[\[\]{])', re.MULTILINE)
LEAST_KNOWN = 0.5  # of the names of a first line, for it to be a header

Row = dict[str, str]
Columns = Mapping[str, Mapping[str, Any]]


def rows(name: str, content: bytes, data: Mapping[str, Any]) -> list[Row]:
    """The rows by column, spelt as in the accepted copy, '' where a value is missing.

    `data` is the section of the definition, columns included. A CSV file may lack its header, then
    the label too; a JSON document of objects is read in place of any format.
    """
    columns: Columns = data["columns"]
    dialect: Mapping[str, Any] = data.get("csv") or {}
    content = unpacked(name, content)
    if data.get("format") == "parquet" and not content.lstrip().startswith((b"{", b"[")):
        found = of_parquet(name, content)
    else:
        found = _objects_or_csv(name, content, data, dialect)
    if not found:
        raise CliError(f"{name} holds no rows")
    return [
        {key: _spelt(text, columns.get(key), dialect) for key, text in row.items()} for row in found
    ]


def begins_with_columns(name: str, content: bytes, data: Mapping[str, Any]) -> bool:
    """Whether it is a file as it lands: packed, Parquet, JSON, or CSV with its header."""
    content = unpacked(name, content)
    if content.startswith((PARQUET, b"{", b"[")):
        return True
    dialect: Mapping[str, Any] = data.get("csv") or {}
    first = lines(content[:_HEAD].decode(dialect.get("encoding", "utf-8"), "replace"))[0]
    names = first.split(dialect.get("delimiter", ","))
    known = {one.strip(" \ufeff\"'") for one in names} & {*data["columns"]}
    return len(known) > LEAST_KNOWN * len(names)


def lines(text: str) -> list[str]:
    """The lines as the data check divides them: fields may hold what else Unicode calls a line."""
    return _with_line_feeds(text).split("\n")


def _with_line_feeds(text: str) -> str:
    text = text.replace("\r\n", "\n")
    return text if "\n" in text else text.replace("\r", "\n")


def _spelt(text: str, column: Mapping[str, Any] | None, dialect: Mapping[str, Any]) -> str:
    return text if column is None else spelling.spelt(text, column, dialect) or ""


def unpacked(name: str, content: bytes) -> bytes:
    """The file out of gzip or out of an archive of one file."""
    try:
        if content.startswith(GZIP):
            return gzip.decompress(content)
        if content.startswith(ZIP):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                members = [one for one in archive.infolist() if not one.is_dir()]
                if len(members) != 1:
                    raise CliError(f"{name} is a zip archive of {len(members)} files, not of one")
                return archive.read(members[0])
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        raise CliError(f"{name} cannot be unpacked: {error}") from error
    return content


# --- JSON and Parquet ----------------------------------------------------------------------------


def _objects_or_csv(
    name: str, content: bytes, data: Mapping[str, Any], dialect: Mapping[str, Any]
) -> list[Row]:
    text = _text(name, content, str(dialect.get("encoding", "utf-8")))
    first = text.lstrip().partition("\n")[0]
    is_table = str(dialect.get("delimiter", ",")) in first and not begins_as_json(text)
    if data.get("format") == "jsonl" or (first[:1] in ("{", "[") and not is_table):
        return of_json(name, text)
    return _csv(name, text, data, dialect)


def begins_as_json(text: str) -> bool:
    """Whether an object or a list of them begins here; a column of CSV may be called {a} or [b]."""
    return _JSON.match(text) is not None


def _text(name: str, content: bytes, encoding: str) -> str:
    try:
        return content.decode("utf-8-sig" if encoding == "utf-8" else encoding).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        step = "Save it so, or set data.csv.encoding in pipeline.yaml."
        raise CliError(f"{name} is not {encoding} text: byte {error.start}", step) from error


def of_json(name: str, text: str) -> list[Row]:
    """One object, a list of them, or one a line; every value as text."""
    objects = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    try:
        found = _loaded(text)
    except ValueError as error:
        if len(objects) < 2:
            raise CliError(f"{name} is not valid JSON: {error}") from error
        found = [_object(name, line, number) for number, line in objects]
    found = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) for one in found):
        raise CliError(f"{name} must contain an object, or a list of objects, by column")
    return _as_text(name, found)


def _as_text(name: str, objects: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The rows with every value as text; the data check takes no lists and objects either."""
    for number, one in enumerate(objects, 1):
        nested = [key for key, value in one.items() if isinstance(value, list | dict)]
        if nested:
            raise CliError(
                f"{name}, row {number} holds a list or an object in {nested[0]!r}",
                "Rows must be flat: write a plain value for each column.",
            )
    return [{str(key): spelling.of_value(value) for key, value in one.items()} for one in objects]


def _object(name: str, line: str, number: int) -> Any:
    try:
        return _loaded(line)
    except ValueError as error:
        raise CliError(f"{name}, line {number} is not valid JSON: {error}") from error


def _loaded(text: str) -> Any:
    """JSON with its numbers as they are written."""
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=_constant)


def _constant(name: str) -> str | None:
    return None if name == "NaN" else name


def of_parquet(name: str, content: bytes) -> list[Row]:
    """The rows of a Parquet file, every value as text."""
    from ratchet.cli import extras

    if not content.startswith(PARQUET):
        raise CliError(f"{name} is not Parquet, as data.format says")
    extras.require("local")
    import pyarrow as pa
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        raise CliError(f"{name} is damaged: {error}") from error
    for place, field in enumerate(table.schema):
        if pa.types.is_binary(field.type):  # texts, of those who write no type for them
            with contextlib.suppress(pa.ArrowInvalid):
                texts = table.column(place).cast(pa.string())
                table = table.set_column(place, field.name, texts)
    return _as_text(name, table.to_pylist())


# --- CSV -----------------------------------------------------------------------------------------


def _csv(name: str, text: str, data: Mapping[str, Any], dialect: Mapping[str, Any]) -> list[Row]:
    if "\0" in text:
        raise CliError(f"{name} is not text", "Is it another format than data.format says?")
    found = list(_fields(name, text, dialect))
    if not found:
        raise CliError(f"{name} holds no rows")
    header = _header(found, data, dialect)
    for number, line in enumerate(found, start=1):
        if len(line) != len(header):
            separator = dialect.get("delimiter", ",")
            raise CliError(
                f"{name}, row {number} has {len(line)} fields, not {len(header)}",
                f"The columns are {', '.join(header)}; they are separated by {separator!r}",
            )
    return [dict(zip(header, line, strict=True)) for line in found]


def _header(
    found: list[list[str]], data: Mapping[str, Any], dialect: Mapping[str, Any]
) -> Sequence[str]:
    """The names of the columns: the first line, which goes, or those that were agreed on."""
    columns: Columns = data["columns"]
    first = [field.strip() if dialect.get("trim") else field for field in found[0]]
    if len(set(first) & set(columns)) > LEAST_KNOWN * len(first):
        del found[0]
        return first
    whole = list(dialect.get("names") or columns)
    without = [column for column in whole if column != data["label"]]
    return whole if len(first) == len(whole) else without


def _fields(name: str, text: str, dialect: Mapping[str, Any]) -> Iterator[list[str]]:
    quote, escape = dialect.get("quote", '"'), dialect.get("escape")
    reader = csv.reader(
        io.StringIO(_without_comments(text, dialect), newline=""),
        delimiter=dialect.get("delimiter", ","),
        quotechar=quote,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        escapechar=escape,
    )
    try:
        yield from (line for line in reader if line)
    except csv.Error as error:
        raise CliError(f"{name}, line {reader.line_num} cannot be read: {error}") from error


def _without_comments(text: str, dialect: Mapping[str, Any]) -> str:
    """Without the lines that are skipped, and those that begin as comments outside of quotes."""
    comment, quote = dialect.get("comment"), dialect.get("quote", '"')
    kept, quotes = list[str](), 0
    for line in lines(text)[int(dialect.get("skip_lines") or 0) :]:
        if comment and quotes % 2 == 0 and line.startswith(comment):
            continue
        quotes += line.count(quote) if quote else 0
        kept.append(line)
    return "\n".join(kept)
