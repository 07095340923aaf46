"""A pipeline's training script, read without running it, and packed with what it needs."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ratchet.cli import archives, folder_files
from ratchet.cli.errors import CliError
from ratchet.cli.python_source import refuse_bad_python
from ratchet.cli.yaml_files import read_text

if TYPE_CHECKING:
    from ratchet.cli.yaml_files import YamlFile

PROGRAM = "keep_code.py"
LOADS = "model_fn"


@dataclass(frozen=True)
class TrainingScript:
    """What definition.json says of it, the files that are pushed, and doubts."""

    definition: dict[str, str]
    files: dict[str, bytes]
    doubts: tuple[str, ...]


def read(folder: Path, pipeline: YamlFile) -> TrainingScript:
    """The script of the folder; CliError for what would fail in training or serving."""
    training: Mapping[str, Any] = pipeline.value["training"]
    name = str(training["script"])
    path = folder / name
    source = read_text(path).encode()
    refuse_bad_python(path, source)
    tree = ast.parse(source)
    if not _defines(tree, LOADS):
        raise CliError(
            f"{path}:1: there is no function {LOADS}(model_dir): the container that serves calls it"
            " to load what training wrote to SM_MODEL_DIR"
        )
    beside = folder_files.read(folder, pipeline, "training")
    keeps = resources.files("ratchet.serving").joinpath(PROGRAM).read_bytes()
    code = archives.packed({**beside, name: source, PROGRAM: keeps})
    digest = hashlib.sha256(code).hexdigest()
    return TrainingScript(
        {"program": name, "code": digest}, {f"{digest}.tar.gz": code}, _doubts(path, tree)
    )


def _doubts(path: Path, tree: ast.Module) -> tuple[str, ...]:
    if any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(tree)):
        return ()
    what = 'nothing in it depends on `if __name__ == "__main__":`'
    why = "the container that serves imports the whole script: what trains belongs below that line"
    return (f"{path}:1: {what}, and {why}",)


def _defines(tree: ast.Module, name: str) -> bool:
    return any(found in (name, "*") for statement in tree.body for found in _names(statement))


def _names(statement: ast.stmt) -> Iterator[str]:
    """What a statement of a module gives a name to; * for all names of another module."""
    if isinstance(statement, ast.FunctionDef):
        yield statement.name
    elif isinstance(statement, ast.ImportFrom):
        yield from (one.asname or one.name for one in statement.names)
    elif isinstance(statement, ast.Assign):
        yield from (target.id for target in statement.targets if isinstance(target, ast.Name))
    elif isinstance(statement, ast.If | ast.Try):
        for inner in statement.body:
            yield from _names(inner)
