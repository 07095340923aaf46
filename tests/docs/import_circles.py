"""The imports of the whole repository as a graph of files, and the circles in it.

Every import counts: at the top of a file, inside a function, and for type checkers alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

Graph = Mapping[Path, set[Path]]


class Sources:
    """The Python files below some folders, found by the names they are imported by."""

    def __init__(self, root: Path, folders: tuple[str, ...], roots: tuple[str, ...]) -> None:
        """`roots` are the folders that module names start from.

        So is a script's own folder: one without an `__init__.py`.
        """
        self._roots = [root / name for name in roots]
        self.files = sorted(
            file for folder in folders for file in (root / folder).rglob("*.py") if file.is_file()
        )
        self._known = set(self.files)

    def graph(self) -> dict[Path, set[Path]]:
        """Each file with the files it imports."""
        return {file: set(self._imported_by(file)) - {file} for file in self.files}

    def _imported_by(self, file: Path) -> Iterator[Path]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield from self._at(file, alias.name)
            elif isinstance(node, ast.ImportFrom):
                yield from self._members(file, node)

    def _members(self, file: Path, node: ast.ImportFrom) -> Iterator[Path]:
        """`from package import name` means the submodule of that name if there is one."""
        for alias in node.names:
            submodule = f"{node.module}.{alias.name}" if node.module else alias.name
            found = list(self._at(file, submodule, node.level))
            yield from found or self._at(file, node.module or "", node.level)

    def _at(self, file: Path, name: str, level: int = 0) -> Iterator[Path]:
        """The file of a module, if it is one of ours."""
        for start in [file.parents[level - 1]] if level else self._starts(file):
            place = start.joinpath(*name.split(".")) if name else start
            for candidate in (place.with_suffix(".py"), place / "__init__.py"):
                if candidate in self._known:
                    yield candidate
                    return

    def _starts(self, file: Path) -> list[Path]:
        is_package = file.with_name("__init__.py") in self._known
        return self._roots if is_package else [file.parent, *self._roots]


def circles(graph: Graph) -> list[set[Path]]:
    """The groups of files that reach each other (Tarjan's strongly connected components)."""
    return _Search(graph).run()


class _Search:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._order: dict[Path, int] = {}
        self._lowest: dict[Path, int] = {}
        self._stack: list[Path] = []
        self._found: list[set[Path]] = []

    def run(self) -> list[set[Path]]:
        for file in self._graph:
            if file not in self._order:
                self._visit(file)
        return self._found

    def _visit(self, file: Path) -> None:
        self._order[file] = self._lowest[file] = len(self._order)
        self._stack.append(file)
        for imported in sorted(self._graph[file]):
            if imported not in self._order:
                self._visit(imported)
                self._lowest[file] = min(self._lowest[file], self._lowest[imported])
            elif imported in self._stack:
                self._lowest[file] = min(self._lowest[file], self._order[imported])
        if self._lowest[file] == self._order[file]:
            self._take(file)

    def _take(self, file: Path) -> None:
        start = self._stack.index(file)
        group, self._stack = set(self._stack[start:]), self._stack[:start]
        if len(group) > 1:
            self._found.append(group)
