"""Processing jobs: a user's command on files, in a child process, without a container.

Paths, files and limits as in the developer guide's "Build Your Own Processing Container".
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
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
from ratchet.local_aws.sagemaker.containers import opt_ml
from ratchet.local_aws.sagemaker.containers.images import container_of, name_of
from ratchet.local_aws.sagemaker.containers.layout import HOST
from ratchet.local_aws.sagemaker.listing import page, summary
from ratchet.local_aws.shared.background import RunFailed
from ratchet.local_aws.shared.transfer import any_under, fetch_all, put_all

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Host

PROGRAM = f"{containers.__name__}.process"
LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
PLACE = f"{opt_ml.THERE}/processing"
MAX_RUNTIME = 24 * 3600
LONGEST_MESSAGE = 1024
REQUEST = (
    "ProcessingJobName", "ProcessingInputs", "ProcessingOutputConfig", "ProcessingResources",
    "StoppingCondition", "AppSpecification", "Environment", "NetworkConfig", "RoleArn", "Tags",
)  # fmt: skip
RECORDED = tuple(name for name in REQUEST if name != "Tags")
APPLICATION = ("ImageUri", "ContainerEntrypoint", "ContainerArguments")
S3_INPUT = {
    "S3DataType": "S3Prefix",
    "S3InputMode": "File",
    "S3DataDistributionType": "FullyReplicated",
    "S3CompressionType": "None",
}
"""What an input may say; each is also the default."""
SUMMARY = (
    "ProcessingJobName", "ProcessingJobArn", "CreationTime", "ProcessingEndTime",
    "LastModifiedTime", "ProcessingJobStatus", "FailureReason", "ExitMessage",
)  # fmt: skip


class ProcessingJobs(Jobs):
    """CreateProcessingJob and the jobs it starts."""

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self._processings: dict[str, Job] = {}

    def create_processing_job(self, request: Request) -> Answer:
        name = request["ProcessingJobName"]
        self._check_new_processing(name)
        self._check_processing(request)
        record = {key: request[key] for key in RECORDED if key in request}
        job = self._new_job("processing-job", name, LOG_GROUP, record)
        job.record |= {"ProcessingJobArn": job.arn, "ProcessingJobStatus": "InProgress"}
        with self._lock:
            self._check_new_processing(name)
            self._processings[name] = job
            self._set_tags(job.arn, request)
        self._change_processing(job)
        self._start_job(job, self._process, self._end_processing)
        return {"ProcessingJobArn": job.arn}

    def describe_processing_job(self, request: Request) -> Answer:
        job = self._processing(request["ProcessingJobName"])
        with self._lock:
            return dict(job.record)

    def list_processing_jobs(self, request: Request) -> Answer:
        with self._lock:
            records = [dict(job.record) for job in self._processings.values()]
        filters = {
            "StatusEquals": lambda record, value: record["ProcessingJobStatus"] == value,
        }
        found, more = page(records, request, name="ProcessingJobName", filters=filters)
        return {"ProcessingJobSummaries": [summary(record, SUMMARY) for record in found], **more}

    def stop_processing_job(self, request: Request) -> Answer:
        job = self._processing(request["ProcessingJobName"])
        with self._lock:
            status = job.record["ProcessingJobStatus"]
            if status != "InProgress":
                raise invalid(
                    f"The request was rejected because the processing job is in status {status}"
                )
            self._change_processing(job, ProcessingJobStatus="Stopping")
        job.run.stop()
        return {}

    def close(self) -> None:
        super().close()
        for job in list(self._processings.values()):
            job.run.stop()

    # Checks

    def _check_new_processing(self, name: str) -> None:
        if name in self._processings:
            raise ServiceError(
                "ResourceInUse",
                "Job name must be unique within an AWS account and region, and a job with this "
                f"name already exists ({self._processings[name].arn})",
            )

    def _check_processing(self, request: Request) -> None:
        refuse_members(request, REQUEST, "CreateProcessingJob")
        application = request["AppSpecification"]
        refuse_members(application, APPLICATION, "AppSpecification")
        container_of(application["ImageUri"], self.local.region, "CreateProcessingJob")
        if not application.get("ContainerEntrypoint"):
            raise unsupported(
                "AppSpecification without ContainerEntrypoint; name the command, such as "
                f'["python3", "{PLACE}/input/code/script.py"]'
            )
        count = request["ProcessingResources"]["ClusterConfig"]["InstanceCount"]
        if count != 1:
            raise unsupported(f"ClusterConfig InstanceCount={count}; process on one instance")
        for source in request.get("ProcessingInputs", []):
            self._check_input(source, request["RoleArn"])
        for target in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
            _check_output(target)

    def _check_input(self, source: Request, role: str) -> None:
        where = f"input {source['InputName']}"
        refuse_members(source, ("InputName", "S3Input"), where)
        given = source.get("S3Input")
        if given is None:
            raise unsupported(f"{where} without S3Input")
        for member, known in S3_INPUT.items():
            if given.get(member, known) != known:
                raise unsupported(f"{where} {member}={given[member]}; use {known}")
        _check_place(given.get("LocalPath"), where)
        uri = given["S3Uri"]
        if not any_under(self.local.client("s3"), *bucket_and_key(uri)):
            raise invalid(self._no_objects(uri, role))

    # The job

    def _process(self, job: Job) -> None:
        self._change_processing(job, ProcessingStartTime=self._now())
        record, root = job.record, job.folder / "opt" / "ml"
        self._lay_out(job, root)
        application = record["AppSpecification"]
        command = [
            *application["ContainerEntrypoint"],
            *application.get("ContainerArguments", []),
        ]
        environment = {
            name: opt_ml.here(value, root) for name, value in record.get("Environment", {}).items()
        }
        limit = record.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", MAX_RUNTIME)
        failure = job.folder / "failure"
        code = job.run.call(
            PROGRAM,
            [name_of(application["ImageUri"]), str(failure), *command],
            {**environment, "PROCESSING_JOB_NAME": job.name, "PROCESSING_JOB_ARN": job.arn},
            root,
            job.log.write,
            timedelta(seconds=limit),
        )
        self._read_message(job, root / "output" / "message")
        if job.run.stopped or job.run.exceeded:
            return
        if code != 0:
            said = failure_text(failure) or "it said nothing"
            raise RunFailed(
                f"AlgorithmError: See job logs for more information, exit code: {code} ({said})"
            )
        for target in record.get("ProcessingOutputConfig", {}).get("Outputs", []):
            output = target["S3Output"]
            folder = _ours(output["LocalPath"], root)
            put_all(self.local.client("s3"), folder, *bucket_and_key(output["S3Uri"]))

    def _lay_out(self, job: Job, root: Path) -> None:
        for folder in (root / "processing", root / "output", root / "config"):
            folder.mkdir(parents=True)
        shown = json.dumps({"ProcessingJobArn": job.arn, **_shown(job.record)})
        (root / "config" / "processingjobconfig.json").write_text(shown, encoding="utf-8")
        hosts = json.dumps({"current_host": HOST, "hosts": [HOST]})
        (root / "config" / "resourceconfig.json").write_text(hosts, encoding="utf-8")
        for source in job.record.get("ProcessingInputs", []):
            given = source["S3Input"]
            folder = _ours(given["LocalPath"], root)
            fetch_all(self.local.client("s3"), *bucket_and_key(given["S3Uri"]), folder)
        for target in job.record.get("ProcessingOutputConfig", {}).get("Outputs", []):
            _ours(target["S3Output"]["LocalPath"], root).mkdir(parents=True, exist_ok=True)

    def _read_message(self, job: Job, file: Path) -> None:
        if not file.is_file():
            return
        try:
            text = file.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise RunFailed("ClientError: /opt/ml/output/message is not UTF-8 text") from error
        with self._lock:
            job.record["ExitMessage"] = text[:LONGEST_MESSAGE]

    def _end_processing(self, job: Job, reason: str | None) -> None:
        if reason is not None:
            status, changes = "Failed", {"FailureReason": reason}
        else:
            ended = job.run.stopped or job.run.exceeded
            status, changes = "Stopped" if ended else "Completed", {}
        now = self._now()
        self._change_processing(job, ProcessingJobStatus=status, ProcessingEndTime=now, **changes)

    def _change_processing(self, job: Job, **changes: Any) -> None:
        with self._lock:
            job.record |= {"LastModifiedTime": self._now(), **changes}
            detail = dict(job.record)
        self._emit("Processing Job", job.arn, detail)

    def _processing(self, name: str) -> Job:
        job = self._processings.get(name)
        if job is None:
            raise invalid(f"Could not find requested job with name: {name}")
        return job


def _check_output(target: Request) -> None:
    where = f"output {target['OutputName']}"
    refuse_members(target, ("OutputName", "S3Output"), where)
    given = target.get("S3Output")
    if given is None:
        raise unsupported(f"{where} without S3Output")
    if given["S3UploadMode"] != "EndOfJob":
        raise unsupported(f"{where} S3UploadMode={given['S3UploadMode']}; use EndOfJob")
    _check_place(given.get("LocalPath"), where)
    bucket_and_key(given["S3Uri"])


def _check_place(path: str | None, where: str) -> None:
    if not path or path.rstrip("/") == PLACE or not opt_ml.holds(PLACE, path):
        raise unsupported(f"{where} LocalPath={path}; use a folder below {PLACE}")


def _ours(path: str, root: Path) -> Path:
    return Path(opt_ml.here(path, root))


def _shown(record: dict[str, Any]) -> dict[str, Any]:
    """The job as its container sees it: what the request said."""
    return {name: record[name] for name in RECORDED if name in record}
