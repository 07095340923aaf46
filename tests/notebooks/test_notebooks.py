"""Notebooks are kept without outputs; their pages have the same code, and what it shows."""

from __future__ import annotations

import re

import nbformat
import pytest
from notebooks import ELSEWHERE, FOLDER, PAGED, PAGES, code_of, fenced, linked, page, read


def test_every_notebook_is_executed() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == {*PAGED, *ELSEWHERE}


@pytest.mark.parametrize("name", [*PAGED, *ELSEWHERE])
def test_a_notebook_is_kept_without_what_a_run_leaves_in_it(name: str) -> None:
    notebook = read(name)
    nbformat.validate(notebook)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    for cell in notebook.cells:
        assert cell.metadata == {}
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None), cell.id


@pytest.mark.parametrize("name", PAGED)
def test_the_page_of_a_notebook_has_its_code(name: str) -> None:
    """`make notebooks` writes the pages."""
    cells = [cell.source for cell in read(name).cells if cell.cell_type == "code"]
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert code_of(text) == [cell.strip() for cell in cells]
    for cell in read(name).cells:
        assert cell.cell_type == "code" or linked(cell.source) in text


def test_the_pages_show_every_picture_and_nothing_else_is_beside_them() -> None:
    files = {file.name for file in PAGES.iterdir()}
    texts = [(PAGES / f"{name}.md").read_text(encoding="utf-8") for name in PAGED]
    pictures = {found for text in texts for found in re.findall(r"\]\(([\w-]+\.svg)\)", text)}
    assert files == {*pictures, *(f"{name}.md" for name in PAGED)}


def test_a_page_quotes_code_that_has_fences_and_keeps_links_right() -> None:
    code = 'text = """\n```python\n1\n```\n"""'
    assert code_of(fenced("python", code)) == [code]
    assert linked("[a](../docs/a.md) [b](../README.md) [c](c.ipynb)") == (
        "[a](../a.md) [b](../../README.md) [c](c.ipynb)"
    )


def test_of_several_representations_a_page_takes_the_picture() -> None:
    data = {"text/plain": "Workflow", "image/svg+xml": "<svg/>"}
    cell = nbformat.v4.new_code_cell(
        "workflow", outputs=[nbformat.v4.new_output("execute_result", data)]
    )
    files = page("one", nbformat.v4.new_notebook(cells=[cell]))
    assert files["one-1.svg"] == "<svg/>"
    assert "![one, picture 1](one-1.svg)" in files["one.md"]
