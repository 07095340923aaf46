"""A picture as an HTML page, and as the notebook display of an object."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from ratchet.workflow.drawing.draw import History, draw

_PAGE_STYLE = """
body{margin:0;background:#f3f4f6}
main{display:inline-block;min-width:100%;box-sizing:border-box;padding:24px;text-align:center}
main>svg{box-shadow:0 1px 4px #0002;border-radius:14px}
@media (prefers-color-scheme:dark){body{background:#16191d}}
@media print{
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
body{background:none}
main{display:block;padding:0}
main>svg{box-shadow:none;max-width:100%;height:auto}
}
"""


def page(
    definition: Mapping[str, Any], history: History = None, *, title: str = "", subtitle: str = ""
) -> str:
    """An HTML document with the picture in it: no script, no external resource.

    Raises ValueError when the definition has no states to draw.
    """
    svg = draw(definition, history, title=title, subtitle=subtitle)
    name = escape(title or str(definition.get("Comment") or "State machine"))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{name}</title>\n<style>{_PAGE_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{svg}</main>\n</body>\n</html>\n"
    )


_COLUMN, _READABLE = 860, 1200
"""Pixels: how wide a notebook's column is at least, and what can be read when made that wide."""
_SIZE = re.compile(r'width="([\d.]+)" height="([\d.]+)"')


def for_notebook(svg: str) -> str:
    """The picture, made smaller where it is a little wider than a notebook's column.

    JupyterLab shows SVG as an image in its own size, and scrolls it sideways to its end.
    """
    found = _SIZE.search(svg)
    if found is None or not _COLUMN < float(found[1]) <= _READABLE:
        return svg
    height = float(found[2]) * _COLUMN / float(found[1])
    return _SIZE.sub(f'width="{_COLUMN}" height="{height:.0f}"', svg, count=1)


class DrawsItself:
    """Mixin for objects that Jupyter displays as a picture; `drawn` returns what to draw.

    The picture is an SVG image and never HTML: a page that shows notebooks without running them
    removes SVG from HTML, and prefers HTML where it has both.
    """

    def drawn(self) -> tuple[Mapping[str, Any], History]:
        """The definition and, for an execution, its history."""
        raise NotImplementedError(f"{type(self).__name__}.drawn must return what to draw")

    @property
    def title(self) -> str:
        """What is written above the picture."""
        return str(getattr(self, "name", None) or "")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """All representations of the object; IPython chooses with `include` and `exclude`."""
        made = {"text/plain": repr(self)}
        try:
            made["image/svg+xml"] = for_notebook(draw(*self.drawn(), title=self.title))
        except Exception as error:  # noqa: BLE001 - displaying an object must not fail
            made["text/plain"] += f"\n(no picture: {error})"
        wanted = made if include is None else {k: v for k, v in made.items() if k in include}
        return {key: text for key, text in wanted.items() if key not in (exclude or ())}
