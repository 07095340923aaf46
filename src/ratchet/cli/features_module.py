"""A pipeline's features.py, tried on sample rows and packed with what it needs in a container."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

from ratchet.cli import archives, extras, landed_file
from ratchet.cli.errors import CliError
from ratchet.cli.yaml_files import read_text

SAMPLE = "sample.csv"
SERVES_SCRIPT = "features_first.py"
MOST_ROWS = 200
SYNTHESISED = 60
SECONDS = 60.0
FIRST_DAY = date(2024, 1, 1)

Columns = Mapping[str, Mapping[str, Any]]
Texts = dict[str, list[str | None]]


@dataclass(frozen=True)
class FeaturesModule:
    """What definition.json says of it, and the files that are pushed."""

    definition: dict[str, Any]
    files: dict[str, bytes]


def read(
    path: Path,
    data: Mapping[str, Any],
    columns: Columns,
    beside: Mapping[str, bytes],
    *,
    script: bool = False,
) -> FeaturesModule:
    """The module at `path`, for rows of these columns; CliError for what would fail later.

    `beside` are the files that it reads from beside itself; `script`: what is made of it a script
    of the pipeline serves.
    """
    extras.require("features")
    source = read_text(path).encode()
    contract = {
        "label": data["label"],
        "columns": {
            name: {"type": column["type"], "nullable": bool(column.get("nullable"))}
            for name, column in columns.items()
            if name != data["label"]
        },
    }
    texts = _sample(path.with_name(SAMPLE), data, columns)
    features = _tried(path, {**beside, **_beside(source, contract)}, texts)
    files = {**beside, **_beside(source, {**contract, "features": features})}
    if script:
        files[SERVES_SCRIPT] = _serving(SERVES_SCRIPT)
    code = archives.packed(files)
    digest = hashlib.sha256(code).hexdigest()
    described = {"sha256": hashlib.sha256(source).hexdigest(), "code": digest, "columns": features}
    return FeaturesModule(described, {"features.py": source, f"{digest}.tar.gz": code})


def _beside(source: bytes, contract: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of the archive."""
    serving = _serving("inference.py")
    text = f'"""The rows that the model takes, and its features."""\n\nCONTRACT = {contract!r}\n'
    return {"contract.py": text.encode(), "features.py": source, "inference.py": serving}


def _serving(name: str) -> bytes:
    return resources.files("ratchet.serving").joinpath(name).read_bytes()


# --- the trial ----------------------------------------------------------------------------------


def _tried(path: Path, files: Mapping[str, bytes], texts: Texts) -> list[str]:
    """The features that come out of the sample, one row at a time and all at once alike."""
    with tempfile.TemporaryDirectory(prefix="ratchet-features-") as name:
        folder = Path(name)
        code = folder / "code"
        code.mkdir()
        for file, body in files.items():
            (code / file).write_bytes(body)
        (folder / "rows.json").write_text(json.dumps(texts), encoding="utf-8")
        ended = _run(path, folder)
        if not (folder / "answer.json").exists():
            last = (ended.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise CliError(f"{path}: it ended with exit code {ended.returncode}: {last}")
        answer = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    if "problem" in answer:
        raise CliError(_located(path, str(answer["problem"])))
    found: list[str] = answer["features"]
    return found


def _run(path: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    program = resources.files("ratchet.serving").joinpath("trial.py")
    with resources.as_file(program) as script:
        try:
            return subprocess.run(
                [sys.executable, "-I", str(script), str(folder)],
                capture_output=True, text=True, timeout=SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise CliError(
                f"{path}: the sample of at most {MOST_ROWS} rows took more than {SECONDS:.0f} s"
            ) from error


def _located(path: Path, problem: str) -> str:
    """The problem by the file's whole path."""
    if problem.startswith(path.name):
        return f"{path}{problem.removeprefix(path.name)}"
    return f"{path}: {problem}"


# --- sample rows --------------------------------------------------------------------------------


def _sample(path: Path, data: Mapping[str, Any], columns: Columns) -> Texts:
    names = [name for name in columns if name != data["label"]]
    if path.exists():
        return _from_file(path, {**data, "columns": columns}, names)
    return {name: _made(columns[name], place) for place, name in enumerate(names)}


def _from_file(path: Path, data: Mapping[str, Any], names: list[str]) -> Texts:
    rows = landed_file.rows(str(path), path.read_bytes(), {**data, "format": "csv"})[:MOST_ROWS]
    missing = [name for name in names if name not in rows[0]]
    if missing:
        raise CliError(f"{path} has no column {missing[0]}: it needs those of columns.yaml")
    return {name: [row[name] or None for row in rows] for name in names}


def _made(column: Mapping[str, Any], place: int) -> list[str | None]:
    """Values that the column allows, in another order for each column."""
    values: list[str | None] = [*_values(column)]
    if column.get("nullable"):
        values.append(None)
    count = len(values)
    return [values[(row * (2 * place + 1) + row // count) % count] for row in range(SYNTHESISED)]


def _values(column: Mapping[str, Any]) -> list[str]:
    kind, low, high = column["type"], column.get("min"), column.get("max")
    if kind in ("date", "timestamp"):
        first = date.fromisoformat(str(low)[:10]) if low else FIRST_DAY
        days = [str(first + timedelta(days=days)) for days in (0, 1, 6, 31, 200)]
        return (
            days if kind == "date" else [f"{day}T{hour:02}:30:00" for hour, day in enumerate(days)]
        )
    if kind == "boolean":
        return ["true", "false"]
    if kind not in ("integer", "number"):
        return [str(value) for value in column.get("values") or ("a", "b", "another text")]
    least = float(low if low is not None else 0 if high is None else float(high) - 100)
    most = float(high if high is not None else least + 100)
    numbers = [least + (most - least) * part for part in (0, 0.01, 0.3, 0.5, 0.75, 1)]
    return [str(int(number)) if kind == "integer" else repr(number) for number in numbers]
