"""A pipeline's folder, checked and packed into what the service reads: definition.json."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ratchet.cli import checkout, folder_files, layout
from ratchet.cli.errors import CliError, nearest
from ratchet.cli.python_source import refuse_bad_python
from ratchet.cli.schema_problems import check
from ratchet.cli.yaml_files import YamlFile, read_text, read_yaml

if TYPE_CHECKING:
    from ratchet.cli.features_module import FeaturesModule

_ANY = "*/pipeline.yaml"


@dataclass(frozen=True)
class Packed:
    """A checked pipeline: `files` are what is uploaded under `hash`, definition.json among them.

    `warnings` are doubts that do not prevent the push. `read` are the files it was read from:
    pipeline.yaml and columns.yaml.
    """

    name: str
    definition: dict[str, Any]
    files: dict[str, bytes]
    hash: str
    warnings: tuple[str, ...]
    read: tuple[YamlFile, YamlFile]

    def changed(self, **sections: Any) -> Packed:
        """The same folder with other sections in its definition."""
        return replace(self, **_defined({**self.definition, **sections}, self.files))

    def located(self, problem: str) -> str:
        """'file:line: problem' for a problem of the definition that begins with its key."""
        pipeline, columns = self.read
        if problem.startswith("data.columns"):
            return columns.located(problem.removeprefix("data."))
        return pipeline.located(problem)


EXAMPLE = "bank-marketing"


def find(pipeline: str) -> Path:
    """A pipeline's folder by its path, by its name in pipelines/ here, or in the checkout."""
    places = [Path("pipelines")]
    with suppress(CliError):  # no checkout
        places.append(checkout.root() / "pipelines")
    for folder in (Path(pipeline), *(place / pipeline for place in places)):
        if folder.is_dir():
            return folder
    named = (sorted(path.parent.name for path in place.glob(_ANY)) for place in places)
    known = next(filter(None, named), [])
    step = f"Pipelines here: {', '.join(known)}" if known else "Make one with: ratchet new"
    beside = [path.parent.name for path in Path(pipeline).parent.glob("*/pipeline.yaml")]
    hint = nearest(Path(pipeline).name, sorted({*known, *beside}))
    raise CliError(f"there is no pipeline {pipeline}{hint}", step)


def one_here() -> str:
    """The name of a pipeline in pipelines/ here, for what a command suggests; the demo's if any."""
    here = sorted(path.parent.name for path in Path("pipelines").glob(_ANY))
    return here[0] if here and EXAMPLE not in here else EXAMPLE


def pack(folder: Path) -> Packed:
    """Read and check a pipeline's folder; CliError lists every problem by file, line and key."""
    if not folder.is_dir():
        raise CliError(f"{folder} is not a folder", "Give one that contains pipeline.yaml.")
    pipeline = read_yaml(folder / "pipeline.yaml")
    _refuse(_two_trainings(pipeline))
    _refuse(check(pipeline, schema_of("pipeline")))
    document: dict[str, Any] = pipeline.value
    columns = read_yaml(folder / document["data"].get("columns", "columns.yaml"))
    _refuse(check(columns, schema_of("columns")))
    _refuse(_label_problem(pipeline, columns))
    return _packed(folder, pipeline, columns)


def _packed(folder: Path, pipeline: YamlFile, columns: YamlFile) -> Packed:
    document = pipeline.value
    etl = document.get("etl") or {}
    files: dict[str, bytes] = {}
    recipe = transform = None
    doubts: tuple[str, ...] = ()
    beside = folder_files.read(folder, pipeline)
    features = _features(folder, pipeline, columns, beside)
    files |= features.files if features else {}
    if etl.get("recipe"):
        files["recipe.json"] = read_text(folder / etl["recipe"]).encode()
        recipe = _steps(folder / etl["recipe"], files["recipe.json"])
        label = () if etl.get("transform") else (document["data"]["label"],)
        known = tuple(columns.value["columns"])
        doubts = _recipe_doubts(folder / etl["recipe"], recipe, known, label)
    if etl.get("transform"):
        files["transform.py"] = read_text(folder / etl["transform"]).encode()
        transform = hashlib.sha256(files["transform.py"]).hexdigest()
        refuse_bad_python(folder / etl["transform"], files["transform.py"])
        files |= {layout.definition_file(name): body for name, body in beside.items()}
    training, packed, warnings = _training(folder, pipeline)
    files |= packed
    definition = {
        **document,
        "data": {**document["data"], "columns": columns.value["columns"]},
        "etl": {
            "recipe": recipe,
            "transform": transform,
            "features": features.definition if features else None,
            "files": {name: hashlib.sha256(body).hexdigest() for name, body in beside.items()},
        },
        "training": training,
    }
    return Packed(
        name=document["name"],
        **_defined(definition, files),
        warnings=(*warnings, *doubts, *_split_doubts(pipeline, columns)),
        read=(pipeline, columns),
    )


def _split_doubts(pipeline: YamlFile, columns: YamlFile) -> tuple[str, ...]:
    """A split that mixes the days tells how well a model remembers them."""
    split = pipeline.value.get("split") or {}
    by = split.get("by", "row")
    dated = [
        name
        for name, column in columns.value["columns"].items()
        if column.get("type") in ("date", "timestamp")
    ]
    if by not in ("row", "key") or not dated:
        return ()
    place = ["split", "by"] if "by" in split else ["split"] if split else []
    line = pipeline.line(place) if place else 1
    where = f"{pipeline.path}:{line}: split.by is {by}, and {dated[0]} tells when a row is from."
    what = (
        " Rows of the same days are then trained on and held out, so a run's figures say how well a"
        " model knows these days; on the next drop it will do worse. For figures of days it has not"
        f" seen: split: {{by: time, column: {dated[0]}}}"
    )
    return (where + what,)


def _defined(definition: dict[str, Any], files: dict[str, bytes]) -> dict[str, Any]:
    """What a pipeline with this definition is packed to, beside its name."""
    text = json.dumps(definition, ensure_ascii=False, separators=(",", ":"))
    files = {**files, "definition.json": text.encode()}
    return {"definition": definition, "files": files, "hash": _content_hash(files)}


def _features(
    folder: Path, pipeline: YamlFile, columns: YamlFile, beside: Mapping[str, bytes]
) -> FeaturesModule | None:
    """The folder's features.py, tried on sample rows; None without one."""
    from ratchet.cli import features_module

    etl = pipeline.value.get("etl") or {}
    if not etl.get("features"):
        return None
    line = pipeline.line(["etl", "features"])
    _refuse(
        [
            f"{pipeline.path}:{line}: etl: features and {other} exclude each other: keep one"
            for other in ("recipe", "transform")
            if etl.get(other)
        ]
    )
    path = folder / etl["features"]
    refuse_bad_python(path, read_text(path).encode())
    known = pipeline.value["data"], columns.value["columns"]
    script = "script" in pipeline.value["training"]
    return features_module.read(path, *known, beside, script=script)


def _training(
    folder: Path, pipeline: YamlFile
) -> tuple[dict[str, Any], dict[str, bytes], tuple[str, ...]]:
    """The training section with its workflow inlined or its script packed, files and warnings."""
    training: dict[str, Any] = pipeline.value["training"]
    if "workflow" in training:
        workflow, warnings = _workflow(folder / training["workflow"])
        return {**training, "workflow": workflow}, {}, warnings
    if "script" in training:
        from ratchet.cli import training_script

        script = training_script.read(folder, pipeline)
        return {**training, "script": script.definition}, script.files, script.doubts
    return training, {}, ()


def _workflow(path: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A training workflow, linted, and the warnings about it."""
    from ratchet.workflow import errors_of, parse
    from ratchet.workflow.lint import lint

    text = read_text(path)
    findings = lint(text, placeholders=False)
    lines = [f"{path}{':' if one.line is not None else ': '}{one}" for one in findings]
    if errors_of(findings):
        _refuse(lines)
    workflow = dict(parse(text).source.document)
    try:
        json.dumps(workflow, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CliError(f"{path}: contains a value that JSON cannot represent: {error}") from error
    return workflow, tuple(lines)


def _content_hash(files: dict[str, bytes]) -> str:
    """SHA-256 over names and contents: the same folder has the same hash everywhere."""
    digests = sorted(
        f"{name}\0{hashlib.sha256(body).hexdigest()}\n" for name, body in files.items()
    )
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _steps(path: Path, text: bytes) -> list[Any]:
    """A recipe as DataBrew exports it: a list of steps, or an object with `Steps`."""
    try:
        recipe = json.loads(text)
    except ValueError as error:
        raise CliError(f"{path}: not valid JSON: {error}") from error
    except RecursionError:
        raise CliError(f"{path}: nested too deeply for a recipe") from None
    steps = recipe.get("Steps") if isinstance(recipe, dict) else recipe
    if not isinstance(steps, list) or not steps:
        msg = f"{path} is not a recipe: it contains no list of steps"
        raise CliError(msg, "Export one from DataBrew, or write [{'Action': {...}}, ...].")
    return steps


def _recipe_doubts(
    path: Path, steps: list[Any], columns: tuple[str, ...], label: tuple[str, ...]
) -> tuple[str, ...]:
    """What of a recipe is doubtful, or run by DataBrew alone; CliError for what cannot run."""
    from ratchet.cli.authoring.header import RESERVED
    from ratchet.local_aws.databrew.compiler.recipe import check_recipe

    text = read_text(path)
    places = [text.count("\n", 0, one.start()) + 1 for one in re.finditer(r'"Operation"\s*:', text)]

    def located(sentence: str) -> str:
        number = re.match(r"Step (\d+)", sentence)
        line = places[int(number[1]) - 1] if number and len(places) == len(steps) else 1
        return f"{path}:{line}: {sentence}"

    found = check_recipe(steps, (*columns, *RESERVED), (*RESERVED[:3], *label))
    _refuse([located(problem) for problem in found.problems])
    return tuple(located(sentence) for sentence in (*found.unsupported, *found.doubts))


_ALONE = {"workflow": ("algorithm", "script", "hyperparameters"), "script": ("algorithm",)}
"""What each kind of training excludes."""


def _two_trainings(pipeline: YamlFile) -> list[str]:
    """Checked before the schema, which would report the keys of one as unknown to the other."""
    training = pipeline.value.get("training") if isinstance(pipeline.value, dict) else None
    if not isinstance(training, dict):
        return []
    return [
        f"{pipeline.path}:{pipeline.line(['training', key])}: training: {kind} and {key}"
        " exclude each other: keep one"
        for kind, excluded in _ALONE.items()
        for key in excluded
        if kind in training and key in training
    ]


def _label_problem(pipeline: YamlFile, columns: YamlFile) -> list[str]:
    label, known = str(pipeline.value["data"]["label"]), columns.value["columns"]
    etl = pipeline.value.get("etl") or {}
    if label in known or etl.get("transform"):  # it may make the label
        return []
    line = pipeline.line(["data", "label"])
    where = f"{pipeline.path}:{line}: data.label: {label}"
    what = f"{where} is not a column of {columns.path.name}{nearest(label, known)}"
    return [f"{what}: add it there, or name the column that the model has to predict"]


def _refuse(problems: list[str]) -> None:
    if problems:
        raise problems_error(problems)


def problems_error(problems: list[str]) -> CliError:
    """One problem as it is, several as a list."""
    if len(problems) == 1:
        return CliError(problems[0])
    more = "\n  ".join(problems)
    return CliError(f"{len(problems)} problems in this pipeline:\n  {more}")


def schema_of(kind: str) -> dict[str, Any]:
    """The JSON Schema of pipeline.yaml or columns.yaml, as the service's contract generates it."""
    text = (
        resources.files("ratchet.cli").joinpath("schemas", f"{kind}.schema.json").read_text("utf-8")
    )
    schema: dict[str, Any] = json.loads(text)
    return schema
