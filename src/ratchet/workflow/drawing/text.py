"""Which characters of a text can be shown, how wide it is and where it may break.

No font is available when a picture is made. The widths are those of the widest font that readers
have (DejaVu Sans, Linux), so that elsewhere a text may end early but never overflows its box.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

BOLD = 1.13
"""How much wider bold letters are than regular ones."""

_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the reading order of those around them: replaced, not obeyed."""

_WIDTHS = {
    0.29: "'ijlIJ",
    0.34: " ,./:;\\|",
    0.41: "-f!()[]tr",
    0.5: '"*_`',
    0.56: "sz?cL",
    0.64: "Fkvxy$PTYaoeESbdghnpqu0123456789{}",
    0.7: "KAVBRXZC",
    0.78: "UHNDG&",
    0.86: "OQwM#+<=>^~",
    1.0: "%mW@",
}
_LATIN = {character: width for width, letters in _WIDTHS.items() for character in letters}
_WORDS = re.compile(r"[^\s\-_./:]*[\s\-_./:]*")
_PARTS = re.compile(r"[A-Z]*[^A-Z\s\-_./:]*[\s\-_./:]*")


def printable(text: str) -> str:
    """The text with control characters and bidirectional controls replaced."""
    if text.isprintable():
        return text
    return "".join(c if c in "\t\n" or _printable(c) else "\ufffd" for c in text)


def _printable(character: str) -> bool:
    code = ord(character)
    in_xml = 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF
    obeyed = 0x7F <= code < 0xA0  # by terminals: U+009B begins an escape sequence
    return in_xml and not obeyed and character not in _BIDI_CONTROLS


@lru_cache(maxsize=4096)
def _em(character: str) -> float:
    """The width of a character at size 1."""
    if character in _LATIN:
        return _LATIN[character]
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.3 if character >= "\U0001f000" else 1.05
    return 0.9 if character.isupper() else 0.7


def text_width(text: str, size: float, weight: float = 1.0) -> float:
    """An estimate, rather too wide than too narrow. `weight` is BOLD or 1."""
    return sum(map(_em, text)) * size * weight


def fit(text: str, room: float, size: float, weight: float = 1.0) -> str:
    """The text, cut with an ellipsis if it is wider than `room`."""
    if text_width(text, size, weight) <= room:
        return text
    return (
        text[: _fitting(text, room - text_width("…", size, weight), size * weight)].rstrip() + "…"
    )


def wrap(text: str, room: float, size: float, weight: float, most: int) -> list[str]:
    """The text in at most `most` lines, broken between words where possible."""
    lines: list[str] = []
    while text_width(text, size, weight) > room and len(lines) < most - 1:
        line = _line(text, room, size * weight)
        lines.append(line.rstrip())
        text = text[len(line) :].lstrip()
    return [*lines, fit(text, room, size, weight)]


def _line(text: str, room: float, em: float) -> str:
    """As much text as fits: whole words, or parts of a CamelCase word, or letters."""
    most = _fitting(text, room, em)
    for pieces in (_WORDS, _PARTS):
        words = [match.end() for match in pieces.finditer(text[: most + 1])]
        ends = [end for end in words if len(text[:end].rstrip()) <= most]
        if ends and ends[-1] * 2 > most:
            return text[: ends[-1]]
    return text[: max(1, most)]


def _fitting(text: str, room: float, em: float) -> int:
    """How many characters fit."""
    for index, character in enumerate(text):
        room -= _em(character) * em
        if room < 0:
            return index
    return len(text)
