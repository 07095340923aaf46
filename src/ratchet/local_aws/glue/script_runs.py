"""A job run: script and data are fetched, a child runs the script, the folders are drained."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from ratchet.local_aws.glue.buckets import Buckets, prefixes_of
from ratchet.local_aws.glue.definitions import is_spark
from ratchet.local_aws.glue.spark import spark_environment
from ratchet.local_aws.shared.background import RunFailed
from ratchet.local_aws.shared.job_runs import JobRun
from ratchet.local_aws.shared.logs import LogStream, last_line
from ratchet.local_aws.shared.transfer import fetch

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Host

BOOT = Path(__file__).with_name("boot.py")
LIBRARY = Path(__file__).with_name("library")


@dataclass(kw_only=True)
class Run(JobRun):
    """A job run as GetJobRun shows it.

    `arguments` are those of StartJobRun, `merged` those and the job's; `timeout` in minutes.
    """

    arguments: dict[str, str]
    merged: dict[str, str]
    timeout: int

    @property
    def log_group(self) -> str:
        return self.merged.get("--custom-logGroup-prefix", "/aws-glue/jobs")

    @property
    def timed_out_error(self) -> str:
        return "Job run timed out."

    def described(self) -> dict[str, Any]:
        keys = ("WorkerType", "NumberOfWorkers", "MaxCapacity", "GlueVersion")
        return {
            **{key: self.job[key] for key in keys if self.job.get(key)},
            "Id": self.id,
            "Attempt": 0,
            "JobName": self.job["Name"],
            "StartedOn": self.started,
            "LastModifiedOn": self.completed or self.started,
            "JobRunState": self.state,
            "Arguments": self.arguments,
            "PredecessorRuns": [],
            "ExecutionTime": 0,
            "Timeout": self.timeout,
            "LogGroupName": self.log_group,
            **self.ending(),
        }


@dataclass(frozen=True)
class ScriptWork:
    """What a run does."""

    local: Host
    run: Run

    def start(self) -> None:
        """Do it in the background."""
        self.run.start("Glue", self._work, self._end)

    def _work(self) -> None:
        run, folder, s3 = self.run, self._folder, self.local.client("s3")
        spark = is_spark(run.job)
        buckets = Buckets(s3, folder / "buckets", prefixes_of(run.merged) if spark else [])
        description = _describe(s3, run, folder)
        buckets.fill()
        # Spark's Python workers are started without our boot script and find modules by this alone.
        environment = {"PYTHONPATH": ":".join(description["path"])}
        if spark:
            environment |= spark_environment(
                folder, buckets.folders, data_bytes=buckets.filled_bytes
            )
        order = folder / "run.json"
        order.write_text(json.dumps(description))
        run.running()
        try:
            code = run.background.call(
                BOOT,
                [str(order)],
                environment,
                folder,
                folder / "boot.log",
                timedelta(minutes=run.timeout),
            )
        finally:
            buckets.drain()
        if code != 0:
            raise RunFailed(_reason(folder, code))

    def _end(self, problem: Exception | None) -> None:
        logs = self.local.client("logs")
        for name in ("output", "error"):
            stream = LogStream(logs, f"{self.run.log_group}/{name}", self.run.id)
            stream.send(self._folder / f"{name}.log")
        self.run.end(problem, self.local.clock.now())

    @property
    def _folder(self) -> Path:
        return self.run.background.folder


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
        raise RunFailed(f"{uri!r} is not a file in S3")
    path = folder / Path(key).name
    try:
        fetch(s3, place.netloc, key, path)
    except ClientError as error:
        raise RunFailed(f"{uri} cannot be read: {error}") from error
    return path


def _reason(folder: Path, code: int) -> str:
    reason = folder / "reason"
    if reason.exists():
        return reason.read_text()
    last = last_line(folder / "error.log") or last_line(folder / "boot.log")
    return last or f"Command failed with exit code {code}"
