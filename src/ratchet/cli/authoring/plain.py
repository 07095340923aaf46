"""A file as plain UTF-8 text: unpacked, in its encoding; Parquet and JSON lines as CSV."""

from __future__ import annotations

import codecs
import csv
import gzip
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ratchet.cli import landed_file
from ratchet.cli.errors import CliError

_HEAD = 256 * 1024
_BLOCK = 1 << 20
PARQUET, JSON_LINES = "parquet", "jsonl"
_PACKED = {b"PK\x03\x04": "a zip archive or an Excel file", b"%PDF": "PDF"}


@dataclass(frozen=True)
class Plain:
    """The beginning of the text, a file that holds all of it, and the dialect's keys for it.

    `format` is data.format, of Parquet and JSON lines; then the copy is plain CSV.
    """

    text: str
    copy: Path
    dialect: dict[str, Any]
    packed: bool = False
    format: str | None = None


@contextmanager
def opened(path: Path) -> Iterator[Plain]:
    """The file as UTF-8 without a byte order mark; a copy where it is not that already."""
    with path.open("rb") as file:
        first = file.read(4)
    for magic, kind in _PACKED.items():
        if first.startswith(magic):
            raise CliError(f"{path} is {kind}, not CSV", "Export it as CSV; gzip is fine.")
    form = PARQUET if first.startswith(landed_file.PARQUET) else _form(path)
    encoding = "utf-8" if form else _encoding(path)
    with tempfile.TemporaryDirectory(prefix="ratchet-new-") as folder:
        copy = Path(folder) / "file.csv"
        if form:
            _write_table(path, form, copy)
        else:
            _write(path, encoding, copy)
        with copy.open(encoding="utf-8", newline="") as file:
            text = file.read(_HEAD)
        if not text.strip():
            raise CliError(f"{path} is empty", "Give a CSV file with a header and rows.")
        if "\0" in text:
            raise CliError(f"{path} is not text", "Give a CSV file.")
        dialect = {} if encoding == "utf-8" else {"encoding": encoding}
        yield Plain(text, copy, dialect, first.startswith(landed_file.GZIP), form)


def _form(path: Path) -> str | None:
    """JSON lines begin with an object."""
    try:
        with _bytes(path) as file:
            begin = file.read(_BLOCK).removeprefix(codecs.BOM_UTF8).decode("latin-1").lstrip()
    except (OSError, EOFError) as error:
        raise CliError(f"{path} cannot be unpacked: {error}") from error
    if begin.startswith("[") and landed_file.begins_as_json(begin):
        raise CliError(f"{path} is a list in JSON, not JSON lines", "Write one object a line.")
    is_json = begin.startswith("{") and landed_file.begins_as_json(begin)
    return JSON_LINES if is_json else None


def _write_table(path: Path, form: str, copy: Path) -> None:
    """The rows of Parquet or JSON lines as plain CSV."""
    content = landed_file.unpacked(str(path), path.read_bytes())
    if form == PARQUET:
        rows = landed_file.of_parquet(str(path), content)
        _require_readable(path, content)
    else:
        rows = landed_file.of_json(str(path), content.decode("utf-8-sig", "replace"))
    names = list(dict.fromkeys(name for row in rows for name in row))
    with copy.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _require_readable(path: Path, content: bytes) -> None:
    """CliError for a column of a type that a data check does not read."""
    import pyarrow as pa
    import pyarrow.parquet

    for field in pyarrow.parquet.read_schema(pa.BufferReader(content)):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_time(kind) or pa.types.is_duration(kind) or pa.types.is_interval(kind):
            raise CliError(
                f"{path}: column {field.name!r} holds {field.type}, which no data check reads",
                "Write it as a number of seconds, say, or leave it out.",
            )


def _bytes(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == landed_file.GZIP
    return gzip.open(path) if packed else path.open("rb")  # type: ignore[return-value]


def _encoding(path: Path) -> str:
    """UTF-16 by its mark, UTF-8 if all of it is, else what Windows writes in the west."""
    with _bytes(path) as file:
        first = file.read(4)
    if first.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise CliError(f"{path} is UTF-32 text, which no pipeline reads", "Save it as UTF-8.")
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8", "cp1252"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with _bytes(path) as file:
                while block := file.read(_BLOCK):
                    decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        except (OSError, EOFError) as error:
            raise CliError(f"{path} cannot be unpacked: {error}") from error
        return encoding
    return "latin-1"


def _write(path: Path, encoding: str, copy: Path) -> None:
    spelt = "utf-8-sig" if encoding == "utf-8" else encoding
    with _bytes(path) as file, copy.open("w", encoding="utf-8", newline="") as out:
        reader = codecs.getreader(spelt)(file)
        while block := reader.read(_BLOCK):
            out.write(block)
