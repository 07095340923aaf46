"""Every command in the README exists, and the README names every command."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from ratchet.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BENCHMARKS = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CONSOLE = "\n".join(re.findall(r"```console\n(.*?)```", README, re.DOTALL))
LINES = [line.partition("#")[0].strip() for line in CONSOLE.splitlines()]
COMMANDS = [line for line in re.split(r"\n|&&", "\n".join(LINES)) if line.strip()]
RATCHET: Any = typer.main.get_command(app)


def arguments_of(program: str) -> list[list[str]]:
    words = [shlex.split(command) for command in COMMANDS]
    return [word[1:] for word in words if word and word[0] == program]


@pytest.mark.parametrize("words", arguments_of("ratchet"), ids=" ".join)
def test_every_ratchet_command_of_the_readme_parses(words: list[str]) -> None:
    name, *rest = [str(ROOT / "README.md") if word.endswith(".csv") else word for word in words]
    RATCHET.commands[name].make_context(name, rest)


def row_of(folder: Path) -> str:
    """The line of the README's table that a pipeline's demo.yaml asks for."""
    demo = yaml.safe_load((folder / "demo.yaml").read_text(encoding="utf-8"))
    expect = demo["expect"]
    how, bound = ("least", "at_least") if "at_least" in expect else ("most", "at_most")
    value = f"{expect[bound]:.2f}" if expect["metric"] == "auc" else f"{expect[bound]:g}"
    return (
        f"| `ratchet demo {folder.name}` | [{demo['shows']}](pipelines/{folder.name}/README.md) "
        f"| {expect['metric']} of at {how} {value} |"
    )


@pytest.mark.parametrize(
    "folder",
    sorted(file.parent for file in ROOT.glob("pipelines/*/demo.yaml")),
    ids=lambda f: f.name,
)
def test_the_readme_has_a_row_for_every_demo(folder: Path) -> None:
    (row,) = (line for line in README.splitlines() if line.startswith(row_of(folder)))
    assert "](docs/notebooks/" in row.removeprefix(row_of(folder))


def test_the_readme_leads_to_every_page_of_a_notebook() -> None:
    pages = {f"docs/notebooks/{page.name}" for page in ROOT.glob("docs/notebooks/*.md")}
    assert set(re.findall(r"\]\((docs/notebooks/[^)]+)\)", README)) == pages


def test_the_readme_names_every_command() -> None:
    missing = [name for name in RATCHET.commands if f"ratchet {name}" not in README]
    assert missing == []


def test_every_command_has_help_with_an_example() -> None:
    bare = [
        name
        for name, command in RATCHET.commands.items()
        if f"Example: ratchet {name}" not in (command.help or "")
    ]
    assert bare == []


def test_every_make_target_of_the_readme_is_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^(\w[\w-]*):", makefile, re.MULTILINE)
    assert [words[0] for words in arguments_of("make") if words[0] not in targets] == []


def test_the_readme_s_sam_commands_use_environments_of_samconfig() -> None:
    samconfig = (ROOT / "samconfig.toml").read_text(encoding="utf-8")
    environments = re.findall(r"--config-env (\w+)", README)
    assert environments
    assert [name for name in environments if f"[{name}.deploy.parameters]" not in samconfig] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_figures_of_the_readme_are_those_of_the_benchmarks_page() -> None:
    rows = re.findall(r"^\|.*\| (.*) \| `python (benchmarks/\w+\.py)", README, re.MULTILINE)
    assert len(rows) == 6
    for figures, script in rows:
        assert (ROOT / script).exists()
        measured = BENCHMARKS[BENCHMARKS.index(f"`python {script}") :]
        for figure in re.findall(r"\d[\d.,]*\d|\d", figures):
            assert re.search(rf"(?<![\d.,]){re.escape(figure)}(?![\d]|[.,]\d)", measured), figure


def test_the_benchmarks_page_has_the_command_of_every_benchmark() -> None:
    scripts = {path.name for path in (ROOT / "benchmarks").glob("*.py")}
    helpers = {"authoring_work.py", "plain_pipeline.py", "plain_script.py"}
    assert set(re.findall(r"`python benchmarks/(\w+\.py)", BENCHMARKS)) == scripts - helpers


def test_ci_runs_what_the_readme_tells() -> None:
    assert "\nmake test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    workflow = (ROOT / ".github" / "workflows" / "ci.yaml").read_text(encoding="utf-8")
    assert "run: .ci/run" in workflow


def test_the_python_of_the_readme_runs_and_is_free_of_findings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(code, {})
    assert capsys.readouterr().out == "()\n"


def test_the_readme_names_every_extra_and_the_commands_that_need_local_aws() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = re.findall(r"pip install '\.\[(\w+)\]' +# (.*)", README)
    assert {name for name, _ in named} == set(project["optional-dependencies"])
    needing = {"up"}
    for path in (ROOT / "src/ratchet/cli").glob("*.py"):
        if re.search(r'^ +(?:extras\.)?require\("local"\)', path.read_text(), re.MULTILINE):
            needing.add(path.stem.removesuffix("_files"))
    needing.discard("landed_file")  # a Parquet file for invoke
    needing.remove("service_contract")
    needing.add("push")  # the half of its --check that the schema cannot do
    (told,) = (what for name, what in named if name == "local")
    assert needing == set(re.findall(r"\b(?:up|demo|new|try|push|invoke)\b", told))
