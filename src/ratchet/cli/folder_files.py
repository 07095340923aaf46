"""`etl.files`: tables and modules of a pipeline's folder that transform.py or features.py reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ratchet.cli.errors import CliError
from ratchet.cli.python_source import refuse_bad_python

if TYPE_CHECKING:
    from ratchet.cli.yaml_files import YamlFile

MOST_BYTES = 20 << 20  # together: every job and every container fetches them


def read(folder: Path, pipeline: YamlFile, section: str = "etl") -> dict[str, bytes]:
    """Their contents by name; CliError for one that is missing, or for too much of it."""
    names: list[str] = (pipeline.value.get(section) or {}).get("files") or []
    found = {
        name: _content(folder / name, pipeline, section, place) for place, name in enumerate(names)
    }
    total = sum(map(len, found.values()))
    if total > MOST_BYTES:
        where = f"{pipeline.path}:{pipeline.line([section, 'files'])}: {section}.files"
        raise CliError(
            f"{where}: {total:,} bytes together, and at most {MOST_BYTES:,} are allowed: every job"
            " and every container fetches them"
        )
    return found


def _content(path: Path, pipeline: YamlFile, section: str, place: int) -> bytes:
    where = f"{pipeline.path}:{pipeline.line([section, 'files', place])}: {section}.files"
    if not path.is_file():
        raise CliError(f"{where}: {path} is not a file", "Names are those of files in this folder.")
    if path.stat().st_size > MOST_BYTES:
        raise CliError(f"{where}: {path} has more than {MOST_BYTES:,} bytes")
    body = path.read_bytes()
    if path.suffix == ".py":
        refuse_bad_python(path, body)
    return body
