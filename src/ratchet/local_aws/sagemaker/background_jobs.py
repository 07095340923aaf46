"""What training, processing and transform jobs share: a record, a log, a run in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ratchet.local_aws.sagemaker.base import SageMakerPart, bucket_and_key, invalid, unsupported
from ratchet.local_aws.shared.background import BackgroundRun, RunFailed
from ratchet.local_aws.shared.logs import LogStream
from ratchet.local_aws.shared.transfer import any_under

LONGEST_REASON = 1024
"""The longest FailureReason, in characters."""
GRACE = timedelta(seconds=120)
"""SageMaker sends SIGTERM, and SIGKILL 120 seconds later."""


@dataclass
class Job:
    """A job: `record` is what Describe returns, `run` its container's run."""

    name: str
    arn: str
    record: dict[str, Any]
    run: BackgroundRun
    log: LogStream
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def folder(self) -> Path:
        """The job's own folder, until it has ended."""
        return self.run.folder


class Jobs(SageMakerPart):
    """What creates, starts and ends jobs."""

    def _new_job(self, kind: str, name: str, group: str, record: Mapping[str, Any]) -> Job:
        now = self._now()
        stream = f"{name}/algo-1-{int(now.timestamp())}"
        stamped = {**record, "CreationTime": now, "LastModifiedTime": now}
        run = BackgroundRun(self.local, self._folder / kind / name, GRACE)
        return Job(name, self._arn(kind, name), stamped, run, self._log_stream(group, stream))

    def _start_job(
        self, job: Job, work: Callable[[Job], None], end: Callable[[Job, str | None], None]
    ) -> None:
        """Do the work in the background; `end` gets the FailureReason, None if there is none."""

        def ended(problem: Exception | None) -> None:
            job.log.close()
            try:
                end(job, _failure_reason(problem) if problem else None)
            finally:
                job.ended.set()

        job.run.start(job.arn, lambda: work(job), ended)

    def _data_source(self, holder: Mapping[str, Any], where: str, role: str) -> str:
        """The S3 prefix of a channel or transform input; refuses every other kind of source."""
        source = holder["DataSource"].get("S3DataSource")
        if source is None:
            raise unsupported(f"{where} without an S3DataSource")
        kind = source["S3DataType"]
        if kind != "S3Prefix":
            raise unsupported(f"{where} S3DataType={kind}; use S3Prefix")
        compression = holder.get("CompressionType", "None")
        if compression != "None":
            raise unsupported(f"{where} CompressionType={compression}; upload it uncompressed")
        uri: str = source["S3Uri"]
        if not any_under(self.local.client("s3"), *bucket_and_key(uri)):
            raise invalid(self._no_objects(uri, role))
        return uri

    def _no_objects(self, uri: str, role: str) -> str:
        bucket, _ = bucket_and_key(uri)
        return (
            f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure '
            f"that the bucket exists in the selected region ({self.local.region}), that objects "
            f'exist under that S3 prefix, and that the role "{role}" has "s3:ListBucket" '
            f'permissions on bucket "{bucket}".'
        )


def _failure_reason(problem: Exception) -> str:
    if isinstance(problem, RunFailed):
        return str(problem)[:LONGEST_REASON]
    if isinstance(problem, BotoCoreError | ClientError):
        return f"ClientError: {problem}"[:LONGEST_REASON]
    return f"InternalServerError: {type(problem).__name__}: {problem}"


def failure_text(file: Path) -> str | None:
    """What the container wrote about its failure; None if nothing."""
    if not file.is_file():
        return None
    return file.read_text(encoding="utf-8", errors="replace").strip()[:LONGEST_REASON]
