"""Batch transform: every file of a folder through one model, filtered and joined line by line.

Usage: python -m ratchet.local_aws.sagemaker.containers.transform JOB_FILE

JOB_FILE is JSON: {"image", "archive", "code" (of script mode, or null), "input" and "output"
(folders), "input_filter", "output_filter", "join" (bool), "failure" (file)}. For `input/a.csv` it
writes `output/a.csv.out`. The answers are those of the container's server in batch mode, computed
without HTTP in between.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from ratchet.local_aws.sagemaker.containers import scripts
from ratchet.local_aws.sagemaker.containers.catalog import container_named
from ratchet.local_aws.sagemaker.containers.container import Predictor
from ratchet.local_aws.sagemaker.containers.errors import BadPayload, ContainerError
from ratchet.local_aws.sagemaker.containers.filters import (
    BadFilter,
    ColumnFilter,
    parse_filter,
)
from ratchet.local_aws.sagemaker.containers.rows import Row, joined, split

LINES_AT_ONCE = 20_000
BAD_STATUS = "Bad HTTP status received from algorithm: "


class TransformFailed(ContainerError):
    """A record that the model or a filter refuses, with its file and line."""


@dataclass(frozen=True)
class Transformer:
    """A model with the filters around it."""

    predictor: Predictor
    input_filter: ColumnFilter
    output_filter: ColumnFilter
    join: bool

    def lines(self, source: TextIO) -> Iterator[str]:
        """The output line of each input line; raises TransformFailed."""
        number = 1
        while records := list(itertools.islice(source, LINES_AT_ONCE)):
            yield from self._answers([line.rstrip("\r\n") for line in records], number)
            number += len(records)

    def _answers(self, records: list[str], number: int) -> Iterator[str]:
        rows = [split(record) for record in records]
        try:
            yield from self._answer(rows)
        except (BadPayload, BadFilter) as error:
            raise self._first_failure(rows, number) from error

    def _answer(self, rows: list[Row]) -> list[str]:
        scores = self.predictor.predict([self.input_filter.choose(row) for row in rows])
        return [self._line(row, score) for row, score in zip(rows, scores, strict=True)]

    def _first_failure(self, rows: list[Row], number: int) -> TransformFailed:
        """The failure of the first row that fails by itself, else of rows that do not match."""
        for line, row in enumerate(rows, start=number):
            try:
                self._answer([row])
            except BadPayload as error:
                return TransformFailed(f"{BAD_STATUS}{error.status}: {error} (line {line})")
            except BadFilter as error:
                return TransformFailed(f"filter {error} (line {line})")
        widths = sorted({len(row) for row in rows})
        return TransformFailed(f"{BAD_STATUS}415: rows have {widths} columns")

    def _line(self, row: Row, score: str) -> str:
        if not self.join and self.output_filter.path == "$":
            return score
        answer = score.split(",")
        return joined(self.output_filter.choose(row + answer if self.join else answer))


def transform_files(transformer: Transformer, source: Path, target: Path) -> int:
    """Transform every file below `source`; the number of files. Raises TransformFailed."""
    files = sorted(path for path in source.rglob("*") if path.is_file())
    for path in files:
        out = target / path.relative_to(source).parent / f"{path.name}.out"
        out.parent.mkdir(parents=True, exist_ok=True)
        _transform_file(transformer, path, out)
    return len(files)


def _transform_file(transformer: Transformer, path: Path, out: Path) -> None:
    try:
        with path.open(encoding="utf-8", newline="\n") as lines, out.open("w", newline="") as file:
            file.writelines(f"{line}\n" for line in transformer.lines(lines))
    except (TransformFailed, UnicodeDecodeError) as error:
        raise TransformFailed(f"{path.name}: {error}") from error


def _transformer(job: dict[str, Any]) -> Transformer:
    return Transformer(
        _predictor(job),
        parse_filter(job["input_filter"]),
        parse_filter(job["output_filter"]),
        bool(job["join"]),
    )


def _predictor(job: dict[str, Any]) -> Predictor:
    archive = Path(job["archive"])
    if job.get("code") is None:
        return container_named(job["image"]).own.load(archive)[0]
    return scripts.load(archive, Path(job["code"]), os.environ)[0]


def main(job_file: str) -> int:
    """Run the job; 0, or 1 after writing why it failed."""
    job = json.loads(Path(job_file).read_text())
    try:
        count = transform_files(_transformer(job), Path(job["input"]), Path(job["output"]))
    except ContainerError as error:
        Path(job["failure"]).write_text(str(error), encoding="utf-8")
        sys.stdout.write(f"{error}\n")
        return 1
    sys.stdout.write(f"Transformed {count} files\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
