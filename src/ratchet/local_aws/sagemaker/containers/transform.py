"""Batch transform: every file of a folder through one model, filtered and joined line by line.

Usage: python -m ratchet.local_aws.sagemaker.containers.transform JOB_FILE

JOB_FILE is JSON: {"containers" (each with "image", "archive", "code" of script mode or null, and
"environment"), "input" and "output" (folders), "failure" (file), "content_type", "accept", "split",
"assemble", "single" (bool), "payload" (the most bytes of a request), "input_filter",
"output_filter", "join" (bool)}. For `input/a.csv` it writes `output/a.csv.out`. The answers are
those of the container's server in batch mode, computed without HTTP in between.

Lines of CSV are read as rows, which filters and joins take. Anything else is a payload that goes
through as it is: whole files, single lines, or as many lines as a payload may have bytes.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO

from ratchet.local_aws.sagemaker.containers import scripts
from ratchet.local_aws.sagemaker.containers.catalog import container_named
from ratchet.local_aws.sagemaker.containers.chain import Chain, start
from ratchet.local_aws.sagemaker.containers.container import RowPredictor
from ratchet.local_aws.sagemaker.containers.errors import BadPayload, ContainerError
from ratchet.local_aws.sagemaker.containers.filters import (
    BadFilter,
    ColumnFilter,
    parse_filter,
)
from ratchet.local_aws.sagemaker.containers.modes import Mode, load_mode
from ratchet.local_aws.sagemaker.containers.rows import Row, joined, split

LINES_AT_ONCE = 20_000
CSV = "text/csv"
BAD_STATUS = "Bad HTTP status received from algorithm: "


class TransformFailed(ContainerError):
    """A record that the model or a filter refuses, with its file and line."""


class Transformer(Protocol):
    """How a job reads its files."""

    def transform(self, source: Path, target: Path) -> None:
        """Answer a file with another one; raises TransformFailed."""
        ...


@dataclass(frozen=True)
class RowTransformer:
    """Row by row, with the filters around the model."""

    predictor: RowPredictor
    input_filter: ColumnFilter
    output_filter: ColumnFilter
    join: bool
    at_once: int = LINES_AT_ONCE

    def transform(self, source: Path, target: Path) -> None:
        with (
            source.open(encoding="utf-8", newline="\n") as lines,
            target.open("w", newline="") as file,
        ):
            file.writelines(f"{line}\n" for line in self.lines(lines))

    def lines(self, source: TextIO) -> Iterator[str]:
        """The output line of each input line; raises TransformFailed."""
        number = 1
        while records := list(itertools.islice(source, self.at_once)):
            yield from self._answers([line.rstrip("\r\n") for line in records], number)
            number += len(records)

    def _answers(self, records: list[str], number: int) -> Iterator[str]:
        rows = [split(record) for record in records]
        try:
            yield from self._answer(rows)
        except (BadPayload, BadFilter) as error:
            raise self._first_failure(rows, number) or self._together(rows, error) from error

    def _answer(self, rows: list[Row]) -> list[str]:
        scores = self.predictor.predict([self.input_filter.choose(row) for row in rows])
        return [self._line(row, score) for row, score in zip(rows, scores, strict=True)]

    def _first_failure(self, rows: list[Row], number: int) -> TransformFailed | None:
        """The failure of the first row that fails by itself."""
        for line, row in enumerate(rows, start=number):
            try:
                self._answer([row])
            except (BadPayload, BadFilter) as error:
                return TransformFailed(f"{_told(error)} (line {line})")
        return None

    def _together(self, rows: list[Row], error: Exception) -> TransformFailed:
        """The failure of rows that are answered one by one, but not as one body."""
        widths = sorted({len(row) for row in rows})
        if len(widths) > 1:
            return TransformFailed(f"{BAD_STATUS}415: rows have {widths} columns")
        return TransformFailed(f"{_told(error)} (each row alone is answered)")

    def _line(self, row: Row, score: str) -> str:
        if not self.join and self.output_filter.path == "$":
            return score
        answer = score.split(",")
        return joined(self.output_filter.choose(row + answer if self.join else answer))


def _told(error: Exception) -> str:
    if isinstance(error, BadPayload):
        return f"{BAD_STATUS}{error.status}: {error}"
    return f"filter {error}"


@dataclass(frozen=True)
class PayloadTransformer:
    """Body by body, as the model's server would get them."""

    mode: Mode
    content_type: str
    accept: str
    by_line: bool
    single: bool
    assemble: bool
    payload: int

    def transform(self, source: Path, target: Path) -> None:
        data = source.read_bytes()
        bodies = self._bodies(data.splitlines(keepends=True)) if self.by_line else [data]
        if not self.by_line and len(data) > self.payload:
            raise TransformFailed("Too much data for max payload size")
        with target.open("wb") as file:
            for body in bodies:
                answer, _ = self._answer(body)
                file.write(answer if not self.assemble or answer[-1:] == b"\n" else answer + b"\n")

    def _answer(self, body: bytes) -> tuple[bytes, str]:
        try:
            return self.mode.answer(body, self.content_type, self.accept)
        except BadPayload as error:
            raise TransformFailed(f"{BAD_STATUS}{error.status}: {error}") from error

    def _bodies(self, lines: list[bytes]) -> Iterator[bytes]:
        """The lines one by one, or as many together as a payload may have."""
        body = b""
        for line in lines:
            if body and (self.single or len(body) + len(line) > self.payload):
                yield body
                body = b""
            body += line
        if body:
            yield body


def transform_files(transformer: Transformer, source: Path, target: Path) -> int:
    """Transform every file below `source`; the number of files. Raises TransformFailed."""
    files = sorted(path for path in source.rglob("*") if path.is_file())
    for path in files:
        out = target / path.relative_to(source).parent / f"{path.name}.out"
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            transformer.transform(path, out)
        except (TransformFailed, UnicodeDecodeError) as error:
            raise TransformFailed(f"{path.name}: {error}") from error
    return len(files)


def _transformer(job: dict[str, Any]) -> Transformer:
    by_line, assembled = job["split"] == "Line", job["assemble"] == "Line"
    if (job["content_type"], job["accept"]) != (CSV, CSV) or not (by_line and assembled):
        return PayloadTransformer(
            _mode(job),
            job["content_type"],
            job["accept"],
            by_line=by_line,
            single=bool(job["single"]),
            assemble=assembled,
            payload=job["payload"] or sys.maxsize,  # 0: a payload of any size
        )
    return RowTransformer(
        _predictor(job),
        parse_filter(job["input_filter"]),
        parse_filter(job["output_filter"]),
        bool(job["join"]),
        1 if job["single"] else LINES_AT_ONCE,
    )


def _predictor(job: dict[str, Any]) -> RowPredictor:
    if job["containers"][1:]:
        return _chain(job)
    (part,) = job["containers"]
    container, archive = container_named(part["image"]), Path(part["archive"])
    code = Path(part["code"]) if part["code"] else None
    if scripts.is_wanted(container.framework, os.environ):
        return scripts.load(container.framework, archive, code, os.environ)[0]
    return container.own.load(archive)[0]


def _mode(job: dict[str, Any]) -> Mode:
    if job["containers"][1:]:
        return _chain(job)
    (part,) = job["containers"]
    code = Path(part["code"]) if part["code"] else None
    return load_mode(part["image"], Path(part["archive"]), code)[0]


def _chain(job: dict[str, Any]) -> Chain:
    """The containers of an inference pipeline, each a process by itself."""
    return Chain([start(part) for part in job["containers"]])


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
