"""A state machine as a Mermaid flowchart, which README files and wikis render.

As configured there, Mermaid renders up to 500 transitions and 50,000 characters; SVG has no limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ratchet.workflow.drawing.captions import edges_of, kind_of, note, tries
from ratchet.workflow.drawing.draw import History, as_timeline
from ratchet.workflow.drawing.scope import inside, states_of
from ratchet.workflow.drawing.text import printable
from ratchet.workflow.drawing.theme import COLOURS
from ratchet.workflow.history.timeline import Timeline

_SPECIAL_IN_QUOTES = re.compile(r"(\$(?=\$)|\bfa[a-z]?(?=:fa-))")
_DASHED = "stroke-dasharray:5 4"


def mermaid(definition: Mapping[str, Any], history: History = None) -> str:
    """The text of a Mermaid flowchart, coloured by `history` if there is one.

    Raises ValueError if the definition has no states to draw.
    """
    if not states_of(definition):
        raise ValueError("nothing to draw: the definition has no States")
    timeline = as_timeline(history)
    writer = _Writer(timeline)
    lines = list(writer.scope(definition, 1))
    return "\n".join(["flowchart TD", *lines, *writer.classes()]) + "\n"


class _Writer:
    def __init__(self, timeline: Timeline | None) -> None:
        self.timeline = timeline
        self.count = 0
        self.statuses: dict[str, list[str]] = {}

    def scope(self, definition: Mapping[str, Any], depth: int) -> Iterator[str]:
        """The lines of one scope: its start, its states, then its transitions."""
        pad = "    " * depth
        states = states_of(definition)
        ids = {name: self._new() for name in states}
        start = ids.get(str(definition.get("StartAt", "")))
        if start:
            begin = self._new()
            yield f'{pad}{begin}(("start"))'
        for name, state in states.items():
            yield from self._state(name, state, ids[name], depth)
        if start:
            yield f"{pad}{begin} --> {start}"
        for name, state in states.items():
            for edge in edges_of(name, state):
                if edge.target in ids:
                    line = "-.->" if edge.kind == "catch" else "-->"
                    words = edge.label or ("error" if edge.kind == "catch" else "")
                    label = f"|{_quoted(words)}| " if words else ""
                    yield f"{pad}{ids[name]} {line} {label}{ids[edge.target]}"

    def classes(self) -> Iterator[str]:
        """Colours of the states, and the dashed border of containers."""
        for status, ids in self.statuses.items():
            stroke, fill = COLOURS[status]
            name = status.lower()
            yield f"    classDef {name} fill:{fill},stroke:{stroke},color:#1f2733"
            yield f"    class {','.join(ids)} {name}"

    def _state(
        self, name: str, state: Mapping[str, Any], identity: str, depth: int
    ) -> Iterator[str]:
        pad, inner = "    " * depth, inside(state)
        times = self.timeline.states.get(name) if self.timeline else None
        if times:
            self.statuses.setdefault(times.status, []).append(identity)
        caption = [text for text in (name, kind_of(state), note(times), tries(times)) if text]
        if not inner:
            yield f"{pad}{identity}{_shaped(state, _quoted(*caption))}"
            return
        yield f"{pad}subgraph {identity} [{_quoted(' · '.join(caption))}]"  # one line only
        yield f"{pad}    direction TB"
        for machine in inner:
            yield from self.scope(machine, depth + 1)
        yield f"{pad}end"
        yield f"{pad}style {identity} {_DASHED}"

    def _new(self) -> str:
        self.count += 1
        return f"s{self.count}"


def _shaped(state: Mapping[str, Any], text: str) -> str:
    kind = state.get("Type")
    if kind == "Choice":
        return f"{{{{{text}}}}}"
    return f"([{text}])" if kind in ("Succeed", "Fail") else f"[{text}]"


def _quoted(*lines: str) -> str:
    """Text in quotes; characters with a meaning in Mermaid or HTML are written as entities."""
    return '"' + "<br/>".join(map(_plain, lines)) + '"'


def _plain(text: str) -> str:
    """Zero-width spaces break up what Mermaid reads as formulas ($$x$$) or icons (fa:fa-car).

    Letters of other scripts stay as they are.
    """
    text = _SPECIAL_IN_QUOTES.sub("\\1\u200b", printable(text))
    return "".join(c if c.isalnum() or c in " .,:?!/+-=_'" else f"#{ord(c)};" for c in text)
