"""The picture of a workflow or an execution: displayed in a notebook, or saved to a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ratchet.workflow.drawing.draw import draw
from ratchet.workflow.drawing.formats import drawn_as
from ratchet.workflow.drawing.pages import for_notebook, page


@dataclass(frozen=True)
class Picture:
    """The picture of a definition, coloured by the events of an execution if given."""

    definition: Mapping[str, Any]
    events: list[dict[str, Any]] | None = None
    title: str = ""

    @property
    def svg(self) -> str:
        """One self-contained SVG: no script, no network."""
        return draw(self.definition, self.events, title=self.title)

    @property
    def html(self) -> str:
        """The same as an HTML page."""
        return page(self.definition, self.events, title=self.title)

    def save(self, path: str | Path) -> Path:
        """Write SVG, HTML or Mermaid (.svg, .html, .mmd). Raises ValueError for another suffix."""
        target = Path(path)
        text = drawn_as(target, self.definition, self.events, title=self.title)
        target.write_text(text, encoding="utf-8")
        return target

    def __repr__(self) -> str:
        events = "" if self.events is None else f", {len(self.events)} events"
        return f"Picture({self.title!r}{events}; save('picture.svg') writes it)"

    def _repr_svg_(self) -> str:
        return for_notebook(self.svg)
