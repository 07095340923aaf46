"""What training and transform jobs share: a record, its lock, its folder and its thread."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ratchet.local_aws.sagemaker.base import SageMakerPart, bucket_and_key, invalid, unsupported
from ratchet.local_aws.sagemaker.containers.run import ContainerRun
from ratchet.local_aws.shared.logs import LogStream
from ratchet.local_aws.shared.transfer import any_under

log = logging.getLogger(__name__)

LONGEST_REASON = 1024
"""Characters that FailureReason holds."""


class JobFailed(Exception):
    """Ends a job as Failed; the text is its FailureReason."""


@dataclass
class Job:
    """One job: `record` is what Describe answers, `run` its container."""

    name: str
    arn: str
    folder: Path
    record: dict[str, Any]
    run: ContainerRun
    log: LogStream
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)


Work = Callable[[Job], None]
Fail = Callable[[Job, str], None]


class Jobs(SageMakerPart):
    """The machinery of jobs."""

    def _new_job(self, kind: str, name: str, group: str, record: Mapping[str, Any]) -> Job:
        now = self._now()
        arn = self._arn(kind, name)
        folder = self._folder / kind / name
        stream = f"{name}/algo-1-{int(now.timestamp())}"
        lines = self._log_stream(group, stream)
        stamped = {**record, "CreationTime": now, "LastModifiedTime": now}
        return Job(name, arn, folder, stamped, ContainerRun(self.local), lines)

    def _start_job(self, job: Job, work: Work, fail: Fail) -> None:
        """Run the work on a thread of its own; `fail` ends the job when it raises."""
        args = (job, work, fail)
        threading.Thread(target=self._guard, args=args, name=job.arn, daemon=True).start()

    def _guard(self, job: Job, work: Work, fail: Fail) -> None:
        try:
            job.folder.mkdir(parents=True)
            work(job)
        except JobFailed as error:
            fail(job, str(error)[:LONGEST_REASON])
        except (BotoCoreError, ClientError) as error:
            fail(job, f"ClientError: {error}"[:LONGEST_REASON])
        except Exception as error:
            if not self._closing:
                log.exception("%s failed", job.arn)
            fail(job, f"InternalServerError: {type(error).__name__}: {error}")
        finally:
            job.log.close()
            shutil.rmtree(job.folder, ignore_errors=True)

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


def failure_text(file: Path) -> str | None:
    """What the container wrote about its failure; None if nothing."""
    if not file.is_file():
        return None
    return file.read_text(encoding="utf-8", errors="replace").strip()[:LONGEST_REASON]
