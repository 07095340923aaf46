"""A picture as the text of a file, in the form that the file's name asks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ratchet.workflow.drawing.draw import History, draw
from ratchet.workflow.drawing.mermaid import mermaid
from ratchet.workflow.drawing.pages import page

ENDINGS = (".svg", ".html", ".mmd")


def drawn_for(
    path: Path, definition: Mapping[str, Any], history: History = None, *, title: str = ""
) -> str:
    """SVG, a page or Mermaid. Raises ValueError for another ending, and for nothing to draw."""
    if path.suffix not in ENDINGS:
        raise ValueError(f"{path}: a picture ends in {', '.join(ENDINGS)}, not '{path.suffix}'")
    if path.suffix == ".mmd":
        return mermaid(definition, history)
    return (draw if path.suffix == ".svg" else page)(definition, history, title=title)
