"""Each pipeline of pipelines/: its run on local AWS against a plain script, and its price on AWS.

Usage: python benchmarks/pipelines.py [PIPELINE ...] [--pairs 3] [--rows N]

Starts `ratchet up`, makes a file of each pipeline by its sample_data.py, and then per pair: a
separate pipeline gets the first 70 % of the file (late-parcels: January; its champion, not timed),
then the rest (February) is dropped and timed from the PutObject to the end of the run; a plain
script does the same work on the same files. Medians over the pairs. Then the paid jobs of one run,
with the minutes that such a job takes on AWS as a rule and its list price: an estimate, nothing was
run there. A pipeline whose framework is not installed is left out.
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
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import boto3
import yaml
from main_job import KEYS, ROOT, local_aws, parts, ratchet

from ratchet.cli.report import costs
from ratchet.cli.report.costs import Cost, Job

PIPELINES = ROOT / "pipelines"
MONTHS = ("2024-01", "2024-02")
MODULES = {"pytorch": "torch", "sklearn": "sklearn", "xgboost": "xgboost"}
WORKERS = {"glue": 2, "databrew": 5}
SERVICES = {
    "glue": "Glue",
    "databrew": "DataBrew",
    "training": "SageMaker training",
    "transform": "SageMaker batch transform",
}


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


def copied(folder: Path, name: str, place: Path) -> Path:
    """The pipeline under another name."""
    copy = place / name
    shutil.copytree(folder, copy)
    text = (copy / "pipeline.yaml").read_text()
    (copy / "pipeline.yaml").write_text(text.replace(f"name: {folder.name}", f"name: {name}", 1))
    return copy


def measure(endpoint: str, folder: Path, name: str, files: tuple[Path, Path], place: Path) -> Any:
    ratchet(endpoint, "push", copied(folder, name, place))
    ratchet(endpoint, "upload", name, files[0], "--wait")
    began = time.time()
    answer = ratchet(endpoint, "upload", name, files[1], "--wait")
    record = answer["run"] if isinstance(answer.get("run"), dict) else answer
    states = boto3.client("stepfunctions", endpoint_url=endpoint, **KEYS)
    ended = states.describe_execution(executionArn=record["execution"])["stopDate"].timestamp()
    cost = cost_of(endpoint, record["execution"])
    return Measured(ended - began, plain(folder, *files), record["outcome"], cost)


def plain(folder: Path, history: Path, fresh: Path) -> float:
    """Seconds of the plain script."""
    recipe = (folder / "recipe.json").exists()
    script = ROOT / "benchmarks" / ("plain_script.py" if recipe else "plain_pipeline.py")
    command = [sys.executable, script, history, fresh, "--pipeline", folder]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout)["total"])


# --- what a run costs --------------------------------------------------------------------------


def cost_of(endpoint: str, execution: str) -> Cost:
    """The jobs that the run waited for, and its transitions with those of its promotion."""
    states = boto3.client("stepfunctions", endpoint_url=endpoint, **KEYS)
    events = list(events_of(states, execution))
    for event in [event for event in events if event["type"] == "TaskSubmitted"]:
        started = json.loads(event["taskSubmittedEventDetails"].get("output") or "{}")
        if "executionArn" in started or "ExecutionArn" in started:
            nested = started.get("executionArn") or started["ExecutionArn"]
            events += events_of(states, nested)
    entered = sum(event["type"].endswith("StateEntered") for event in events)
    ends = sum(event["type"] == "ExecutionStarted" for event in events)
    return Cost(list(jobs_of(endpoint, events)), entered + ends)


def events_of(states: Any, execution: str) -> Iterator[dict[str, Any]]:
    pages = states.get_paginator("get_execution_history").paginate(executionArn=execution)
    return (event for page in pages for event in page["events"])


def jobs_of(endpoint: str, events: list[dict[str, Any]]) -> Iterator[Job]:
    sagemaker = boto3.client("sagemaker", endpoint_url=endpoint, **KEYS)
    for event in events:
        if event["type"] != "TaskSubmitted":
            continue
        started = json.loads(event["taskSubmittedEventDetails"].get("output") or "{}")
        if "TrainingJobArn" in started:
            name = started["TrainingJobArn"].rpartition("/")[2]
            resources = sagemaker.describe_training_job(TrainingJobName=name)["ResourceConfig"]
            yield Job(name, "training", 0, 1, resources["InstanceType"])
        elif "TransformJobArn" in started:
            name = started["TransformJobArn"].rpartition("/")[2]
            job = sagemaker.describe_transform_job(TransformJobName=name)
            yield Job(name, "transform", 0, 1, job["TransformResources"]["InstanceType"])
        elif "JobRunId" in started:
            yield Job("PrepareDataset", "glue", 0, WORKERS["glue"])
        elif "RunId" in started:
            yield Job("RunRecipe", "databrew", 0, WORKERS["databrew"])


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
    alike = Counter(replace(job, name="") for job in cost.jobs)
    minutes = 0.0
    for job, count in alike.items():
        each = costs.EXPECTED_SECONDS[job.service] / 60
        minutes += count * each
        price = "?" if job.estimate is None else f"${count * job.estimate:.4f}"
        print(f"  {SERVICES[job.service]:26} {count} x {each:2.0f} min  {job.size:14} {price:>9}")
    moves = f"{cost.transitions} transitions"
    print(f"  {'Step Functions':26} {'':10}  {moves:14} {f'${cost.moves:.4f}':>9}")
    print(f"  {'in all':26} {minutes:6.0f} min  {'':14} {f'${cost.estimate:.4f}':>9}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pipelines", nargs="*")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--rows", type=int, help="of each pipeline, in place of its demo's")
    arguments = parser.parse_args()
    found: dict[str, list[Measured]] = {}
    with tempfile.TemporaryDirectory() as temporary, local_aws() as (endpoint, _, _):
        for folder in chosen(arguments.pipelines):
            place = Path(temporary) / folder.name
            place.mkdir()
            files = files_of(folder, arguments.rows, place)
            found[folder.name] = [
                measure(endpoint, folder, f"{folder.name}-{pair}", files, place)
                for pair in range(arguments.pairs)
            ]
        report(found)


if __name__ == "__main__":
    main()
