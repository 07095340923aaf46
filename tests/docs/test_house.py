"""Import arrows fall one way, as docs/architecture.md draws them, and never in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from import_circles import Sources, circles

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = {
    "src/ratchet/workflow": ("ratchet.local_aws", "ratchet.cli", "retraining"),
    "src/ratchet/local_aws": ("ratchet.cli", "retraining"),
    "src/ratchet/cli": ("retraining",),
    "src/ratchet/serving": ("ratchet", "retraining"),
    "functions": ("ratchet",),
    "jobs": ("ratchet", "retraining"),
}
NEEDS_AWS = ("boto3", "botocore")
LOCAL_AWS = ("door", "s3", "sns", "running", "shared")
"""The rooms below the services of local AWS, from the ground up."""
FOLDERS = ("src", "functions", "jobs", "benchmarks", "tests")
STARTS = ("src", "functions", "jobs", "tests", "src/ratchet/local_aws/glue/library")


def imports(file: Path) -> Iterator[str]:
    """Every module that the file imports, relative ones aside."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def arrows(folder: str, modules: tuple[str, ...]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)} -> {name}"
        for file in sorted((ROOT / folder).rglob("*.py"))
        for name in imports(file)
        if any(name == module or name.startswith(f"{module}.") for module in modules)
    ]


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_no_arrow_runs_upward(folder: str) -> None:
    assert arrows(folder, FORBIDDEN[folder]) == []


@pytest.mark.parametrize("room", LOCAL_AWS)
def test_rooms_of_local_aws_import_only_those_below(room: str) -> None:
    below = LOCAL_AWS[: LOCAL_AWS.index(room) + 1]
    rooms = tuple(f"ratchet.local_aws.{name}." for name in below)
    found = arrows(f"src/ratchet/local_aws/{room}", ("ratchet.local_aws",))
    assert [arrow for arrow in found if not arrow.partition(" -> ")[2].startswith(rooms)] == []


def test_only_the_adapters_speak_boto3() -> None:
    speaking = arrows("functions", NEEDS_AWS)
    assert [arrow for arrow in speaking if "/adapters/" not in arrow] == []


def test_only_settings_reads_the_environment() -> None:
    reading = [
        str(file.relative_to(ROOT))
        for file in sorted((ROOT / "functions").rglob("*.py"))
        if "environ" in file.read_text(encoding="utf-8") and file.name != "settings.py"
    ]
    assert reading == []


def test_no_imports_run_in_a_circle() -> None:
    """Imports inside functions and for type checkers count too."""
    graph = Sources(ROOT, FOLDERS, STARTS).graph()
    found = [sorted(str(file.relative_to(ROOT)) for file in group) for group in circles(graph)]
    assert found == []


@pytest.mark.parametrize(
    "back",
    [
        "import house.one",
        "from house import one",
        "from . import one",
        "from .one import name",
        "def later():\n    from house.one import name",
        "if TYPE_CHECKING:\n    from house.one import name",
    ],
)
def test_a_circle_is_found_however_it_is_imported(tmp_path: Path, back: str) -> None:
    house = tmp_path / "src" / "house"
    house.mkdir(parents=True)
    (house / "__init__.py").write_text("from house.one import name\n")
    (house / "one.py").write_text("from house.two import other\n")
    (house / "two.py").write_text(f"{back}\n")
    (house / "three.py").write_text("import house.one, json\n")
    graph = Sources(tmp_path, ("src",), ("src",)).graph()
    assert circles(graph) == [{house / "one.py", house / "two.py"}]


PURE = {
    "algorithms": ("algorithms",),
    "documents": ("documents", "errors"),
    "rules": ("rules", "algorithms", "documents", "errors"),
}
"""Rooms of the service that decide or describe, and do nothing else, and what each may import."""
CLOCK_AND_CHANCE = ("time", "random", "uuid", "secrets", "os")
MOMENTS = {"now", "utcnow", "today"}


@pytest.mark.parametrize("room", PURE)
def test_rules_and_documents_know_no_aws_no_clock_no_environment_and_no_step(room: str) -> None:
    """What they decide depends on their arguments alone; they import only what is below them."""
    reached = tuple(f"retraining.{name}" for name in PURE[room])
    folder = f"functions/retraining/{room}"
    outward = arrows(folder, (*NEEDS_AWS, *CLOCK_AND_CHANCE))
    ours = arrows(folder, ("retraining",))
    outward += [arrow for arrow in ours if not arrow.partition(" -> ")[2].startswith(reached)]
    assert outward == []


@pytest.mark.parametrize("room", PURE)
def test_rules_and_documents_never_ask_what_time_it_is(room: str) -> None:
    asking = [
        f"{file.name}:{node.lineno}"
        for file in sorted((ROOT / "functions" / "retraining" / room).rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in MOMENTS
    ]
    assert asking == []


def test_only_handlers_put_adapters_together() -> None:
    """Steps get them as arguments, so a signature shows what reaches AWS."""
    assert arrows("functions/retraining", ("retraining.bootstrap",)) == []
    makers = [
        str(file.relative_to(ROOT))
        for file in sorted((ROOT / "functions").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Adapters"
    ]
    assert makers == ["functions/retraining/bootstrap.py"]


def test_no_two_test_modules_have_one_name() -> None:
    """Outside of packages pytest imports a file by its name alone, and refuses the second one."""
    files = [file for file in (ROOT / "tests").rglob("*.py") if file.stem != "conftest"]
    loose = [file.stem for file in files if not (file.parent / "__init__.py").exists()]
    assert [name for name in sorted(set(loose)) if loose.count(name) > 1] == []
