"""The notebooks: executed in a kernel, and written with what they show as pages of docs/notebooks.

`make notebooks` writes the pages again.
"""

from __future__ import annotations

import importlib.util
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
from nbclient import NotebookClient

from ratchet.cli import push, scenario, screen
from ratchet.cli.connection import Stack
from ratchet.cli.demo_data import find_data
from ratchet.cli.demo_plan import DemoPlan
from ratchet.cli.drops import cut
from ratchet.cli.pipeline_folder import find, pack
from ratchet.cli.up import running
from ratchet.local_aws.running.local import LocalAws

ROOT = Path(__file__).resolve().parents[2]
FOLDER, PAGES = ROOT / "notebooks", ROOT / "docs" / "notebooks"
ORDER = (
    "hello-world",
    "processing",
    "training-pipeline",
    "abalone",
    "retraining",
    "online-retail",
)
"""In the order of their execution: a later one may look at what an earlier one has left."""
OF_RUNS = ("inspecting-a-run",)
"""Asks about a pipeline's runs: a test that has some executes it; its page is of a demo's."""
ELSEWHERE = ("model-trainer",)
"""Needs the SageMaker SDK, which the lock files leave out: its own test runs it where that is, and
its page is written again where that is."""
PAGED = (*ORDER, *OF_RUNS, *ELSEWHERE)
NO_DATA = "DATA = None"
CELL_SECONDS = 120

Notebook = Any
"""nbformat's NotebookNode: the file's JSON with attributes."""


def read(name: str) -> Notebook:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=nbformat.NO_CONVERT)


@contextmanager
def stack() -> Iterator[LocalAws]:
    """A local AWS with the stack in it, for all notebooks."""
    with running(0, None, announced=False) as (local, _):
        yield local


def execute(name: str, local: LocalAws, data: Path | None = None) -> Notebook:
    """The notebook with its outputs; CellExecutionError at the first cell that raises.

    `data` is what a user would write after `DATA =`: a copy of the published file.
    """
    notebook = read(name)
    if data is not None:
        (cell,) = (cell for cell in notebook.cells if NO_DATA in cell.source)
        cell.source = cell.source.replace(NO_DATA, f"DATA = {str(data)!r}")
    return executed(notebook, local.child_environment())


def executed(notebook: Notebook, environment: Mapping[str, str]) -> Notebook:
    """The same notebook, executed with the AWS that an environment names."""
    place = {key: text for key, text in environment.items() if key.startswith("AWS_")}
    with tempfile.TemporaryDirectory() as home:
        folders = {"IPYTHONDIR": home, "JUPYTER_CONFIG_DIR": home, "JUPYTER_RUNTIME_DIR": home}
        with mock.patch.dict(os.environ, {**place, **folders}):
            client = NotebookClient(
                notebook,
                timeout=CELL_SECONDS,
                coalesce_streams=True,
                kernel_name="python3",
                resources={"metadata": {"path": str(FOLDER)}},
            )
            client.execute()
    return notebook


def texts(notebook: Notebook) -> str:
    """All that a run of it has printed."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


def pictures(notebook: Notebook) -> list[dict[str, str]]:
    """What its cells display, in every representation."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output["data"] for output in outputs if "image/svg+xml" in output.get("data", {})]


# the page


def page(name: str, notebook: Notebook) -> dict[str, str]:
    """The files of a rendered notebook: its page, and its pictures beside it."""
    pictures: dict[str, str] = {}
    parts = [f"<!-- written by make notebooks from notebooks/{name}.ipynb -->"]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(linked(cell.source))
            continue
        parts.append(fenced("python", cell.source))
        parts += filter(None, (shown(output, name, pictures) for output in cell.outputs))
    return {f"{name}.md": "\n\n".join(parts) + "\n", **pictures}


def linked(text: str) -> str:
    """Links of a notebook as they are from docs/notebooks; that to the page leads back instead."""
    text = re.sub(r"\]\((?:\.\./docs|\.\.)/", lambda found: _link(found[0]), text)
    return _TO_PAGE.sub(r"_As a notebook: [notebooks/\1.ipynb](../../notebooks/\1.ipynb)_", text)


def _link(start: str) -> str:
    return "](../" if start == "](../docs/" else "](../../"


_TO_PAGE = re.compile(
    r"^_With its outputs: \[docs/notebooks/([\w-]+)\.md\]\(\.\./notebooks/\1\.md\)_$", re.MULTILINE
)


def shown(output: Mapping[str, Any], name: str, pictures: dict[str, str]) -> str:
    """An output in Markdown; a picture is put into its own file."""
    if output["output_type"] == "stream":
        return fenced("text", output["text"])
    data = output["data"]
    if "image/svg+xml" not in data:
        return fenced("text", data["text/plain"])
    file = f"{name}-{len(pictures) + 1}.svg"
    pictures[file] = data["image/svg+xml"]
    return f"![{name}, picture {len(pictures)}]({file})"


def fenced(language: str, text: str) -> str:
    """A code block, or nothing for an empty text. The fence is longer than any in the text."""
    longest = max(map(len, re.findall("`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    body = text.rstrip().lstrip("\n")
    return f"{fence}{language}\n{body}\n{fence}" if body else ""


def code_of(markdown: str) -> list[str]:
    """The code cells of a page."""
    return [found[1] for found in re.findall(r"^(`{3,})python\n(.*?)\n\1$", markdown, _LINES)]


_LINES = re.MULTILINE | re.DOTALL


def write_pages() -> None:
    written = of_the_sdk()
    with running(0, None, announced=False) as (local, found):
        play_demo(found)
        for name in (*ORDER, *OF_RUNS):
            written |= page(name, execute(name, local))
    PAGES.mkdir(exist_ok=True)
    for old in PAGES.iterdir():
        old.unlink()
    for file, text in written.items():
        (PAGES / file).write_text(text, encoding="utf-8")


def of_the_sdk() -> dict[str, str]:
    """The pages of notebooks that need the SageMaker SDK: as they were where it is missing."""
    if importlib.util.find_spec("sagemaker") is None:
        print(f"Left as they were, for pip install '.[sagemaker]': {', '.join(ELSEWHERE)}")
        kept = (file for name in ELSEWHERE for file in PAGES.glob(f"{name}*"))
        return {file.name: file.read_text(encoding="utf-8") for file in kept}
    made: dict[str, str] = {}
    for name in ELSEWHERE:
        made |= page(name, executed(read(name), {}))
    return made


def play_demo(found: Stack) -> None:
    """The four drops of `ratchet demo customer-churn`."""
    folder = find("customer-churn")
    packed, plan = pack(folder), DemoPlan.find(folder)
    drops = cut(find_data(None, plan).content, packed.definition, "the file")
    push.send(found, packed)
    played = scenario.play(scenario.Scenario(found, packed.name, screen.stdout(), plan), drops)
    failed = [sentence for one in played for sentence in one.failed]
    if failed:
        raise SystemExit(f"The demo did not end as expected, so no page is written: {failed}")


if __name__ == "__main__":
    write_pages()
