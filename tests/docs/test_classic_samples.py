"""Each defect of the classic samples is held by tests that exist, and the page names them."""

from __future__ import annotations

import ast
import re
import sys
from functools import lru_cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import classic_samples

NODE = re.compile(r"(?P<file>tests/[\w/]+\.py)::(?P<name>\w+)(?:\[(?P<case>.+)\])?")


@lru_cache
def parts(file: str) -> tuple[frozenset[str], frozenset[str]]:
    """The tests of a file, and the texts in it, which cases are named by."""
    tree = ast.parse((classic_samples.ROOT / file).read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    tests = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
    return frozenset(tests), frozenset(text for text in texts if isinstance(text, str))


@pytest.mark.parametrize("row", classic_samples.rows(), ids=lambda row: row.defect)
def test_a_row_is_held_by_tests_that_exist(row: classic_samples.Row) -> None:
    assert row.tests
    for test in row.tests:
        node = NODE.fullmatch(test)
        assert node is not None, test
        tests, texts = parts(node["file"])
        assert node["name"] in tests, test
        assert node["case"] is None or node["case"] in texts, test


def test_every_bad_input_that_was_tried_has_its_row() -> None:
    numbers = [row.defect.partition(". ")[0] for row in classic_samples.BAD_INPUT]
    assert numbers[:31] == [str(number) for number in range(1, 32)]


def test_the_page_is_what_the_rows_make() -> None:
    assert classic_samples.PAGE.read_text(encoding="utf-8") == classic_samples.page(), (
        "run python tests/docs/classic_samples.py"
    )
