"""Each pipeline of pipelines/: its run on local AWS against a plain script, and its price on AWS.

Usage: python benchmarks/pipelines.py [PIPELINE ...] [--pairs 3] [--rows N]

Starts `ratchet up`, makes a file of each pipeline by its sample_data.py, and then per pair and
pipeline, in turn: a separate pipeline gets the first 70 % of the file (late-parcels: January; its
champion, not timed), then the rest (February) is dropped and timed from the PutObject to the end of
the run; a plain script does the same work on the same files. Medians over the pairs, which Ctrl-C
ends early. Then the paid
jobs of one run, as its report reads them, with the minutes that such a job takes on AWS as a rule
and its list price: an estimate, nothing was run there. abalone runs a second time with a search
(`training.tuning`). A pipeline whose framework is not installed is left out.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import boto3
import yaml
from main_job import KEYS, ROOT, local_aws, parts, ratchet

from ratchet.cli.report import costs
from ratchet.cli.report.costs import Cost, Job
from ratchet.runs import runs_of

PIPELINES = ROOT / "pipelines"
MONTHS = ("2024-01", "2024-02")
MODULES = {"pytorch": "torch", "sklearn": "sklearn", "xgboost": "xgboost"}
AT_A_TIME = 4
"""Champions that are trained together; nothing is timed meanwhile."""
SEARCHED = "abalone"
TUNING = {
    "strategy": "random",
    "jobs": 4,
    "ranges": {"max_depth": {"integer": [3, 8]}, "eta": {"continuous": [0.03, 0.3]}},
}
SERVICES = {
    "glue": "Glue",
    "databrew": "DataBrew",
    "training": "SageMaker training",
    "transform": "SageMaker batch transform",
}


@dataclass(frozen=True)
class Variant:
    """A pipeline as it stands, or with other settings, and its files."""

    name: str
    folder: Path
    files: tuple[Path, Path]
    training: dict[str, Any]

    def copied(self, pair: int, place: Path) -> Path:
        """The folder under another name."""
        name = f"{self.name.replace(', ', '-')}-{pair}"
        copy = place / name
        shutil.copytree(self.folder, copy)
        path = copy / "pipeline.yaml"
        contract = yaml.safe_load(path.read_text())
        training = contract["training"] | self.training
        path.write_text(yaml.safe_dump(contract | {"name": name, "training": training}))
        return copy


@dataclass(frozen=True)
class Measured:
    """One pair: the run and the script."""

    run: float
    script: float
    outcome: str
    cost: Cost


def chosen(names: list[str]) -> Iterator[Path]:
    """The folders of these pipelines, of all where none is named."""
    for folder in sorted(path.parent for path in PIPELINES.glob("*/sample_data.py")):
        if names and folder.name not in names:
            continue
        training = yaml.safe_load((folder / "pipeline.yaml").read_text())["training"]
        module = MODULES[training.get("framework", "xgboost")]
        if find_spec(module) is None:
            print(f"{folder.name}: left out, {module} is not installed")
            continue
        yield folder


def files_of(folder: Path, rows: int | None, place: Path) -> tuple[Path, Path]:
    """Its history and its new data."""
    plan = folder / "demo.yaml"
    if plan.exists():
        count = rows or yaml.safe_load(plan.read_text())["rows"]
        made(folder, place / "all.csv", "--rows", str(count))
        return parts(place / "all.csv", place)
    files = []
    for seed, month in enumerate(MONTHS):
        file = place / f"{month}.csv"
        wanted = ("--rows", str(rows)) if rows else ()
        made(folder, file, "--month", month, "--seed", str(seed), *wanted)
        files.append(file)
    history, fresh = files
    return history, fresh


def made(folder: Path, file: Path, *arguments: str) -> None:
    command = [sys.executable, folder / "sample_data.py", "--out", file, *arguments]
    subprocess.run(command, check=True, capture_output=True)


def variants(names: list[str], rows: int | None, place: Path) -> Iterator[Variant]:
    for folder in chosen(names):
        (place / folder.name).mkdir()
        files = files_of(folder, rows, place / folder.name)
        yield Variant(folder.name, folder, files, {})
        if folder.name == SEARCHED:
            yield Variant(f"{folder.name}, search", folder, files, {"tuning": TUNING})


def with_champion(endpoint: str, variant: Variant, pair: int, place: Path) -> Path:
    """The folder of a pipeline that has been trained on the history."""
    folder = variant.copied(pair, place)
    ratchet(endpoint, "push", folder)
    ratchet(endpoint, "upload", folder.name, variant.files[0], "--wait")
    return folder


def measure(endpoint: str, variant: Variant, folder: Path) -> Measured:
    history, fresh = variant.files
    began = time.time()
    ratchet(endpoint, "upload", folder.name, fresh, "--wait")
    run = runs_of(folder.name, endpoint_url=endpoint)[-1]
    states = boto3.client("stepfunctions", endpoint_url=endpoint, **KEYS)
    ended = states.describe_execution(executionArn=run.record["execution"])["stopDate"].timestamp()
    script = plain(folder, history, fresh)
    return Measured(ended - began, script, run.outcome, run.report.cost)


def plain(folder: Path, history: Path, fresh: Path) -> float:
    """Seconds of the plain script."""
    recipe = (folder / "recipe.json").exists()
    script = ROOT / "benchmarks" / ("plain_script.py" if recipe else "plain_pipeline.py")
    command = [sys.executable, script, history, fresh, "--pipeline", folder]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout)["total"])


# --- report ------------------------------------------------------------------------------------


def report(found: dict[str, list[Measured]]) -> None:
    print(f"{'pipeline':20} {'local AWS':>10} {'script':>8} {'ratio':>6}")
    for name, pairs in found.items():
        run, script = (statistics.median(values) for values in zip(
            *((pair.run, pair.script) for pair in pairs), strict=True))  # fmt: skip
        outcomes = ", ".join(sorted({pair.outcome for pair in pairs}))
        print(f"{name:20} {run:8.1f} s {script:6.1f} s {run / script:6.1f}  {outcomes}")
    print(f"paid jobs of one run on AWS, list prices of {costs.REGION} as of {costs.AS_OF}")
    for name, pairs in found.items():
        priced(name, pairs[0].cost)


def priced(name: str, cost: Cost) -> None:
    print(name)
    alike: Counter[Job] = Counter()
    for job in cost.jobs:
        alike[replace(job, name="", seconds=0.0, jobs=1)] += job.jobs
    minutes = 0.0
    for job, count in alike.items():
        each = costs.EXPECTED_SECONDS[job.service] / 60
        minutes += count * each
        price = replace(job, jobs=count).estimate
        told = "?" if price is None else f"${price:.4f}"
        print(f"  {SERVICES[job.service]:26} {count} x {each:2.0f} min  {job.size:14} {told:>9}")
    moves = f"{cost.transitions} transitions"
    print(f"  {'Step Functions':26} {'':10}  {moves:14} {f'${cost.moves:.4f}':>9}")
    print(f"  {'in all':26} {minutes:6.0f} min  {'':14} {f'${cost.estimate:.4f}':>9}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pipelines", nargs="*")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--rows", type=int, help="of each pipeline, in place of its demo's")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, local_aws() as (endpoint, _, _):
        place = Path(temporary)
        all_of_them = list(variants(arguments.pipelines, arguments.rows, place))
        found: dict[str, list[Measured]] = {variant.name: [] for variant in all_of_them}
        with suppress(KeyboardInterrupt):  # what there is by then is reported
            for pair in range(arguments.pairs):
                with ThreadPoolExecutor(AT_A_TIME) as pool:
                    trained = partial(with_champion, endpoint, pair=pair, place=place)
                    folders = list(pool.map(trained, all_of_them))
                for variant, folder in zip(all_of_them, folders, strict=True):
                    one = measure(endpoint, variant, folder)
                    print(f"{variant.name}: {one.run:.1f} s, {one.script:.1f} s", file=sys.stderr)
                    found[variant.name].append(one)
        report({name: pairs for name, pairs in found.items() if pairs})


if __name__ == "__main__":
    main()
