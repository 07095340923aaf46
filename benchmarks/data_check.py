"""How much CPU and memory the data check takes, beside a pass in C over the same file.

Usage: python benchmarks/data_check.py [--megabytes 341] [--great-expectations PYTHON]

Generates a CSV file of ten columns (seeded), then checks it as CheckData does: every rule, the
accepted copy, row ids, sides and the profile. Its peers in the same run: `one_pass.c`, the same
pass written by hand in C and compiled here with cc -O2; pyarrow's own CSV reader and writer, which
checks nothing but types; and, with a Python that has it, great_expectations on the same rules with
pandas, which neither copies nor identifies rows: it is to be compared with the rules alone. Prints
seconds of CPU, the greatest resident memory, and CPU a row in times of that of the pass in C. The
same rows are checked as Parquet and, a quarter of them, as JSON lines and gzip. Each in a process
of its own; the best of three rounds, in turn.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import gzip
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

HERE = Path(__file__).parent
ROUNDS = 3
OTHERS = ("parquet", "jsonl", "csv.gz")
QUARTERS = OTHERS[1:]
JOBS = ["admin", "technician", "services", "management", "retired", "student"]
COLUMNS: dict[str, dict[str, Any]] = {
    "age": {"type": "integer", "min": 17, "max": 98},
    "job": {"type": "category", "values": JOBS},
    "account": {"type": "integer", "min": 0},
    "balance": {"type": "number", "min": 0, "max": 20_000},
    "score": {"type": "number", "min": -100, "max": 100},
    "day": {"type": "date", "min": "2020-01-01"},
    "contact": {"type": "category", "values": ["cellular", "telephone"]},
    "calls": {"type": "integer", "min": 0},
    "rate": {"type": "number", "min": 0, "max": 1},
    "y": {"type": "category", "values": ["yes", "no"]},
}
DEFINITION: dict[str, Any] = {
    "data": {"label": "y", "csv": {}, "key": None, "columns": COLUMNS},
    "split": {"train": 0.7, "validation": 0.15, "holdout": 0.15, "by": "row"},
    "etl": {"recipe": None, "transform": "0" * 64},
    "training": {"algorithm": "xgboost", "hyperparameters": {}},
}


def generate(file: Path, megabytes: int) -> None:
    """Rows of some 70 bytes."""
    draw = random.Random(9)
    block = [
        f"{draw.randint(18, 95)},{draw.choice(JOBS)},%d,{draw.random() * 1e4:.2f},"
        f"{draw.gauss(0, 1):.6f},2024-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d},"
        f"{draw.choice(['cellular', 'telephone'])},{draw.randint(0, 50)},{draw.random():.4f},"
        f"{draw.choice(['yes', 'no'])}\n"
        for _ in range(100_000)
    ]
    size, row = 0, 0
    with file.open("w") as out:
        size += out.write(",".join(COLUMNS) + "\n")
        while size < megabytes * 1_000_000:
            row += 1
            size += out.write(block[row % len(block)] % row)


def other_formats(file: Path) -> None:
    """The same rows as Parquet, and a quarter of them as JSON lines and gzip."""
    import pyarrow.csv
    import pyarrow.parquet

    found = {kind: file.with_name(f"rows.{kind}") for kind in OTHERS}
    with (
        pyarrow.csv.open_csv(file) as blocks,
        pyarrow.parquet.ParquetWriter(found["parquet"], blocks.schema) as table,
    ):
        for block in blocks:
            table.write_batch(block)
    quarter = file.stat().st_size // 4
    with file.open("rb") as rows, gzip.open(found["csv.gz"], "wb", 6) as packed:
        shutil.copyfileobj(io.BytesIO(rows.read(quarter) + rows.readline()), packed)
    with gzip.open(found["csv.gz"], "rt") as rows, found["jsonl"].open("w") as lines:
        for row in csv.DictReader(rows):
            lines.write(json.dumps({name: typed(name, cell) for name, cell in row.items()}) + "\n")


def typed(name: str, cell: str) -> Any:
    """A cell as JSON writes it."""
    kind = COLUMNS[name]["type"]
    return int(cell) if kind == "integer" else float(cell) if kind == "number" else cell


def check(file: Path, *, profiled: bool) -> None:
    """The data check, whole."""
    sys.path.insert(0, str(HERE.parent / "functions"))
    from retraining.rules.data_check.agreed import Rules
    from retraining.rules.data_check.check import check, ignored
    from retraining.rules.profiling import Profiler, share_of

    form = {".jsonl": "jsonl", ".parquet": "parquet"}.get(file.suffix, "csv")
    definition = {**DEFINITION, "data": {**DEFINITION["data"], "format": form}}
    profiler = Profiler.of(definition, share_of(file.stat().st_size))
    with file.open("rb") as source, file.with_suffix(".copy").open("wb") as copy:
        seen = profiler.add if profiled else ignored
        result = check(source, Rules.of(definition, "run-000001"), copy, 0, seen)
    assert result.accepted, result.problems.sentence()


class Spoilt:
    """A file with a bad first row: its other rows are checked, and none is copied."""

    def __init__(self, source: BinaryIO) -> None:
        header = source.readline()
        self._head, self._source = header + b"x" + b"," * (len(COLUMNS) - 1) + b"\n", source

    def read(self, size: int) -> bytes:
        head, self._head = self._head, b""
        return head or self._source.read(size)


def rules(file: Path) -> None:
    """The rules alone: without copy, ids and profile."""
    sys.path.insert(0, str(HERE.parent / "functions"))
    from retraining.rules.data_check.agreed import Rules
    from retraining.rules.data_check.check import check

    with file.open("rb") as source:
        result = check(Spoilt(source), Rules.of(DEFINITION, "run-000001"), io.BytesIO())
    assert result.bad_rows == 1


def arrow(file: Path) -> None:
    """pyarrow's reader, which infers and checks types, and its writer."""
    import pyarrow.csv

    reading = pyarrow.csv.ReadOptions(use_threads=False)
    with (
        pyarrow.csv.open_csv(file, reading) as blocks,
        pyarrow.csv.CSVWriter(file.with_suffix(".copy"), blocks.schema) as copy,
    ):
        for block in blocks:
            copy.write_batch(block)


def great_expectations(file: Path) -> None:
    """The same rules as expectations on a pandas table."""
    import great_expectations as gx
    import pandas as pd

    table = pd.read_csv(file, parse_dates=["day"])
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": table})
    suite = gx.ExpectationSuite(name="contract")
    for name, rule in COLUMNS.items():
        for expectation in _expectations(gx.expectations, name, rule):
            suite.add_expectation(expectation)
    result = batch.validate(suite)
    assert result.success, result


def _expectations(known: Any, name: str, rule: dict[str, Any]) -> list[Any]:
    found = [known.ExpectColumnValuesToNotBeNull(column=name)]
    if rule["type"] == "category":
        found.append(known.ExpectColumnValuesToBeInSet(column=name, value_set=rule["values"]))
    elif rule["type"] == "date":
        day = dt.datetime.fromisoformat(rule["min"])
        found.append(known.ExpectColumnValuesToBeBetween(column=name, min_value=day))
    else:
        kind = "int64" if rule["type"] == "integer" else "float64"
        found.append(known.ExpectColumnValuesToBeOfType(column=name, type_=kind))
        least, most = rule.get("min"), rule.get("max")
        found.append(
            known.ExpectColumnValuesToBeBetween(column=name, min_value=least, max_value=most)
        )
    return found  # fmt: skip


def as_in_the_function() -> None:
    """CheckData's layer has pyarrow alone, which would else load pandas as soon as it is there."""
    sys.modules.update(dict.fromkeys(("numpy", "pandas")))  # type: ignore[arg-type]


WORK: dict[str, Callable[[Path], None]] = {
    "rules": rules,
    "check": lambda file: check(file, profiled=False),
    "profiled": lambda file: check(file, profiled=True),
    "arrow": arrow,
    "formats": other_formats,
    "gx": great_expectations,
}


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds of CPU and megabytes of a process."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{command} failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def work(file: Path, kind: str, python: str = sys.executable) -> list[str]:
    """The command that does it in a process of its own."""
    return [python, __file__, "--file", str(file), "--work", kind]


def commands(folder: Path, file: Path, other: str | None) -> dict[str, list[str]]:
    """What is compared, by name."""
    found = {
        "data check, rules alone": work(file, "rules"),
        "data check": work(file, "check"),
        "data check with profile": work(file, "profiled"),
        "pyarrow reads and writes": work(file, "arrow"),
    }
    measured(work(file, "formats"))
    for kind in OTHERS:
        found[f"with profile, {kind}"] = work(file.with_name(f"rows.{kind}"), "profiled")
    compiler = shutil.which("cc")
    if compiler:
        program = str(folder / "one_pass")
        subprocess.run(
            [compiler, "-O2", "-o", program, str(HERE / "one_pass.c"), "-lm"], check=True
        )
        types = "".join(rule["type"][0] for rule in COLUMNS.values())
        found["one pass in C"] = [program, types, str(file), str(file.with_suffix(".copy"))]
    if other:
        found["great_expectations"] = work(file, "gx", other)
    return found


def compare(megabytes: int, other: str | None) -> None:
    """Measure and print all of it."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "rows.csv"
        generate(file, megabytes)
        wanted = commands(Path(name), file, other)
        rounds = [
            {one: measured(command) for one, command in wanted.items()} for _ in range(ROUNDS)
        ]
        best = {one: min(found[one] for found in rounds) for one in wanted}
        sizes = {one: size_of(command) for one, command in wanted.items()}
    base = best.get("one pass in C") or best["pyarrow reads and writes"]
    for one, (seconds, memory) in best.items():
        rows = 0.25 if one.endswith(QUARTERS) else 1.0
        rate, ratio = sizes[one] / seconds, seconds / rows / base[0]
        print(f"{one:<26}{seconds:8.2f} s {rate:7.0f} MB/s {memory:6.0f} MB {ratio:6.1f}")
    print(json.dumps({one: [round(s, 3), round(m)] for one, (s, m) in best.items()}))


def size_of(command: list[str]) -> float:
    """Megabytes of the file that a command reads: the first of its arguments that is one."""
    return next(Path(one).stat().st_size / 1e6 for one in command if one.count("/rows."))


def main() -> None:
    """Compare; or, for a process of its own, do one of the works."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=341)
    parser.add_argument("--great-expectations", metavar="PYTHON")
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--work", choices=sorted(WORK), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        if given.work != "gx":
            as_in_the_function()
        WORK[given.work](given.file)
    else:
        compare(given.megabytes, given.great_expectations)


if __name__ == "__main__":
    main()
