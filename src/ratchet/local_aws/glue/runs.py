"""One job run: script and data fetched, the script run in a child, the folders drained."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from ratchet.local_aws.glue.buckets import Buckets, prefixes_of
from ratchet.local_aws.glue.definitions import is_spark
from ratchet.local_aws.glue.spark import spark_environment
from ratchet.local_aws.running.host import Host
from ratchet.local_aws.running.processes import Child
from ratchet.local_aws.shared.logs import LogStream, lines_of
from ratchet.local_aws.shared.transfer import fetch

log = logging.getLogger(__name__)

OPEN = ("STARTING", "RUNNING", "STOPPING")
BOOT = Path(__file__).with_name("boot.py")
LIBRARY = Path(__file__).with_name("library")


class RunFailed(Exception):
    """The run ends FAILED with this ErrorMessage."""


@dataclass
class Run:
    """A job run as GetJobRun tells it; `arguments` are those of StartJobRun."""

    id: str
    job: dict[str, Any]
    arguments: dict[str, str]
    merged: dict[str, str]
    started: datetime
    timeout: int
    state: str = "STARTING"
    error: str = ""
    modified: datetime | None = None
    completed: datetime | None = None
    child: Child | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def log_group(self) -> str:
        return self.merged.get("--custom-logGroup-prefix", "/aws-glue/jobs")

    def described(self) -> dict[str, Any]:
        keys = ("WorkerType", "NumberOfWorkers", "MaxCapacity", "GlueVersion")
        ended = self.completed or self.modified or self.started
        answer = {key: self.job[key] for key in keys if self.job.get(key)}
        answer |= {
            "Id": self.id,
            "Attempt": 0,
            "JobName": self.job["Name"],
            "StartedOn": self.started,
            "LastModifiedOn": ended,
            "JobRunState": self.state,
            "Arguments": self.arguments,
            "PredecessorRuns": [],
            "ExecutionTime": 0,
            "Timeout": self.timeout,
            "LogGroupName": self.log_group,
        }
        if self.completed:
            seconds = round((self.completed - self.started).total_seconds())
            answer |= {"CompletedOn": self.completed, "ExecutionTime": seconds}
        return answer | ({"ErrorMessage": self.error} if self.error else {})

    def begins(self, child: Child) -> None:
        with self.lock:
            self.child = child
            if self.state == "STARTING":
                self.state = "RUNNING"
            else:
                child.terminate()

    def stop(self) -> bool:
        """Ask the run to end; False when it has ended already."""
        with self.lock:
            if self.state not in OPEN:
                return False
            self.state = "STOPPING"
            if self.child:
                self.child.terminate()
            return True

    def ends(self, state: str, error: str, moment: datetime) -> None:
        with self.lock:
            stopped = self.state == "STOPPING"
            self.completed, self.error = moment, "" if stopped else error
            self.state = "STOPPED" if stopped else state


def carry_out(local: Host, run: Run) -> None:
    """Run in the background; the state tells how far it is."""
    name = f"glue-{run.job['Name']}"
    threading.Thread(target=_run, args=(local, run), name=name, daemon=True).start()


def _run(local: Host, run: Run) -> None:
    folder = local.folder / "glue" / run.id
    state, error = "SUCCEEDED", ""
    try:
        folder.mkdir(parents=True)
        _work(local, run, folder)
    except subprocess.TimeoutExpired:
        state, error = "TIMEOUT", "Job run timed out."
    except (RunFailed, ClientError, BotoCoreError, OSError) as problem:
        state, error = "FAILED", str(problem)
    except Exception as problem:
        log.exception("run %s of job %s", run.id, run.job["Name"])
        state, error = "FAILED", f"Internal error: {problem}"
    finally:
        _send_logs(local, run, folder)
        run.ends(state, error, local.clock.now())
        shutil.rmtree(folder, ignore_errors=True)


def _work(local: Host, run: Run, folder: Path) -> None:
    spark, s3 = is_spark(run.job), local.client("s3")
    buckets = Buckets(s3, folder / "buckets", prefixes_of(run.merged) if spark else [])
    description = _describe(s3, run, folder)
    buckets.fill()
    environment = local.child_environment()
    if spark:
        environment |= spark_environment(folder, buckets.folders)
    # Spark's Python workers are started without our boot script and find modules by this alone.
    environment["PYTHONPATH"] = ":".join(description["path"])
    (folder / "run.json").write_text(json.dumps(description))
    child = local.processes.spawn(
        BOOT, [str(folder / "run.json")], env=environment, cwd=folder, log=folder / "boot.log"
    )
    try:
        run.begins(child)
        code = child.wait(run.timeout * 60)
    finally:
        child.kill()
        buckets.drain()
    if code != 0:
        raise RunFailed(_reason(folder, code))


def _describe(s3: Any, run: Run, folder: Path) -> dict[str, Any]:
    """Fetch script and modules; what boot.py needs to run them."""
    code = folder / "code"
    location = run.merged.get("--scriptLocation") or run.job["Command"]["ScriptLocation"]
    script = _fetch_code(s3, location, code)
    modules = [uri for uri in run.merged.get("--extra-py-files", "").split(",") if uri]
    files = [_fetch_code(s3, uri.strip(), folder / "modules") for uri in modules]
    archives = [str(file) for file in files if file.suffix in (".zip", ".egg", ".whl")]
    argv = ["--JOB_NAME", run.job["Name"], "--JOB_RUN_ID", run.id]
    for name, value in run.merged.items():
        argv += [name, value]
    return {
        "script": str(script),
        "argv": argv,
        "path": [str(LIBRARY), str(code), str(folder / "modules"), *archives],
        "output": str(folder / "output.log"),
        "errors": str(folder / "error.log"),
        "reason": str(folder / "reason"),
    }


def _fetch_code(s3: Any, uri: str, folder: Path) -> Path:
    place = urlsplit(uri)
    key = place.path.lstrip("/")
    if place.scheme not in ("s3", "s3a") or not key:
        raise RunFailed(f"{uri!r} is no file in S3")
    path = folder / Path(key).name
    try:
        fetch(s3, place.netloc, key, path)
    except ClientError as error:
        raise RunFailed(f"{uri} cannot be read: {error}") from error
    return path


def _reason(folder: Path, code: int) -> str:
    said = folder / "reason"
    if said.exists():
        return said.read_text()
    last = (lines_of(folder / "error.log") or lines_of(folder / "boot.log") or [""])[-1]
    return last or f"Command failed with exit code {code}"


def _send_logs(local: Host, run: Run, folder: Path) -> None:
    for name in ("output", "error"):
        stream = LogStream(local.client("logs"), f"{run.log_group}/{name}", run.id)
        for line in lines_of(folder / f"{name}.log"):
            stream.write(line)
        stream.close()
