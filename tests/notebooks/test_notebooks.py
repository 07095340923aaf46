"""Notebooks are kept without outputs; their pages have the same code, and what it shows."""

from __future__ import annotations

import re

import nbformat
import pytest
from notebooks import FOLDER, PAGED, PAGES, code_of, fenced, linked, page, read


def test_every_notebook_is_executed() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(PAGED)


@pytest.mark.parametrize("name", PAGED)
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


@pytest.mark.parametrize(
    ("name", "told", "printed"),
    [
        ("processing", r"auc of about ([\d.]+)", r'"auc": ([\d.]+)'),
        ("training-pipeline", r"accuracy of about ([\d.]+)", r"([\d.]+)% of the same images"),
    ],
)
def test_the_readme_tells_the_figure_that_a_page_shows(name: str, told: str, printed: str) -> None:
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    (row,) = (line for line in readme.splitlines() if f"](docs/notebooks/{name}.md)" in line)
    figure = re.search(printed, (PAGES / f"{name}.md").read_text(encoding="utf-8"))
    expected = re.search(told, row)
    assert figure, printed
    assert expected, row
    share = float(figure[1]) / (100 if "%" in printed else 1)
    assert float(expected[1]) == pytest.approx(share, abs=0.006)


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
    assert fenced("text", "\n  ##\n####\n\n") == "```text\n  ##\n####\n```", "a picture of letters"


@pytest.mark.parametrize("name", PAGED)
def test_a_notebook_and_its_page_link_each_other(name: str) -> None:
    """A notebook is kept without outputs, so a reader of a code host sees none in it."""
    page = f"[docs/notebooks/{name}.md](../docs/notebooks/{name}.md)"
    assert f"\n_With its outputs: {page}_\n" in read(name).cells[0].source
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert f"_As a notebook: [notebooks/{name}.ipynb](../../notebooks/{name}.ipynb)_" in text


@pytest.mark.parametrize("name", PAGED)
def test_what_a_notebook_creates_may_exist_already(name: str) -> None:
    """It may have died midway in the same AWS, or be run a second time: `put_...` and `upsert`
    create or update, and whatever else is made has the execution's name in it.
    """
    cells = [cell.source for cell in read(name).cells if cell.cell_type == "code"]
    found = [line for code in cells for line in re.findall(r".*\.create(?:_\w+)?\(.*", code)]
    assert [line for line in found if "xgboost.create_model(" not in line] == []


def test_of_several_representations_a_page_takes_the_picture() -> None:
    data = {"text/plain": "Workflow", "image/svg+xml": "<svg/>"}
    cell = nbformat.v4.new_code_cell(
        "workflow", outputs=[nbformat.v4.new_output("execute_result", data)]
    )
    files = page("one", nbformat.v4.new_notebook(cells=[cell]))
    assert files["one-1.svg"] == "<svg/>"
    assert "![one, picture 1](one-1.svg)" in files["one.md"]
