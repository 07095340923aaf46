# ruff: noqa: S608 - every name and value in the SQL is quoted by sql.py
"""The child that runs a recipe job: files in, one CSV out, one SELECT per step in DuckDB.

Usage: python -m ratchet.local_aws.databrew.compiler.run_recipe JOB.json

JOB.json: {"steps": the recipe's steps, "source": {"files": [paths], "delimiter", "header": bool},
"others": the same by address in S3, "output": path, "output_delimiter", "now": when the run
started, "error": path}. Log lines go to stdout; a failure is written to the file `error`, as one
sentence, and the exit code is 1.
"""

import csv
import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from ratchet.local_aws.databrew.compiler import sql
from ratchet.local_aws.databrew.compiler.errors import RecipeError
from ratchet.local_aws.databrew.compiler.recipe import Recipe, compile_step, parse_recipe
from ratchet.local_aws.databrew.compiler.step import Table

MEMORY = "512MB"
_MOST_COLUMN_BYTES = 1 << 20


@dataclass(frozen=True)
class Source:
    """CSV files of one header."""

    files: list[str]
    delimiter: str = ","
    header: bool = True


@dataclass(frozen=True)
class Job:
    """What a run reads and writes; `others` are the files that steps read, by address."""

    steps: list[dict[str, Any]]
    source: Source
    output: str
    output_delimiter: str
    now: str
    others: dict[str, Source] = field(default_factory=dict)


def run(job: Job, log: Callable[[str], None] = print) -> int:
    """Apply the recipe to the files and write the output; returns its number of rows."""
    recipe = parse_recipe(job.steps)
    for warning in recipe.warnings:
        log(f"WARN {warning}")
    with duckdb.connect(config=_config(job)) as database:
        table = _opened(database, job)
        log(f"INFO read {_count(database, table)} rows of {len(table.columns or ())} columns")
        table = apply_recipe(database, recipe, table, log)
        _write(database, table, job)
        return _count(database, table)


def _config(job: Job) -> dict[str, Any]:
    """Tables beyond MEMORY are on disk, beside the output."""
    return {
        "autoload_known_extensions": "false",
        "threads": "2",
        "memory_limit": MEMORY,
        "temp_directory": str(Path(job.output).with_suffix(".spill")),
    }


def apply_recipe(
    database: Any, recipe: Recipe, table: Table, log: Callable[[str], None] = print
) -> Table:
    """Run each step as one SELECT; RecipeError names the step and the column."""
    for number, step in enumerate(recipe.steps, start=1):
        made = compile_step(number, step, table)
        name = f"step {number}"
        try:
            database.execute(f"CREATE TEMP TABLE {sql.name(name)} AS {made.statement}")
        except duckdb.Error as error:
            column = step.get("sourceColumn") or step.get("targetColumn")
            where = f" on column {column!r}" if column else ""
            reason = str(error).splitlines()[0]
            raise RecipeError(f"Step {number} ({step.operation}){where}: {reason}") from error
        database.execute(f"DROP TABLE {sql.name(table.name)}")
        table = _after(database, table, name, made.columns)
        log(f"INFO step {number} {step.operation}: {_count(database, table)} rows")
    return table


def described(database: Any, name: str, columns: tuple[str, ...]) -> Table:
    """A table of the database, whose distinct values are read when a step needs them."""
    return _after(database, Table(name), name, columns)


def _after(database: Any, table: Table, name: str, columns: tuple[str, ...]) -> Table:
    """What a step has made of a table: the same in all else."""

    def distinct(column: str) -> list[str]:
        quoted = sql.name(column)
        found = database.execute(
            f"SELECT DISTINCT {quoted} FROM {sql.name(name)} WHERE {quoted} IS NOT NULL ORDER BY 1"
        )
        return [row[0] for row in found.fetchall()]

    return replace(table, name=name, columns=columns, distinct=distinct)


def _opened(database: Any, job: Job) -> Table:
    """The dataset's table; those of other files are read when a step asks for them."""

    def other(location: str) -> Table:
        if location not in job.others:
            raise RecipeError(f"there is no file at {location}")
        return _load(database, f"file {location}", job.others[location])

    table = _load(database, "data", job.source)
    return replace(table, other=other, now=datetime.fromisoformat(job.now))


def _load(database: Any, name: str, source: Source) -> Table:
    """All files as text columns; an empty field is null, everything else stays as written."""
    files = [file for file in source.files if Path(file).stat().st_size > 0]
    if not files:
        raise RecipeError("the dataset has no data: every file is empty")
    columns = _columns(files[0], source)
    for file in files[1:]:
        if _columns(file, source) != columns:
            raise RecipeError(
                f"file {Path(file).name} has different columns from {Path(files[0]).name};"
                " all files of a dataset need the same header"
            )
    types = ", ".join(f"{sql.text(column)}: 'VARCHAR'" for column in columns)
    options = (
        f"delim = {sql.text(source.delimiter)}, header = {source.header}, quote = '\"',"
        f" escape = '\"', auto_detect = false, strict_mode = true, nullstr = '',"
        f" columns = {{{types}}}"
    )
    try:
        database.execute(
            f"CREATE OR REPLACE TEMP TABLE {sql.name(name)} AS"
            f" SELECT * FROM read_csv([{sql.texts(files)}], {options})"
        )
    except duckdb.Error as error:
        raise RecipeError(f"the dataset is not valid CSV: {str(error).splitlines()[0]}") from error
    return described(database, name, tuple(columns))


def _columns(file: str, source: Source) -> list[str]:
    with Path(file).open("rb") as data:
        start = data.read(_MOST_COLUMN_BYTES)
    try:
        text = io.StringIO(
            start.decode("utf-8-sig", errors="strict" if b"\n" not in start else "ignore")
        )
    except UnicodeDecodeError as error:
        raise RecipeError(f"file {Path(file).name} is not UTF-8 text") from error
    first = next(csv.reader(text, delimiter=source.delimiter), [])
    columns = first if source.header else [f"Column_{n}" for n in range(1, len(first) + 1)]
    lowered = [column.lower() for column in columns]
    twice = sorted({column for column in columns if lowered.count(column.lower()) > 1})
    if twice or not columns or not all(columns):
        problem = f"twice: {', '.join(twice)}" if twice else "an empty name"
        raise RecipeError(f"the header of {Path(file).name} holds {problem}")
    return columns


def _write(database: Any, table: Table, job: Job) -> None:
    """By one thread: several would keep in memory what one of them has written out of order."""
    database.execute("SET threads = 1")
    database.execute(
        f"COPY {sql.name(table.name)} TO {sql.text(job.output)}"
        f" (FORMAT csv, HEADER true, DELIMITER {sql.text(job.output_delimiter)})"
    )


def _count(database: Any, table: Table) -> int:
    return int(database.execute(f"SELECT count(*) FROM {sql.name(table.name)}").fetchall()[0][0])


def _job(raw: dict[str, Any]) -> Job:
    source = Source(**raw.pop("source"))
    others = {location: Source(**other) for location, other in raw.pop("others").items()}
    return Job(**raw, source=source, others=others)


def main(path: str) -> int:
    raw = json.loads(Path(path).read_text())
    error_file = Path(raw.pop("error"))
    try:
        rows = run(_job(raw), lambda line: print(line, flush=True))
    except RecipeError as error:
        error_file.write_text(str(error))
        print(f"ERROR {error}", flush=True)
        return 1
    print(f"INFO wrote {rows} rows", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
