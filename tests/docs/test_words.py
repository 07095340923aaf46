"""No message, comment or page has the phrases that docs/contributing.md says how to replace."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PHRASES = re.compile(
    r"""
    (?<!there[ ])\b(?:is|are|was|were)[ ]no[ ](?!longer\b|more[ ]than\b|less[ ]than\b)[a-z]
    | \b(?:is|are|was|were)[ ]not[ ]there\b
    | \b(?:has|have)[ ]not(?=[:.;,]|$)
    | \bgoes[ ]on\b(?![ ]to\b)
    | \b(?:mend|mends|mended|mending|oftener|anew|once[ ]more|for[ ]ever|to[ ]who|as[ ]told)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
GENERATED = {"documents.md"}
"""Pages made from docstrings, which are looked at themselves."""
EXAMPLES = "contributing.md"
"""The page that shows what not to write."""
OF_AWS: tuple[str, ...] = ()
"""Sentences of AWS, word for word."""

Line = tuple[int, str]


def python_texts(source: str) -> Iterator[Line]:
    """String literals, docstrings among them, and comments."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from enumerate(node.value.splitlines(), node.lineno)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def texts(path: Path) -> Iterator[Line]:
    source = path.read_text(encoding="utf-8")
    return python_texts(source) if path.suffix == ".py" else enumerate(source.splitlines(), 1)


def files(folder: str) -> list[Path]:
    place = ROOT / folder
    found = [place] if place.is_file() else [*place.rglob("*.py"), *place.rglob("*.yaml")]
    found += [page for page in place.glob("*.md") if page.name not in {*GENERATED, EXAMPLES}]
    return sorted(path for path in found if path != Path(__file__))


@pytest.mark.parametrize(
    "folder",
    [
        *("benchmarks", "docs", "functions", "jobs", "pipelines", "src", "statemachines"),
        *("template.yaml", "tests", "README.md"),
    ],
)
def test_no_phrase_that_a_native_speaker_would_not_write(folder: str) -> None:
    assert files(folder)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {text.strip()}"
        for path in files(folder)
        for number, text in texts(path)
        if PHRASES.search(text) and not any(sentence in text for sentence in OF_AWS)
    ]
    assert found == []
