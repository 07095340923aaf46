"""A drawn workflow or execution: shows itself in a notebook, saves itself anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ratchet.workflow.drawing.draw import draw
from ratchet.workflow.drawing.endings import drawn_for
from ratchet.workflow.drawing.pages import html, page


@dataclass(frozen=True)
class Picture:
    """The picture of a definition, coloured by an execution's events if there are any."""

    definition: Mapping[str, Any]
    events: list[dict[str, Any]] | None = None
    title: str = ""

    @property
    def svg(self) -> str:
        """One self-contained SVG: no script, no network."""
        return draw(self.definition, self.events, title=self.title)

    @property
    def html(self) -> str:
        """The same as a page of its own."""
        return page(self.definition, self.events, title=self.title)

    def save(self, path: str | Path) -> Path:
        """Write `.svg`, `.html` or `.mmd`, as the name says. Raises ValueError for another."""
        target = Path(path)
        text = drawn_for(target, self.definition, self.events, title=self.title)
        target.write_text(text, encoding="utf-8")
        return target

    def __repr__(self) -> str:
        events = "" if self.events is None else f", {len(self.events)} events"
        return f"Picture({self.title!r}{events}; save('picture.svg') writes it)"

    def _repr_html_(self) -> str:
        return html(self.definition, self.events, title=self.title)

    def _repr_svg_(self) -> str:
        return self.svg
