"""One run of a recipe job: files fetched, the recipe run in a child, the output put to S3."""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ratchet.local_aws.databrew.datasets import CsvSource
from ratchet.local_aws.databrew.outputs import CsvOutput
from ratchet.local_aws.running.host import Host
from ratchet.local_aws.running.processes import Child
from ratchet.local_aws.shared.logs import LogStream, lines_of
from ratchet.local_aws.shared.transfer import delete, fetch, keys_under, put

log = logging.getLogger(__name__)

OPEN = ("STARTING", "RUNNING", "STOPPING")
_CHILD = "ratchet.local_aws.databrew.run_recipe"


class RunFailed(Exception):
    """The run ends FAILED with this ErrorMessage."""


@dataclass(frozen=True)
class Work:
    """What a run does, fixed when it starts."""

    source: CsvSource
    steps: list[dict[str, Any]]
    outputs: list[CsvOutput]
    timeout: float


@dataclass
class Run:
    """A job run as DescribeJobRun tells it."""

    id: str
    job: dict[str, Any]
    started: datetime
    log_group: str
    state: str = "STARTING"
    error: str = ""
    completed: datetime | None = None
    child: Child | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def described(self) -> dict[str, Any]:
        keys = ("DatasetName", "LogSubscription", "Outputs", "RecipeReference")
        answer = {key: self.job[key] for key in keys}
        answer |= {
            "Attempt": 0,
            "JobName": self.job["Name"],
            "RunId": self.id,
            "State": self.state,
            "LogGroupName": self.log_group,
            "StartedBy": self.job["CreatedBy"],
            "StartedOn": self.started,
        }
        if self.completed:
            seconds = round((self.completed - self.started).total_seconds())
            answer |= {"CompletedOn": self.completed, "ExecutionTime": seconds}
        return answer | ({"ErrorMessage": self.error} if self.error else {})

    def begins(self, child: Child) -> bool:
        """Note the child; False when the run was stopped meanwhile."""
        with self.lock:
            self.child = child
            return self.state != "STOPPING"

    def running(self) -> None:
        with self.lock:
            if self.state == "STARTING":
                self.state = "RUNNING"

    def stop(self) -> None:
        with self.lock:
            if self.state not in OPEN:
                return
            self.state = "STOPPING"
            if self.child:
                self.child.terminate()

    def ends(self, state: str, error: str, moment: datetime) -> None:
        with self.lock:
            self.completed, self.error = moment, error
            self.state = "STOPPED" if self.state == "STOPPING" else state


def carry_out(local: Host, run: Run, work: Work) -> None:
    """Run in the background; the state tells how far it is."""
    name = f"databrew-{run.job['Name']}"
    threading.Thread(target=_run, args=(local, run, work), name=name, daemon=True).start()


def _run(local: Host, run: Run, work: Work) -> None:
    folder = local.folder / "databrew" / run.id
    folder.mkdir(parents=True)
    state, error = "SUCCEEDED", ""
    try:
        run.running()
        files = _fetch(local, work.source, folder)
        parts = [_apply(local, run, work, files, output, folder) for output in work.outputs]
        for output, part in zip(work.outputs, parts, strict=True):
            _put(local, run, output, part)
    except subprocess.TimeoutExpired:
        state, error = "TIMEOUT", f"Job run exceeded its timeout of {work.timeout / 60:.0f} minutes"
    except (RunFailed, ClientError, BotoCoreError, OSError) as problem:
        state, error = "FAILED", str(problem)
    except Exception as problem:
        log.exception("run %s of job %s", run.id, run.job["Name"])
        state, error = "FAILED", f"Internal error: {problem}"
    finally:
        _send_log(local, run, folder)
        run.ends(state, error, local.clock.now())
        shutil.rmtree(folder, ignore_errors=True)


def _fetch(local: Host, source: CsvSource, folder: Path) -> list[str]:
    s3, files = local.client("s3"), []
    for number, key in enumerate(source.keys(s3)):
        name = re.sub(r"[^\w.-]", "_", key.rsplit("/", 1)[-1])
        path = folder / "input" / f"{number:05d}" / name
        fetch(s3, source.bucket, key, path)
        files.append(str(path))
    if not files:
        raise RunFailed(f"The dataset has no files at s3://{source.bucket}/{source.key}")
    return files


def _apply(
    local: Host, run: Run, work: Work, files: list[str], output: CsvOutput, folder: Path
) -> Path:
    """Run the recipe in a child; RunFailed carries the child's sentence."""
    error, job = folder / "error", folder / "job.json"
    part = folder / f"part-{work.outputs.index(output)}.csv"
    description = {
        "steps": work.steps,
        "files": files,
        "delimiter": work.source.delimiter,
        "header": work.source.header,
        "output": str(part),
        "output_delimiter": output.delimiter,
        "error": str(error),
    }
    job.write_text(json.dumps(description))
    child = local.processes.spawn(
        _CHILD, [str(job)], env=local.child_environment(), cwd=folder, log=folder / "log"
    )
    try:
        if run.begins(child) and child.wait(work.timeout) != 0:
            raise RunFailed(_reason(error, folder))
    finally:
        child.kill()
    if run.state == "STOPPING":
        raise RunFailed("Job run was stopped")
    return part


def _reason(error: Path, folder: Path) -> str:
    if error.exists():
        return error.read_text()
    return (lines_of(folder / "log") or ["The recipe's process ended without a word"])[-1]


def _put(local: Host, run: Run, output: CsvOutput, part: Path) -> None:
    s3, key = local.client("s3"), output.key(run.job["Name"], run.started)
    if output.overwrite:
        old = [k for k in keys_under(s3, output.bucket, output.prefix) if k != key]
        delete(s3, output.bucket, old)
    put(s3, part, output.bucket, key)


def _send_log(local: Host, run: Run, folder: Path) -> None:
    if run.job["LogSubscription"] != "ENABLE":
        return
    stream = LogStream(local.client("logs"), run.log_group, run.id)
    for line in lines_of(folder / "log"):
        stream.write(line)
    stream.close()
