"""A definition in a file: read, edited as plain data, written back with only the changes."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Self

from ratchet.workflow.asl.findings import Finding, InvalidDefinition, WorkflowError
from ratchet.workflow.asl.source import read
from ratchet.workflow.editing.rendering import Style
from ratchet.workflow.editing.splicing import same, spliced

_BOM = "\ufeff"


class Definition:
    """An ASL text, JSON or YAML, and the document in it.

    Change `document` or `states` like any mapping, then call `write()`. Comments, order, quotes
    and spacing of everything unchanged stay the same, byte by byte.
    """

    def __init__(self, text: str, path: Path | None = None) -> None:
        self.path = path
        self._mark = _BOM if text.startswith(_BOM) else ""
        self._text = text.removeprefix(_BOM)
        self._original = _plain(read(self._text).document)
        self.document: dict[str, Any] = copy.deepcopy(self._original)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a file. Raises OSError, or InvalidDefinition with line and column."""
        place = Path(path)
        try:
            return cls(_decoded(place.read_bytes()), place)
        except InvalidDefinition as error:
            error.add_note(f"in {place}")
            raise

    @classmethod
    def parse(cls, text: str) -> Self:
        """A definition from text. Raises InvalidDefinition with line and column."""
        return cls(text)

    @property
    def states(self) -> dict[str, Any]:
        """The states of the outer flow, to be changed in place."""
        states: dict[str, Any] = self.document.setdefault("States", {})
        return states

    @property
    def text(self) -> str:
        """The text with the changes."""
        if same(self._original, self.document):
            return self._mark + self._text
        changed = spliced(self._text, self._original, self.document, self._style())
        if not self._reads_as(changed):
            raise WorkflowError(
                "This change cannot be written into the text around it; "
                "rewrite the part by hand, or dump `document` to a new file"
            )
        return self._mark + changed

    def _reads_as(self, text: str) -> bool:
        """Whether a text reads back as the document; otherwise it is not written."""
        try:
            return same(_plain(read(text).document), self.document)
        except InvalidDefinition:
            return False

    def write(self, path: str | Path | None = None) -> Path:
        """Write the text to a path, by default where it was read."""
        target = Path(path) if path is not None else self.path
        if target is None:
            raise ValueError("This definition was not read from a file; give write() a path")
        target.write_bytes(self.text.encode())
        return target

    def check(self) -> tuple[Finding, ...]:
        """Everything the checks find, with line and column. `${Name}` is a substitution."""
        from ratchet.workflow.lint import lint

        return lint(self.text)

    def _style(self) -> Style:
        text = self._text
        is_json = text.lstrip()[:1] == "{"
        newline = "\r\n" if "\r\n" in text else "\n"
        return Style(is_json, _step(text) if is_json else 2, newline, text.isascii())

    def __repr__(self) -> str:
        return f"Definition({str(self.path or '<text>')!r}, {len(self.states)} states)"


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        read(content)  # reports which byte is wrong
        raise


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _step(text: str) -> int:
    """The indentation of JSON: that of its first indented line."""
    for line in text.splitlines()[1:]:
        if line.strip():
            return len(line) - len(line.lstrip(" ")) or 2
    return 2
