"""Patterns of AWS's service models, which are written for Java, translated for Python's `re`."""

from __future__ import annotations

import re
import sys
import unicodedata
import warnings
from functools import lru_cache

_PROPERTY = re.compile(r"\\p\{(\w+)\}")
_POSIX = {"ASCII": r"\x00-\x7f", "Print": r"\x20-\x7e", "Alnum": "a-zA-Z0-9"}
_ASTRAL_AS_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"
_ASTRAL = r"\U00010000-\U0010FFFF"
_LAST_OF_BMP = 0xFFFF


@lru_cache(maxsize=4096)
def matches(pattern: str, value: str) -> bool:
    """Whether the whole value matches, by AWS's rules."""
    return compiled(pattern).fullmatch(value) is not None


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    text = pattern.replace(_ASTRAL_AS_SURROGATES, _ASTRAL).replace(r"\z", r"\Z")
    text = re.sub(r"\$\{[\d,]+\}$", "$", text)  # a slip in SageMaker's model: `(...)${1,128}`
    text = _expand_properties(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # "[[" is a plain bracket to AWS too
        return re.compile(text)


def _expand_properties(text: str) -> str:
    parts, position, inside = [], 0, False
    for found in _PROPERTY.finditer(text):
        before = text[position : found.start()]
        parts.append(before)
        inside = _ends_in_class(before, inside=inside)
        members = _POSIX.get(found[1]) or _category(found[1])
        parts.append(members if inside else f"[{members}]")
        position = found.end()
    return "".join([*parts, text[position:]])


def _ends_in_class(text: str, *, inside: bool) -> bool:
    """Whether a character class is open at the end of the text."""
    for mark in re.findall(r"\\.|\[|\]", text):
        inside = {"[": True, "]": False}.get(mark, inside)
    return inside


def _category(name: str) -> str:
    """The members of a general category (L, M, N, P, S, Z) as a class; all beyond the BMP match."""
    return _categories()[name] + _ASTRAL


@lru_cache(maxsize=1)
def _categories() -> dict[str, str]:
    ranges: dict[str, list[list[int]]] = {}
    for code in range(min(sys.maxunicode, _LAST_OF_BMP) + 1):
        spans = ranges.setdefault(unicodedata.category(chr(code))[0], [])
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return {
        name: "".join(f"\\u{first:04x}-\\u{last:04x}" for first, last in spans)
        for name, spans in ranges.items()
    }
