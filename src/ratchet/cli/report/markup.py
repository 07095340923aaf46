"""HTML from plain values: every text is escaped where it is put in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

DASH = "-"


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: Any) -> Markup:
    """A value as HTML text; nothing is a dash."""
    if isinstance(value, Markup):
        return value
    return Markup(escape(DASH if value is None or value == "" else str(value)))


def element(name: str, *content: Any, **attributes: Any) -> Markup:
    """An element; `class_` and other reserved words take an underscore at their end."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(text(part) for part in content)
    return Markup(f"<{name}{given}>{inner}</{name}>")


def joined(parts: Iterable[Markup]) -> Markup:
    """Parts one after the other."""
    return Markup("".join(parts))


SIDES = {">": "number", "!": "tight", "~": "words"}
"""How the name of a column begins that is aligned right, whose cells are not broken where there is
room, or that holds sentences."""


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Markup:
    """A table; the first character of a column's name may say how it is set."""
    sides = [SIDES.get(column[:1]) for column in columns]
    heads = [
        element("th", Markup(escape(column.lstrip(">!~"))), class_=side)
        for column, side in zip(columns, sides, strict=True)
    ]
    body = [
        element(
            "tr",
            *(element("td", cell, class_=side) for cell, side in zip(row, sides, strict=True)),
        )
        for row in rows
    ]
    head = element("thead", element("tr", *heads))
    whole = element("table", head, element("tbody", *body))
    return element("div", whole, class_="wide")


def section(title: str, *content: Any, note: str = "") -> Markup:
    """A card of the page."""
    notes = [element("p", note, class_="note")] if note else []
    return element("section", element("h2", title), *notes, *content)


def badge(word: str, kind: str, title: str | None = None) -> Markup:
    """A word in the colour of `good`, `bad`, `warn` or `plain`."""
    return element("span", word, class_=f"badge {kind}", title=title)


def pair(left: Markup, right: Markup) -> Markup:
    """Two things side by side, where there is room; alone where the other is empty."""
    if not left or not right:
        return left or right
    return element("div", element("div", left), element("div", right), class_="pair")


def figure(drawing: Markup) -> Markup:
    """A chart that scrolls where it has no room, rather than become too small to read."""
    return element("div", drawing, class_="wide") if drawing else drawing
