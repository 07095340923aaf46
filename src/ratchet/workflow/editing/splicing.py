"""Changes a text so that it contains another document, touching only the lines that differ."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from ratchet.workflow.editing.nodes import Lines, Node, json_nodes, yaml_nodes
from ratchet.workflow.editing.rendering import Style

_WHITE_END = re.compile(r"\s*\Z")


def same(one: Any, other: Any) -> bool:
    """Equality of JSON values: 1 is neither 1.0 nor true, and the order of keys counts."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def spliced(text: str, old: Any, new: Any, style: Style) -> str:
    """`text`, which contains `old`, changed to contain `new`."""
    splicer = _Splicer(text, style)
    nodes = json_nodes(text) if style.is_json else yaml_nodes(text, splicer.lines)
    splicer.value(nodes, old, new)
    return splicer.result()


class _Splicer:
    def __init__(self, text: str, style: Style) -> None:
        self.text, self.style, self.lines = text, style, Lines(text)
        self.edits: list[tuple[int, int, str]] = []

    def result(self) -> str:
        parts, at = [], 0
        for start, end, replacement in sorted(self.edits, key=lambda edit: edit[:2]):
            parts += [self.text[at:start], replacement]
            at = max(at, end)
        return "".join([*parts, self.text[at:]])

    def value(self, node: Node, old: Any, new: Any, key: tuple[int, int] | None = None) -> None:
        """Change one value. `key` is the position of its key, if it is under one in a block."""
        if same(old, new):
            return
        if isinstance(old, dict) and isinstance(new, dict) and _mergeable(old, new):
            self._entries(node, old, new)
        elif isinstance(old, list) and isinstance(new, list) and old and new:
            self._items(node, old, new)
        else:
            self._replace(node, new, key)

    # whole values

    def _replace(self, node: Node, new: Any, key: tuple[int, int] | None) -> None:
        is_block = isinstance(new, dict | list) and bool(new)
        if self.style.is_json or (node.flow and node.kind != "scalar"):
            self._put(node, self._flow(new, node.start))
        elif key is None:
            self._put(node, self.style.flow(new, None) if is_block else self._scalar(node, new))
        elif node.kind == "scalar" and node.start < node.end and not is_block:
            self._put(node, self.style.scalar(new))
        else:
            self._under_key(node, new, key, is_block=is_block)

    def _scalar(self, node: Node, new: Any) -> str:
        """On one line, quoted as in JSON if brackets and commas could end it."""
        return self.style.scalar(new) if node.kind != "scalar" else self.style.flow(new, None)

    def _under_key(self, node: Node, new: Any, key: tuple[int, int], *, is_block: bool) -> None:
        """Rewrite everything after a key's colon."""
        colon = self.text.index(":", key[1]) + 1
        inner = self._column(key[0]) + self.style.step
        text = f" {self.style.scalar(new)}"
        if is_block:
            text = f"{self.style.newline}{' ' * inner}{self.style.block(new, inner)}"
        self.edits.append((colon, max(node.end, colon), text))

    def _put(self, node: Node, text: str) -> None:
        before = self.text[node.start - 1 : node.start]
        gap = " " if node.start == node.end and before == ":" else ""
        self.edits.append((node.start, node.end, gap + text))

    def _flow(self, value: Any, at: int) -> str:
        """A flow value written at an offset, over several lines if the text around it is."""
        line = self.text[self.lines.start_of(at) : at]
        indent = len(line) - len(line.lstrip(" "))
        many = self.style.is_json and len(self.lines.starts) > 2
        return self.style.flow(value, indent if many else None)

    def _column(self, offset: int) -> int:
        return offset - self.lines.start_of(offset)

    # maps

    def _entries(self, node: Node, old: dict[str, Any], new: dict[str, Any]) -> None:
        names = [name for name, _, _ in node.keys]
        for index, (name, start, end) in enumerate(node.keys):
            if name in new:
                key = None if node.flow else (start, end)
                self.value(node.children[index], old[name], new[name], key)
        kept = [index for index, name in enumerate(names) if name in new]
        removed = [index for index, name in enumerate(names) if name not in new]
        added = _runs(list(new), set(names), {names[index]: index for index in kept})
        self._change(
            node, kept, removed, {at: [(name, new[name]) for name in run] for at, run in added}
        )

    # lists

    def _items(self, node: Node, old: list[Any], new: list[Any]) -> None:
        head = sum(1 for _ in takewhile(lambda pair: same(*pair), zip(old, new, strict=False)))
        rest = zip(reversed(old[head:]), reversed(new[head:]), strict=False)
        tail = sum(1 for _ in takewhile(lambda pair: same(*pair), rest))
        both = min(len(old), len(new)) - head - tail
        for index in range(head, head + both):
            self.value(node.children[index], old[index], new[index])
        removed = list(range(head + both, len(old) - tail))
        extra = [(None, part) for part in new[head + both : len(new) - tail]]
        kept = [index for index in range(len(old)) if index not in set(removed)]
        self._change(node, kept, removed, {head + both - 1: extra} if extra else {})

    # entries of either

    def _change(
        self,
        node: Node,
        kept: list[int],
        removed: list[int],
        added: Mapping[int, Sequence[tuple[str | None, Any]]],
    ) -> None:
        """Remove entries and insert others, each after the entry with an index (-1: first)."""
        if not kept:
            self._start_over(node, [entry for run in added.values() for entry in run])
            return
        for at, run in added.items():
            (self._add_flow if node.flow else self._add_block)(node, kept, at, run)
        for index in removed:
            (self._remove_flow if node.flow else self._remove_block)(node, kept, index)

    def _start_over(self, node: Node, run: Sequence[tuple[str | None, Any]]) -> None:
        whole: Any = dict(run) if node.kind == "map" else [part for _, part in run]
        if node.flow:
            self._put(node, self._flow(whole, node.start))
        elif whole:
            self._put(node, self.style.block(whole, self._column(node.start)))
        else:
            self._put(node, "{}" if node.kind == "map" else "[]")

    def _add_flow(
        self, node: Node, kept: list[int], at: int, run: Sequence[tuple[str | None, Any]]
    ) -> None:
        gap = self._gap(node)
        indent = len(gap) - 1 - max(gap.rfind("\n"), gap.rfind("\r")) if gap.strip(" ") else None
        texts = [self._flow_entry(name, part, indent) for name, part in run]
        if at < 0:
            start = node.first(kept[0])
            self.edits.append((start, start, "".join(f"{text},{gap}" for text in texts)))
        else:
            end = node.children[at].end
            self.edits.append((end, end, "".join(f",{gap}{text}" for text in texts)))

    def _flow_entry(self, name: str | None, part: Any, indent: int | None) -> str:
        value = self.style.flow(part, indent)
        return value if name is None else f"{self.style.flow(name, None)}: {value}"

    def _gap(self, node: Node) -> str:
        """The white space between two entries."""
        if len(node.children) > 1:
            before = self.text[node.children[0].end : node.first(1)]
        else:
            before = self.text[node.start + 1 : node.first(0)]
            before = before if before.strip(" ") or self.style.is_json else " "
        match = _WHITE_END.search(before)
        gap = match.group() if match else ""
        return gap or ("" if "\n" in before else " ")

    def _remove_flow(self, node: Node, kept: list[int], index: int) -> None:
        if index < kept[0]:
            self.edits.append((node.first(index), node.first(index + 1), ""))
        else:
            self.edits.append((node.children[index - 1].end, node.children[index].end, ""))

    def _add_block(
        self, node: Node, kept: list[int], at: int, run: Sequence[tuple[str | None, Any]]
    ) -> None:
        column = self._column(node.start)
        pad, newline = " " * column, self.style.newline
        lines = [line for name, part in run for line in self._block_entry(name, part)]
        if at < 0:
            start = self._entry_start(node, kept[0])
            self.edits.append((start, start, "".join(f"{line}{newline}{pad}" for line in lines)))
            return
        start = self.lines.after(max(self._entry_end(node, at) - 1, 0))
        text = "".join(f"{pad}{line}{newline}" for line in lines)
        at_end = start == len(self.text) and not self.text.endswith(("\n", "\r"))
        self.edits.append((start, start, newline + text.removesuffix(newline) if at_end else text))

    def _block_entry(self, name: str | None, part: Any) -> list[str]:
        if name is not None:
            return self.style.entry(name, part)
        return self.style.block([part], 0).split(self.style.newline)

    def _entry_start(self, node: Node, index: int) -> int:
        """Where an entry of a block begins: at its key, or at its dash."""
        if node.kind == "map":
            return node.keys[index][1]
        if index == 0:
            return node.start
        at = self.lines.after(max(self._entry_end(node, index - 1) - 1, 0))
        column = self._column(node.start)
        while (
            self.text[at + column : at + column + 1] != "-" or self.text[at : at + column].strip()
        ):
            at = self.lines.after(at)
        return at + column

    def _entry_end(self, node: Node, index: int) -> int:
        end = node.children[index].end
        return max(end, node.keys[index][2] + 1) if node.kind == "map" else end

    def _remove_block(self, node: Node, kept: list[int], index: int) -> None:
        start = self._entry_start(node, index)
        line = self.lines.start_of(start)
        first = self._entry_start(node, 0)
        shares_line = bool(self.text[self.lines.start_of(first) : first].strip())
        if shares_line and index < kept[0]:
            self.edits.append((start, self._entry_start(node, index + 1), ""))
        else:
            end = self.lines.after(max(self._entry_end(node, index) - 1, start))
            self.edits.append((line, end, ""))


def _mergeable(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether the keys they share are in the same order."""
    return bool(old) and bool(new) and [k for k in old if k in new] == [k for k in new if k in old]


def _runs(
    wanted: list[str], known: set[str], places: Mapping[str, int]
) -> list[tuple[int, list[str]]]:
    """The new names in order, each run with the index of the entry it follows."""
    runs: dict[int, list[str]] = {}
    at = -1
    for name in wanted:
        if name in known:
            at = places[name]
        else:
            runs.setdefault(at, []).append(name)
    return list(runs.items())
