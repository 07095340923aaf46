"""Training jobs: a container's program, or a user's script, as a child process.

Statuses and texts are SageMaker's. What the container itself would refuse fails the job, as on
AWS; what only local AWS does not support is refused when the job is created.
"""

from __future__ import annotations

from datetime import datetime, timedelta
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
from ratchet.local_aws.sagemaker.containers import artifacts
from ratchet.local_aws.sagemaker.containers.container import Algorithm, Container
from ratchet.local_aws.sagemaker.containers.errors import (
    ContainerError,
    Unsupported,
    UserError,
)
from ratchet.local_aws.sagemaker.containers.images import container_of, name_of
from ratchet.local_aws.sagemaker.containers.layout import Layout, lay_out
from ratchet.local_aws.sagemaker.containers.toolkit import read_hyperparameters
from ratchet.local_aws.sagemaker.listing import page, summary
from ratchet.local_aws.sagemaker.metrics import Metrics, check_definitions
from ratchet.local_aws.sagemaker.placing import NoCode, fetch_code
from ratchet.local_aws.shared.background import RunFailed
from ratchet.local_aws.shared.transfer import fetch_all, put

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Host

SCRIPT_PROGRAM = f"{containers.__name__}.train_script"
LOG_GROUP = "/aws/sagemaker/TrainingJobs"
MAX_RUNTIME = 24 * 3600
HOSTS = 4
"""How many hosts a script may have on one machine."""
WHOLE = "FullyReplicated"
REQUEST = (
    "TrainingJobName", "HyperParameters", "AlgorithmSpecification", "RoleArn", "InputDataConfig",
    "OutputDataConfig", "ResourceConfig", "VpcConfig", "StoppingCondition", "Tags",
    "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "Environment",
)  # fmt: skip
RECORDED = tuple(name for name in REQUEST if name != "Tags")
SUMMARY = (
    "TrainingJobName", "TrainingJobArn", "CreationTime", "TrainingEndTime", "LastModifiedTime",
    "TrainingJobStatus", "SecondaryStatus",
)  # fmt: skip
MESSAGES = {
    "Starting": "Starting the training job",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Stopping": "Stopping the training job",
    "Completed": "Training job completed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "Failed": "Training job failed",
}


class TrainingJobs(Jobs):
    """CreateTrainingJob and the jobs it starts."""

    def __init__(self, local: Host) -> None:
        super().__init__(local)
        self._trainings: dict[str, Job] = {}

    def create_training_job(self, request: Request) -> Answer:
        name = request["TrainingJobName"]
        self._check_new_training(name)
        self._check_training(request)
        record = {key: request[key] for key in RECORDED if key in request}
        job = self._new_job("training-job", name, LOG_GROUP, record)
        job.record |= {
            "TrainingJobArn": job.arn,
            "TrainingJobStatus": "InProgress",
            "SecondaryStatusTransitions": [],
        }
        with self._lock:
            self._check_new_training(name)
            self._trainings[name] = job
            self._set_tags(job.arn, request)
        self._enter(job, "Starting")
        self._start_job(job, self._train, self._end_training)
        return {"TrainingJobArn": job.arn}

    def describe_training_job(self, request: Request) -> Answer:
        job = self._training(request["TrainingJobName"])
        with self._lock:
            return {**job.record, "SecondaryStatusTransitions": _copies(job)}

    def list_training_jobs(self, request: Request) -> Answer:
        with self._lock:
            records = [dict(job.record) for job in self._trainings.values()]
        filters = {
            "StatusEquals": lambda record, value: record["TrainingJobStatus"] == value,
        }
        refuse_members(request, ("NextToken", "MaxResults", *LIST_MEMBERS), "ListTrainingJobs")
        found, more = page(
            records, request, name="TrainingJobName", order="Ascending", filters=filters
        )
        return {"TrainingJobSummaries": [summary(record, SUMMARY) for record in found], **more}

    def stop_training_job(self, request: Request) -> Answer:
        job = self._training(request["TrainingJobName"])
        with self._lock:
            status = job.record["TrainingJobStatus"]
            if status != "InProgress":
                raise invalid(
                    f"The request was rejected because the training job is in status {status}"
                )
            self._enter(job, "Stopping", TrainingJobStatus="Stopping")
        job.run.stop()
        return {}

    def close(self) -> None:
        super().close()
        for job in list(self._trainings.values()):
            job.run.stop()

    # Checks

    def _check_new_training(self, name: str) -> None:
        if name in self._trainings:
            raise ServiceError(
                "ResourceInUse",
                "Training job names must be unique within an AWS account and region, and a "
                f"training job with this name already exists ({self._trainings[name].arn})",
            )

    def _check_training(self, request: Request) -> None:
        refuse_members(request, REQUEST, "CreateTrainingJob")
        algorithm = self._check_algorithm(request)
        self._check_instances(request, algorithm)
        reason = algorithm.unsupported(request.get("HyperParameters", {})) if algorithm else None
        if reason:
            raise unsupported(reason)
        bucket_and_key(request["OutputDataConfig"]["S3OutputPath"])
        for channel in request.get("InputDataConfig", []):
            self._check_channel(channel, request["RoleArn"], algorithm)

    def _check_instances(self, request: Request, algorithm: Algorithm | None) -> None:
        """Scripts may run on several hosts, which are processes here."""
        count, most = request["ResourceConfig"].get("InstanceCount", 1), 1 if algorithm else HOSTS
        if count > most:
            raise unsupported(f"ResourceConfig InstanceCount={count}; use {most} at most")
        for channel in request.get("InputDataConfig", []):
            source = channel["DataSource"].get("S3DataSource", {})
            sharing = source.get("S3DataDistributionType", WHOLE)
            if count > 1 and sharing != WHOLE:
                raise unsupported(f"S3DataDistributionType={sharing}; use {WHOLE}")

    def _check_algorithm(self, request: Request) -> Algorithm | None:
        """The algorithm that the job runs, None for a script."""
        specification = request["AlgorithmSpecification"]
        container = self._image(specification)
        if not container.trains:
            raise unsupported(f"training with {specification['TrainingImage']}, which only serves")
        algorithm = None if _script_of(request) else container.algorithm
        check_definitions(specification.get("MetricDefinitions", []), built_in=bool(algorithm))
        known = (
            "TrainingImage", "TrainingInputMode", "EnableSageMakerMetricsTimeSeries",
            "MetricDefinitions",
        )  # fmt: skip
        refuse_members(specification, known, "AlgorithmSpecification")
        mode = specification["TrainingInputMode"]
        if mode != "File":
            raise unsupported(f"TrainingInputMode={mode}; use File")
        return algorithm

    def _image(self, algorithm: Request) -> Container:
        image = algorithm.get("TrainingImage")
        return container_of(image, self.local.region, "CreateTrainingJob")

    def _check_channel(self, channel: Request, role: str, algorithm: Algorithm | None) -> None:
        where = f"channel {channel['ChannelName']}"
        known = ("ChannelName", "DataSource", "ContentType", "CompressionType", "InputMode")
        wrapper = channel.get("RecordWrapperType", "None")
        if wrapper != "None":
            raise unsupported(f"{where} RecordWrapperType={wrapper}")
        refuse_members(channel, (*known, "RecordWrapperType"), where)
        if channel.get("InputMode", "File") != "File":
            raise unsupported(f"{where} InputMode={channel['InputMode']}; use File")
        if algorithm is not None:
            _check_content_type(algorithm, channel.get("ContentType"), where)
        self._data_source(channel, where, role)

    # The job

    def _train(self, job: Job) -> None:
        record = job.record
        self._enter(job, "Downloading", TrainingStartTime=self._now())
        layout = lay_out(job.folder, job.name, job.arn, record)
        for channel in record.get("InputDataConfig", []):
            uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
            target = layout.data / channel["ChannelName"]
            fetch_all(self.local.client("s3"), *bucket_and_key(uri), target)
        if not job.run.stopped:
            self._enter(job, "Training")
        code = self._run_training(job, layout)
        if not (job.run.stopped or job.run.exceeded) and code != 0:
            reason = failure_text(layout.output / "failure") or "See job logs for more information"
            raise RunFailed(f"AlgorithmError: {reason}, exit code: {code}")
        self._upload_model(job, layout.model, layout.output / "data")

    def _run_training(self, job: Job, layout: Layout) -> int:
        """The exit code of the image's program, or of the script's."""
        specification = job.record["AlgorithmSpecification"]
        container = self._image(specification)
        try:
            if script := _script_of(job.record):
                code = self._fetch_script(job)
                program, args = SCRIPT_PROGRAM, [name_of(specification["TrainingImage"]), *code]
            else:
                program, args = container.own.training_program, []
        except (NoCode, ContainerError) as error:
            raise RunFailed(f"AlgorithmError: framework error: {error}, exit code: 1") from error
        definitions = specification.get("MetricDefinitions", []) if script else container.own
        metrics = Metrics(definitions, self._now)
        limit = job.record["StoppingCondition"].get("MaxRuntimeInSeconds", MAX_RUNTIME)

        def note(line: str) -> None:
            job.log.write(line)
            job.metrics |= metrics.of(line)

        limited = timedelta(seconds=limit)
        return job.run.call(program, args, layout.environment, layout.root, note, limited)

    def _fetch_script(self, job: Job) -> list[str]:
        """The archive of the code, if the job names one in S3 rather than in a channel."""
        directory = read_hyperparameters(job.record["HyperParameters"]).directory or ""
        if not directory.startswith("s3://"):
            return []
        isolated = bool(job.record.get("EnableNetworkIsolation"))
        archive = job.folder / "code.tar.gz"
        fetch_code(self.local.client("s3"), directory, archive, isolated=isolated)
        return [str(archive)]

    def _upload_model(self, job: Job, model: Path, data: Path) -> None:
        if not (job.run.stopped or job.run.exceeded):
            self._enter(job, "Uploading")
        output = job.record["OutputDataConfig"]["S3OutputPath"].rstrip("/")
        uri = f"{output}/{job.name}/output"
        s3, (bucket, key) = self.local.client("s3"), bucket_and_key(uri)
        archive = job.folder / "model.tar.gz"
        if artifacts.pack(model, archive):
            put(s3, archive, bucket, f"{key}/model.tar.gz")
            artifact = {"S3ModelArtifacts": f"{uri}/model.tar.gz"}
            with self._lock:
                job.record["ModelArtifacts"] = artifact
        extra = job.folder / "output.tar.gz"
        if artifacts.pack(data, extra):
            put(s3, extra, bucket, f"{key}/output.tar.gz")

    def _end_training(self, job: Job, reason: str | None) -> None:
        if reason is not None:
            self._finish_training(job, "Failed", "Failed", FailureReason=reason)
        elif job.run.stopped:
            self._finish_training(job, "Stopped", "Stopped")
        elif job.run.exceeded:
            self._finish_training(job, "Stopped", "MaxRuntimeExceeded")
        else:
            self._finish_training(job, "Completed", "Completed")

    def _finish_training(self, job: Job, status: str, secondary: str, **changes: Any) -> None:
        now = self._now()
        started: datetime = job.record.get("TrainingStartTime", now)
        seconds = int((now - started).total_seconds())
        self._enter(
            job,
            secondary,
            TrainingJobStatus=status,
            TrainingEndTime=now,
            TrainingTimeInSeconds=max(seconds, 1),
            BillableTimeInSeconds=max(seconds, 1),
            FinalMetricDataList=list(job.metrics.values()),
            **changes,
        )

    def _enter(self, job: Job, secondary: str, **changes: Any) -> None:
        """Move to a secondary status, with other changes of the record, and an event."""
        now = self._now()
        with self._lock:
            history = job.record["SecondaryStatusTransitions"]
            if history:
                history[-1].setdefault("EndTime", now)
            entry = {"Status": secondary, "StartTime": now, "StatusMessage": MESSAGES[secondary]}
            if "TrainingEndTime" in changes:
                entry["EndTime"] = now
            history.append(entry)
            job.record |= {"SecondaryStatus": secondary, "LastModifiedTime": now, **changes}
            detail = {**job.record, "SecondaryStatusTransitions": _copies(job)}
        self._emit("Training Job", job.arn, detail)

    def _training(self, name: str) -> Job:
        job = self._trainings.get(name)
        if job is None:
            raise invalid("Requested resource not found.")
        return job


LIST_MEMBERS = (
    "CreationTimeAfter", "CreationTimeBefore", "LastModifiedTimeAfter", "LastModifiedTimeBefore",
    "NameContains", "StatusEquals", "SortBy", "SortOrder",
)  # fmt: skip


def _copies(job: Job) -> list[dict[str, Any]]:
    return [dict(entry) for entry in job.record["SecondaryStatusTransitions"]]


def _script_of(request: Request) -> str | None:
    """The script that a job runs; None in algorithm mode."""
    return read_hyperparameters(request.get("HyperParameters", {})).program


def _check_content_type(algorithm: Algorithm, content_type: str | None, where: str) -> None:
    try:
        algorithm.check_channel(content_type)
    except Unsupported as error:
        raise unsupported(f"{where} {error}") from error
    except UserError as error:
        raise invalid(str(error)) from error
