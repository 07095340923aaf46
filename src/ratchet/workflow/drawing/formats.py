"""A picture as the text of a file, in the format of the file's suffix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ratchet.workflow.drawing.draw import History, draw
from ratchet.workflow.drawing.mermaid import mermaid
from ratchet.workflow.drawing.pages import page

FORMATS = (".svg", ".html", ".mmd")


def drawn_as(
    path: Path, definition: Mapping[str, Any], history: History = None, *, title: str = ""
) -> str:
    """SVG, HTML or Mermaid. Raises ValueError for another suffix, or with nothing to draw."""
    if path.suffix not in FORMATS:
        raise ValueError(f"{path}: a picture ends in {', '.join(FORMATS)}, not '{path.suffix}'")
    if path.suffix == ".mmd":
        return mermaid(definition, history)
    return (draw if path.suffix == ".svg" else page)(definition, history, title=title)
