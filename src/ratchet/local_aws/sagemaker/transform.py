"""Batch transform jobs: objects through a model, filtered and joined, in a child process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.sagemaker import containers
from ratchet.local_aws.sagemaker.background_jobs import Job, Jobs, failure_text
from ratchet.local_aws.sagemaker.base import (
    Answer,
    Request,
    bucket_and_key,
    invalid,
    refuse_members,
    unsupported,
)
from ratchet.local_aws.sagemaker.containers.filters import BadFilter, parse_filter
from ratchet.local_aws.sagemaker.containers.scripts import BATCH
from ratchet.local_aws.sagemaker.listing import page, summary
from ratchet.local_aws.sagemaker.placing import NoCode, Placed, place
from ratchet.local_aws.shared.background import RunFailed
from ratchet.local_aws.shared.transfer import fetch_all, put_all

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Host

PROGRAM = f"{containers.__name__}.transform"
LOG_GROUP = "/aws/sagemaker/TransformJobs"
CSV = "text/csv"
MAX_PAYLOAD_MB = 6
"""Where a job says nothing else."""
REQUEST = (
    "TransformJobName", "ModelName", "MaxConcurrentTransforms", "ModelClientConfig",
    "MaxPayloadInMB", "BatchStrategy", "TransformInput", "TransformOutput",
    "TransformResources", "DataProcessing", "Tags",
)  # fmt: skip
RECORDED = tuple(name for name in REQUEST if name != "Tags")
SUMMARY = (
    "TransformJobName", "TransformJobArn", "CreationTime", "TransformEndTime",
    "LastModifiedTime", "TransformJobStatus", "FailureReason",
)  # fmt: skip


class TransformJobs(Jobs):
    """CreateTransformJob and the jobs it starts."""

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self._transforms: dict[str, Job] = {}

    def create_transform_job(self, request: Request) -> Answer:
        name = request["TransformJobName"]
        self._check_new_transform(name)
        self._check_transform(request)
        record = {key: request[key] for key in RECORDED if key in request}
        job = self._new_job("transform-job", name, LOG_GROUP, record)
        job.record |= {"TransformJobArn": job.arn, "TransformJobStatus": "InProgress"}
        with self._lock:
            self._check_new_transform(name)
            self._transforms[name] = job
            self._set_tags(job.arn, request)
        model = dict(self._model(request["ModelName"]))
        self._change_transform(job)
        self._start_job(job, lambda job: self._transform(job, model), self._end_transform)
        return {"TransformJobArn": job.arn}

    def describe_transform_job(self, request: Request) -> Answer:
        job = self._transform_job(request["TransformJobName"])
        with self._lock:
            hidden = ("LastModifiedTime",)
            return {key: value for key, value in job.record.items() if key not in hidden}

    def list_transform_jobs(self, request: Request) -> Answer:
        with self._lock:
            records = [dict(job.record) for job in self._transforms.values()]
        filters = {
            "StatusEquals": lambda record, value: record["TransformJobStatus"] == value,
        }
        found, more = page(records, request, name="TransformJobName", filters=filters)
        return {"TransformJobSummaries": [summary(record, SUMMARY) for record in found], **more}

    def stop_transform_job(self, request: Request) -> Answer:
        job = self._transform_job(request["TransformJobName"])
        with self._lock:
            status = job.record["TransformJobStatus"]
            if status != "InProgress":
                raise invalid(
                    f"The request was rejected because the transform job is in status {status}"
                )
            self._change_transform(job, TransformJobStatus="Stopping")
        job.run.stop()
        return {}

    def close(self) -> None:
        super().close()
        for job in list(self._transforms.values()):
            job.run.stop()

    # Checks

    def _model(self, name: str) -> Answer:
        """The model's record; implemented by the models' part of the service."""
        raise NotImplementedError

    def _check_new_transform(self, name: str) -> None:
        if name in self._transforms:
            raise ServiceError(
                "ResourceInUse",
                "Job name must be unique within an AWS account and region, and a job with this "
                f"name already exists ({self._transforms[name].arn})",
            )

    def _check_transform(self, request: Request) -> None:
        refuse_members(request, REQUEST, "CreateTransformJob")
        count = request["TransformResources"]["InstanceCount"]
        if count != 1:
            raise unsupported(f"TransformResources InstanceCount={count}; use 1")
        strategy = request.get("BatchStrategy", "MultiRecord")
        if strategy not in ("MultiRecord", "SingleRecord"):
            raise invalid(f"BatchStrategy {strategy!r} is neither MultiRecord nor SingleRecord")
        self._model(request["ModelName"])
        bucket_and_key(request["TransformOutput"]["S3OutputPath"])
        _check_formats(request)
        _check_filters(request)
        self._data_source(request["TransformInput"], "TransformInput", "of the model")

    # The job

    def _transform(self, job: Job, model: Answer) -> None:
        self._change_transform(job, TransformStartTime=self._now())
        s3 = self.local.client("s3")
        source, target = job.folder / "input", job.folder / "output"
        target.mkdir()
        uri = job.record["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        fetch_all(s3, *bucket_and_key(uri), source)
        try:
            placed = place(s3, model, job.folder / "model")
        except NoCode as error:
            raise RunFailed(
                f"AlgorithmError: See job logs for more information: {error}"
            ) from error
        job_file = job.folder / "job.json"
        job_file.write_text(json.dumps(self._order(job, placed)), encoding="utf-8")
        own = placed[0].environment if len(placed) == 1 else {}
        environment = {**own, BATCH: "true"}
        code = job.run.call(PROGRAM, [str(job_file)], environment, job.folder, job.log.write)
        if job.run.stopped:
            return
        if code != 0:
            reason = failure_text(job.folder / "failure") or f"exit code {code}"
            raise RunFailed(f"ClientError: See job logs for more information: {reason}")
        put_all(s3, target, *bucket_and_key(job.record["TransformOutput"]["S3OutputPath"]))

    def _order(self, job: Job, placed: list[Placed]) -> dict[str, Any]:
        processing = job.record.get("DataProcessing", {})
        source, target = job.record["TransformInput"], job.record["TransformOutput"]
        return {
            "containers": [
                {
                    "image": part.image,
                    "archive": str(part.archive),
                    "code": str(part.code) if part.code else None,
                    "environment": part.environment,
                }
                for part in placed
            ],
            "input": str(job.folder / "input"),
            "output": str(job.folder / "output"),
            "failure": str(job.folder / "failure"),
            "content_type": source["ContentType"].lower(),
            "accept": target.get("Accept", "").lower(),
            "split": source.get("SplitType", "None"),
            "assemble": target.get("AssembleWith", "None"),
            "single": job.record.get("BatchStrategy") == "SingleRecord",
            "payload": job.record.get("MaxPayloadInMB", MAX_PAYLOAD_MB) * 1024**2,
            "input_filter": processing.get("InputFilter", "$"),
            "output_filter": processing.get("OutputFilter", "$"),
            "join": processing.get("JoinSource", "None") == "Input",
        }

    def _end_transform(self, job: Job, reason: str | None) -> None:
        if reason is not None:
            self._finish_transform(job, "Failed", FailureReason=reason)
        else:
            self._finish_transform(job, "Stopped" if job.run.stopped else "Completed")

    def _finish_transform(self, job: Job, status: str, **changes: Any) -> None:
        ended = self._now()
        self._change_transform(job, TransformJobStatus=status, TransformEndTime=ended, **changes)

    def _change_transform(self, job: Job, **changes: Any) -> None:
        with self._lock:
            job.record |= {"LastModifiedTime": self._now(), **changes}
            detail = dict(job.record)
        self._emit("Transform Job", job.arn, detail)

    def _transform_job(self, name: str) -> Job:
        job = self._transforms.get(name)
        if job is None:
            raise invalid(f"Could not find requested job with name: {name}")
        return job


def _check_formats(request: Request) -> None:
    """Refuse what would be ignored here, and what could never be answered."""
    source, target = request["TransformInput"], request["TransformOutput"]
    if not source.get("ContentType"):
        raise unsupported("TransformInput without ContentType; name the type of the objects")
    for where, member, known in (
        (source, "SplitType", ("None", "Line")),
        (target, "AssembleWith", ("None", "Line")),
    ):
        given = where.get(member, "None")
        if given not in known:
            raise unsupported(f"{member}={given}; use {' or '.join(known)}")


def _check_filters(request: Request) -> None:
    """Filters and joins take lines of CSV, each answered by one line."""
    processing = request.get("DataProcessing", {})
    used = [name for name, value in processing.items() if value not in ("$", "None")]
    if used and not _is_rows(request):
        raise unsupported(
            f"DataProcessing {used[0]} without lines of {CSV}: set ContentType and Accept to "
            f"{CSV}, SplitType and AssembleWith to Line"
        )
    for member in ("InputFilter", "OutputFilter"):
        try:
            parse_filter(processing.get(member, "$"))
        except BadFilter as error:
            raise unsupported(f"DataProcessing {member} {error}") from error


def _is_rows(request: Request) -> bool:
    source, target = request["TransformInput"], request["TransformOutput"]
    types = (source.get("ContentType", "").lower(), target.get("Accept", "").lower())
    lines = (source.get("SplitType"), target.get("AssembleWith"))
    return (types, lines) == ((CSV, CSV), ("Line", "Line"))
