"""The first look at landed bytes: are they text, separated as agreed, with the right header?"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections import Counter
from typing import Final

from retraining.documents.check_report import Problem
from retraining.rules.problems import shown

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", ":": "colon"}
UTF8_BOM: Final = b"\xef\xbb\xbf"
MAGIC: Final = (
    (b"\x1f\x8b", "gzip-compressed", "unpack it (gunzip) and drop the CSV file"),
    (b"PK\x03\x04", "a zip archive (or an Excel file)", "unpack it and drop the CSV file"),
    (b"PAR1", "Parquet", "write it as CSV: this release reads only csv"),
    (b"BZh", "bzip2-compressed", "unpack it and drop the CSV file"),
    (b"\xfd7zXZ\x00", "xz-compressed", "unpack it and drop the CSV file"),
    (b"\x28\xb5\x2f\xfd", "Zstandard-compressed", "unpack it and drop the CSV file"),
    (b"ORC", "ORC", "write it as CSV: this release reads only csv"),
    (b"Obj\x01", "Avro", "write it as CSV: this release reads only csv"),
    (b"%PDF", "a PDF document", "export the table as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file", "save it as CSV UTF-8"),
    (b"\xff\xfe", "UTF-16 text", "save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "save it as UTF-8"),
)


KINDS: Final = {
    ("<!doctype", "<html", "<?xml"): "it looks like a web page; ",
    ("{", "["): "it looks like JSON, and this release reads only csv; ",
}
NEAR: Final = 1000  # unknown names among which a misspelt one is looked for


def not_text(head: bytes) -> Problem | None:
    """What the first bytes are, when they are not UTF-8 text."""
    for magic, kind, remedy in MAGIC:
        if head.startswith(magic) and not _plain_word(head, magic):
            return Problem("encoding", f"the file is {kind}, not UTF-8 text: {remedy}")
    if b"\0" in head:
        at = head.index(b"\0")
        return Problem("encoding", f"the file is not text (byte {at} is zero): drop a UTF-8 CSV")
    return None


def _plain_word(head: bytes, magic: bytes) -> bool:
    """A header may begin with letters that are also a magic number, as in `ORCHARD,...`."""
    return magic.isalnum() and head[:200].isascii() and b"\0" not in head


def header_line(head: bytes) -> bytes:
    """The first line that is not blank, without its line end."""
    return re.split(rb"\r\n|\n|\r", head.removeprefix(UTF8_BOM).lstrip(b"\r\n"), maxsplit=1)[0]


def fields(line: str, delimiter: str) -> list[str]:
    """The fields of one line; one that no reader divides, as a field beyond 128 KB, is a field."""
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return [line]


def header_problems(
    line: bytes, columns: list[str], label: str, delimiter: str
) -> tuple[list[str], list[Problem]]:
    """The header's names, and what is wrong with them."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        bad = shown(line[max(0, error.start - 10) : error.start + 10].decode("latin-1"))
        return [], [Problem("encoding", f"the header is not UTF-8 near {bad!r}: save it as UTF-8")]
    names = fields(text, delimiter)
    other = _fitting_delimiter(text, columns, delimiter, len(set(names) & set(columns)))
    if other:
        return names, [_wrong_delimiter(other, delimiter)]
    if not set(names) & set(columns):
        return names, [_no_header(text, columns)]
    return names, _name_problems(names, columns, label)


def _fitting_delimiter(text: str, columns: list[str], delimiter: str, known: int) -> str | None:
    """Another delimiter under which the line holds more of the columns."""
    others = {d: len(set(fields(text, d)) & set(columns)) for d in DELIMITERS if d != delimiter}
    best = max(others, key=lambda d: others[d])
    return best if others[best] > max(known, 1) else None


def _wrong_delimiter(found: str, agreed: str) -> Problem:
    sentence = (
        f"the file is separated by {DELIMITERS[found]} ({found!r}), but pipeline.yaml expects"
        f" {DELIMITERS[agreed]} ({agreed!r}): set data.delimiter to {found!r} or export it again"
    )
    return Problem("delimiter", sentence, value=found)


def _no_header(text: str, columns: list[str]) -> Problem:
    what = next((it for begin, it in KINDS.items() if text.lstrip().lower().startswith(begin)), "")
    sentence = (
        f"the first line {shown(text)!r} contains no column of the contract: {what}"
        f"the file needs a header with {', '.join(columns)}"
    )
    return Problem("header", sentence, value=shown(text))


def _name_problems(names: list[str], columns: list[str], label: str) -> list[Problem]:
    missing = [name for name in columns if name not in names]
    extra = [name for name in dict.fromkeys(names) if name not in columns]
    twice = [name for name, count in Counter(names).items() if count > 1]
    found = [_missing(name, extra, label) for name in missing]
    found += [_extra(name) for name in extra]
    found += [
        Problem("header", f"column {shown(name)!r} appears twice in the header", column=shown(name))
        for name in twice
    ]
    return found


def _missing(name: str, extra: list[str], label: str) -> Problem:
    lower = [e.lower() for e in extra[:NEAR]]
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
    original = next((e for e in extra if near and e.lower() == near[0]), None)
    role = "the label column" if name == label else "column"
    hint = f"; the file has {shown(original)!r} instead" if original else ""
    hint = hint or (f"; unknown columns in the file: {shown(', '.join(extra))}" if extra else "")
    return Problem("missing column", f"{role} {name!r} is missing{hint}", column=name)


def _extra(name: str) -> Problem:
    sentence = (
        f"column {shown(name)!r} is not in columns.yaml: add it there or leave it out of the file"
    )
    return Problem("unknown column", sentence, column=shown(name))
