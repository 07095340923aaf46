"""The first look at landed bytes: are they text, separated as agreed, with the right header?"""

from __future__ import annotations

import csv
import difflib
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from retraining.documents.check_report import Problem
from retraining.rules.data_check.agreed import Dialect, Rules
from retraining.rules.problems import shown

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", ":": "colon"}
UTF_32: Final = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
MAGIC: Final = (
    (b"\x1f\x8b", "packed twice", "pack it once"),
    (b"PK\x03\x04", "packed twice", "pack it once"),
    (b"PK\x05\x06", "an empty zip archive", "put one file into it"),
    (b"PAR1", "Parquet", "set data.format to parquet, or write it as CSV"),
    (b"BZh", "bzip2-compressed", "drop it unpacked, or packed with gzip"),
    (b"\xfd7zXZ\x00", "xz-compressed", "drop it unpacked, or packed with gzip"),
    (b"\x28\xb5\x2f\xfd", "Zstandard-compressed", "drop it unpacked, or packed with gzip"),
    (b"ORC", "ORC", "write it as Parquet or CSV"),
    (b"Obj\x01", "Avro", "write it as Parquet or CSV"),
    (b"%PDF", "a PDF document", "export the table as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file", "save it as CSV UTF-8"),
    *((mark, "UTF-32 text", "save it as UTF-8") for mark in UTF_32),
    (b"\xff\xfe", "UTF-16 text", "save it as UTF-8, or set data.csv.encoding to utf-16"),
    (b"\xfe\xff", "UTF-16 text", "save it as UTF-8, or set data.csv.encoding to utf-16"),
)


KINDS: Final = {
    ("<!doctype", "<html", "<?xml"): "it looks like a web page; ",
    ("{",): "it looks like JSON lines: set data.format to jsonl; ",
    ("sep=",): "it begins with a line for Excel: set data.csv.skip_lines to 1; ",
    ("[",): "it looks like a JSON array, which is not read: write one object a line (jsonl); ",
}
NEAR: Final = 1000  # unknown names among which a misspelt one is looked for


def not_text(head: bytes, encoding: str) -> Problem | None:
    """What the first bytes are, when they are not text."""
    if encoding == "utf-16" and not head.startswith(UTF_32):  # its mark begins as UTF-16's does
        return None
    for magic, kind, remedy in MAGIC:
        if head.startswith(magic) and not _plain_word(head, magic):
            return Problem("encoding", f"the file is {kind}, not {encoding} text: {remedy}")
    if b"\0" in head:
        at = head.index(b"\0")
        return Problem("encoding", f"the file is not text (byte {at} is zero): drop a UTF-8 CSV")
    return None


def _plain_word(head: bytes, magic: bytes) -> bool:
    """A header may begin with letters that are also a magic number, as in `ORCHARD,...`."""
    return magic.isalnum() and head[:200].isascii() and b"\0" not in head


BLANK: Final = "\0"
"""How the names begin that columns without a name get here."""


@dataclass(frozen=True)
class Header:
    """The columns of a file, in its order, and what is wrong with them."""

    names: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    """What is not wrong but worth telling."""
    blank: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Columns of the contract that count as missing in every row."""


def fields(line: str, dialect: Dialect) -> list[str]:
    """The fields of one line; one that no reader divides, as a field beyond 128 KB, is a field."""
    try:
        return next(csv.reader(io.StringIO(line, newline=""), **_csv(dialect)), [])
    except csv.Error:
        return [line.removesuffix("\n")]


def _csv(dialect: Dialect) -> dict[str, Any]:
    quoting = csv.QUOTE_NONE if dialect.quote is None else csv.QUOTE_MINIMAL
    return {
        "delimiter": dialect.delimiter,
        "quotechar": dialect.quote,
        "quoting": quoting,
        "escapechar": dialect.escape,
    }


def header(line: bytes, rules: Rules) -> Header:
    """What the header's line says."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        bad = shown(line[max(0, error.start - 10) : error.start + 10].decode("latin-1"))
        sentence = (
            f"the header is not UTF-8 near {bad!r}: save it as UTF-8, or set data.csv.encoding"
        )
        return Header(problems=(Problem("encoding", sentence),))
    names = fields(text, rules.dialect)
    if rules.dialect.trim:
        names = [name.strip() for name in names]
    known = len(set(names) & set(rules.names))
    other = _fitting_delimiter(text, rules, known)
    if other:
        return Header(problems=(_wrong_delimiter(other, rules.dialect.delimiter),))
    if not known:
        return Header(problems=(_no_header(text, rules.names),))
    return named(names, rules)


def named(names: list[str], rules: Rules) -> Header:
    """What the names of a file's columns say."""
    blank = [n for n, name in enumerate(names) if not name.strip()]
    found = [name if n not in blank else f"{BLANK}{n + 1}" for n, name in enumerate(names)]
    missing = [name for name in rules.names if name not in found]
    nullable = {column.name for column in rules.columns if column.nullable}
    filled = [name for name in missing if rules.fill_missing and name in nullable]
    extra = [n for n in dict.fromkeys(found) if n not in rules.names and n[0] != BLANK]
    problems = [
        _missing(name, extra, rules, nullable=name in nullable)
        for name in missing
        if name not in filled
    ]
    problems += [_extra(name) for name in extra if not rules.ignore_unknown]
    problems += [
        Problem("header", f"column {shown(name)!r} appears twice in the header", column=shown(name))
        for name, count in Counter(found).items()
        if count > 1 and (name in rules.names or not rules.ignore_unknown)
    ]
    return Header(
        tuple(_distinct(found)),
        tuple(problems),
        tuple(_notes(extra if rules.ignore_unknown else [], filled, len(blank))),
        tuple(found[n] for n in blank),
        tuple(filled),
    )


def _distinct(names: list[str]) -> list[str]:
    """The names, the later of two equal ones changed: only ignored ones are still there twice."""
    seen: set[str] = set()
    for n, name in enumerate(names):
        names[n] = name if name not in seen else f"{BLANK}{BLANK}{n}"
        seen.add(name)
    return names


def _notes(extra: list[str], filled: list[str], blank: int) -> Iterator[str]:
    if extra:
        yield f"not in columns.yaml and ignored: {shown(', '.join(extra))}"
    if filled:
        yield f"not in the file and taken as missing: {shown(', '.join(filled))}"
    if blank:
        columns = "1 column" if blank == 1 else f"{blank} columns"
        yield f"{columns} without a name and without a value left out"


def _fitting_delimiter(text: str, rules: Rules, known: int) -> str | None:
    """Another delimiter under which the line holds more of the columns."""
    agreed = rules.dialect
    others = {
        d: len(set(fields(text, replace(agreed, delimiter=d))) & set(rules.names))
        for d in DELIMITERS
        if d != agreed.delimiter
    }
    best = max(others, key=lambda d: others[d])
    return best if others[best] > max(known, 1) else None


def _wrong_delimiter(found: str, agreed: str) -> Problem:
    sentence = (
        f"the file is separated by {DELIMITERS[found]} ({found!r}), but pipeline.yaml expects"
        f" {DELIMITERS[agreed]} ({agreed!r}): set data.csv.delimiter to {found!r} or export it"
        " again"
    )
    return Problem("delimiter", sentence, value=found)


def _no_header(text: str, columns: list[str]) -> Problem:
    what = next((it for begin, it in KINDS.items() if text.lstrip().lower().startswith(begin)), "")
    sentence = (
        f"the first line {shown(text)!r} contains no column of the contract: {what}"
        f"the file needs a header with {', '.join(columns)}, or data.csv.header: false"
    )
    return Problem("header", sentence, value=shown(text))


def _missing(name: str, extra: list[str], rules: Rules, *, nullable: bool) -> Problem:
    lower = [e.lower() for e in extra[:NEAR]]
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
    original = next((e for e in extra if near and e.lower() == near[0]), None)
    role = "the label column" if name == rules.label else "column"
    hint = f"; the file has {shown(original)!r} instead" if original else ""
    hint = hint or (f"; unknown columns in the file: {shown(', '.join(extra))}" if extra else "")
    if nullable and not original:
        hint += "; with checks.missing_columns: fill it counts as missing in every row"
    return Problem("missing column", f"{role} {name!r} is missing{hint}", column=name)


def _extra(name: str) -> Problem:
    sentence = (
        f"column {shown(name)!r} is not in columns.yaml: add it there, leave it out of the file, or"
        " set checks.unknown_columns to ignore"
    )
    return Problem("unknown column", sentence, column=shown(name))
