"""Writes text, lines and the frame of an SVG. Every text is escaped here."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from ratchet.workflow.drawing import shapes
from ratchet.workflow.drawing.text import printable
from ratchet.workflow.drawing.theme import STYLE


class Pen:
    """The parts of a picture while it is drawn; `marks` are those its legend must explain."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.marks: set[str] = set()

    def svg(self, width: float, height: float, title: str) -> str:
        """The whole picture, without scripts and external resources.

        It has no ids, because a page may contain many pictures and hide some.
        """
        size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" class="ratchet" {size} role="img">'
        back = f'<rect width="{width:.0f}" height="{height:.0f}" rx="14" fill="#fff"/>'
        body = "\n".join(self.parts)
        return (
            f"{head}\n<title>{clean(title)}</title>\n<style>{STYLE}</style>\n"
            f"{back}\n{body}\n</svg>\n"
        )

    def text(
        self,
        text: str,
        x: float,
        y: float,
        css: str,
        *,
        more: str = "",
        hover: str = "",
        after: str = "",
    ) -> None:
        """`after` follows the text in small letters, wherever that ends in the reader's font."""
        title = f"<title>{clean(hover)}</title>" if hover and hover != text else ""
        rest = f'<tspan class="kind" dx="8">{clean(after)}</tspan>' if after else ""
        place = f"x={quoteattr(f'{x:.1f}')} y={quoteattr(f'{y:.1f}')}"
        self.parts.append(
            f"<text {place} class={quoteattr(css)} {more}>{title}{clean(text)}{rest}</text>"
        )

    def retry_mark(self, right: float, y: float) -> None:
        """The circular arrow of a state that is retried."""
        self.marks.add("again")
        at = f"translate({right - 11:.1f} {y:.1f})"
        self.parts.append(f'<path class="again" d="{shapes.AGAIN}" transform="{at}"/>')


def clean(text: str) -> str:
    """Escaped, and without characters that XML does not allow."""
    return escape(printable(text))
