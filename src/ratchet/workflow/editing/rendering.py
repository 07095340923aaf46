"""Writes new values in the style of the text around them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_][\w./-]*(:[\w./:-]*[\w./-])*( [\w./-]+)*", re.ASCII)
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_UNPRINTABLE = re.compile(r"[^ -~\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")


@dataclass(frozen=True, slots=True)
class Style:
    """The style of a text: JSON or YAML, its indentation, line breaks and alphabet."""

    is_json: bool
    step: int
    newline: str
    ascii_only: bool

    def flow(self, value: Any, indent: int | None) -> str:
        """A value in brackets and quotes; on one line, or at an indentation."""
        if not self.is_json:
            return self._yaml_flow(value)
        if indent is None:
            return json.dumps(value, ensure_ascii=self._escapes(value))
        text = json.dumps(value, ensure_ascii=self._escapes(value), indent=self.step or 2)
        return text.replace("\n", self.newline + " " * indent)

    def _yaml_flow(self, value: Any) -> str:
        """On one line, quoted as in JSON, with numbers as YAML reads them."""
        if isinstance(value, dict):
            parts = [
                f"{self._yaml_flow(key)}: {self._yaml_flow(part)}" for key, part in value.items()
            ]
            return f"{{{', '.join(parts)}}}"
        if isinstance(value, list):
            return f"[{', '.join(map(self._yaml_flow, value))}]"
        if isinstance(value, str):
            return json.dumps(value, ensure_ascii=self._escapes(value))
        return _number(value)

    def _escapes(self, value: Any) -> bool:
        if self.ascii_only:
            return True
        text = json.dumps(value, ensure_ascii=False)
        return any("\ud800" <= letter <= "\udfff" or letter > "\uffff" for letter in text) or bool(
            not self.is_json and _UNPRINTABLE.search(text)
        )

    def block(self, value: Any, indent: int) -> str:
        """A YAML block of a map or list that is not empty; its first line is not indented."""
        return (self.newline + " " * indent).join(self._lines(value))

    def _lines(self, value: Any) -> list[str]:
        if isinstance(value, dict):
            return [line for key, part in value.items() for line in self.entry(key, part)]
        lines = []
        for part in value:
            inner = self._lines(part) if _is_block(part) else [self.scalar(part)]
            lines += [f"- {inner[0]}", *(f"  {line}" for line in inner[1:])]
        return lines

    def entry(self, key: str, value: Any) -> list[str]:
        """A key and its value as block lines."""
        if not _is_block(value):
            return [f"{self.scalar(key)}: {self.scalar(value)}"]
        return [f"{self.scalar(key)}:", *(" " * self.step + line for line in self._lines(value))]

    def scalar(self, value: Any) -> str:
        """A YAML scalar (or an empty collection) on one line."""
        if not isinstance(value, str):
            return _number(value)
        if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
            return value
        if _UNPRINTABLE.search(value):
            return json.dumps(value)
        return "'" + value.replace("'", "''") + "'"


def _is_block(value: Any) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _number(value: Any) -> str:
    """As in JSON, except that YAML reads 1e20 as text unless it has a point."""
    text = json.dumps(value)
    if isinstance(value, float) and "e" in text and "." not in text:
        return text.replace("e", ".0e")
    return text
