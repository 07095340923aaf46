"""How much memory and time ExtractMetrics takes for a large holdout.

Usage: python benchmarks/holdout.py [--rows 10000000] [--metric auc] [--earlier FUNCTIONS]

Generates a holdout and both models' scores, then measures them as the function does: in a process
of its own, with boto3 loaded and S3 replaced by the folder. Prints the seconds and the process's
greatest resident memory. `--earlier` is the folder `functions` of
another checkout; both then measure the same rows in turn, and the ratios are printed. Give --rows
that both can hold.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

FUNCTIONS = Path(__file__).parents[1] / "functions"
ROWS_PER_FILE = 500_000  # as PrepareDataset writes them
PREFIX = "runs/large/000001"
FRESH_SHARE = 0.5


def generate(folder: Path, rows: int) -> None:
    """The files of a run, row by row."""
    draw = random.Random(7)
    for number, start in enumerate(range(0, rows, ROWS_PER_FILE)):
        name = f"part-{number:05d}.csv"
        places = (
            ("prepared/holdout", name),
            *((f"scores/{role}", f"{name}.out") for role in ("challenger", "champion")),
        )
        for place, _ in places:
            (folder / PREFIX / place).mkdir(parents=True, exist_ok=True)
        files = [(folder / PREFIX / place / file).open("w") for place, file in places]
        for row in range(start, min(rows, start + ROWS_PER_FILE)):
            row_id = "r" + hashlib.blake2b(str(row).encode(), digest_size=16).hexdigest()[:31]
            kind = "fresh" if draw.random() < FRESH_SHARE else "reference"
            label = int(draw.random() < 0.1)
            head = f"{row_id},{kind},-,{label}"
            files[0].write(f"{head},{row % 97},{row % 11}\n")
            for file, noise in zip(files[1:], (0.9, 1.0), strict=True):
                file.write(f"{head},{0.4 * label + noise * draw.random():.9f}\n")
        for file in files:
            file.close()


class Folder:
    """What the function asks of S3, from a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_object(self, *, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        from botocore.exceptions import ClientError
        from botocore.response import StreamingBody

        path = self._folder / Key
        if not path.exists():
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": StreamingBody(path.open("rb"), path.stat().st_size)}

    def put_object(self, *, Key: str, Body: bytes, **_: Any) -> None:  # noqa: N803
        (self._folder / Key).write_bytes(Body)

    def get_paginator(self, _: str) -> Any:
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, *, Prefix: str, **_: Any) -> list[dict[str, Any]]:  # noqa: N803
        found = sorted((self._folder / Prefix).glob("*"))
        return [{"Contents": [{"Key": str(p.relative_to(self._folder))} for p in found]}]


def scored(role: str, score: str) -> Any:
    """A candidate whose scores lie in the folder."""
    from retraining.documents.candidates import ScoredCandidate

    nothing = dict.fromkeys(("train", "validation", "artifact", "image", "training_job"))
    return ScoredCandidate(role=role, model=role, hyperparameters={}, score=score, **nothing)


def measure(folder: Path, metric: str) -> None:
    """In the process that is measured: what the function does, then what it took, as JSON."""
    import boto3  # noqa: F401  the function has it in memory

    from retraining.adapters.object_store import ObjectStore
    from retraining.adapters.run_folder import RunFolder
    from retraining.steps.extract_metrics import extract_metrics

    definition = SimpleNamespace(metric=metric)
    manifest: Any = SimpleNamespace(pipeline="large", token=1, definition=definition)
    store = RunFolder(ObjectStore(Folder(folder), "work"), PREFIX)
    aws: Any = SimpleNamespace(run_folder=lambda *_: store)
    place = f"{store.uri}/prepared/holdout/"
    start = time.perf_counter()
    extract_metrics(aws, manifest, (scored("challenger", place), scored("champion", place)))
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    found = json.loads((folder / PREFIX / "metrics.json").read_text())
    numbers = {name: found[name] for name in ("candidates", "differences")}
    json.dump({"seconds": seconds, "megabytes": memory, "numbers": numbers}, sys.stdout)


def measured(functions: Path, folder: Path, metric: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, "--measure", str(folder), "--metric", metric],
        env={**os.environ, "PYTHONPATH": str(functions)},
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.load(io.BytesIO(done.stdout))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--metric", default="auc")
    parser.add_argument("--earlier", type=Path, help="the folder `functions` of another checkout")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.measure, given.metric)
        return
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), given.rows)
        ours = measured(FUNCTIONS, Path(folder), given.metric)
        print(f"{given.rows:,} rows: {ours['seconds']:.0f} s, {ours['megabytes']} MB")
        if given.earlier:
            theirs = measured(given.earlier, Path(folder), given.metric)
            print(f"the other: {theirs['seconds']:.0f} s, {theirs['megabytes']} MB")
            for unit in ("seconds", "megabytes"):
                print(f"{unit}: {ours[unit] / theirs[unit]:.2f} of the other's")
            print(f"the same numbers: {ours['numbers'] == theirs['numbers']}")


if __name__ == "__main__":
    main()
