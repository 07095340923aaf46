"""What scripts asked the SageMaker SDK's session for: a bucket, a role, and files put into S3.

Beside it what a workflow calls, a function or a Glue job: put as often as its cell is run.

The names and arguments are those of SageMaker's SDK 2, and so are the answers. Clients are made
on the first call, as the environment configures them: of AWS, or of local AWS by AWS_ENDPOINT_URL.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ratchet.workflow.operating.clients import client
from ratchet.workflow.operating.putting import put_function, put_glue_job
from ratchet.workflow.sagemaker.estimators import bucket_name

_OF_SAGEMAKER = "AmazonSageMaker-ExecutionRole"
"""Roles that SageMaker's console makes begin so; they lie below service-role/."""


class Session:
    """A region and an account. `default_bucket` is used in place of SageMaker's own."""

    def __init__(self, boto_session: Any = None, default_bucket: str | None = None) -> None:
        self._boto_session, self._bucket = boto_session, default_bucket

    @property
    def boto_region_name(self) -> str:
        return str(self._s3.meta.region_name)

    def default_bucket(self) -> str:
        """The bucket `sagemaker-<region>-<account>`, which is made if there is none.

        Raises ValueError when a bucket of that name belongs to another account.
        """
        if self._bucket is None:
            account = self._identity["Account"]
            name = bucket_name(self.boto_region_name, account)
            self._own(name, account)
            self._bucket = name
        return self._bucket

    def upload_data(self, path: str, bucket: str | None = None, key_prefix: str = "data") -> str:
        """Put a file, or all files of a folder, below `key_prefix`.

        Returns the URI of the file, or of the folder. Raises ValueError when there is no such file.
        """
        place, bucket = Path(path), bucket or self.default_bucket()
        prefix = key_prefix.strip("/")
        if place.is_dir():
            for file in sorted(one for one in place.rglob("*") if one.is_file()):
                self._put(file, bucket, _joined(prefix, file.relative_to(place).as_posix()))
            return f"s3://{_joined(bucket, prefix)}"
        if not place.is_file():
            raise ValueError(f"There is no file or folder {path}")
        key = _joined(prefix, place.name)
        self._put(place, bucket, key)
        return f"s3://{bucket}/{key}"

    def put_text(self, text: str, uri: str) -> str:
        """Put text at an S3 URI, which is returned."""
        bucket, key = _place(uri)
        self._s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
        return uri

    def put_function(self, name: str, code: str, role: str, **settings: Any) -> str:
        """A Lambda function of Python code that defines `handler(event, context)`.

        One of that name is updated. `settings` are CreateFunction's own: `MemorySize=256`,
        `Timeout=60`, `Runtime`, `Environment`, ... Returns the ARN once it can be called.
        """
        return put_function(self._client("lambda"), name, code, role, settings)

    def put_glue_job(self, name: str, script: str, role: str, **settings: Any) -> str:
        """A Glue job of a PySpark script, which is put into the default bucket.

        One of that name is updated. `settings` are CreateJob's own: `NumberOfWorkers=5`,
        `WorkerType`, `GlueVersion`, `DefaultArguments`, ... Returns the name.
        """
        uri = self.put_text(script, f"s3://{self.default_bucket()}/glue/{name}.py")
        return put_glue_job(self._client("glue"), name, uri, role, settings)

    def execution_role(self) -> str:
        """The ARN of the role that the caller has assumed, as in a notebook of SageMaker.

        Local AWS assumes no roles, and any ARN does: one of its account is answered. Raises
        ValueError when the caller is a user.
        """
        arn = str(self._identity["Arn"])
        _, partition, _, _, account, who = arn.split(":", 5)
        if "amazonaws.com" not in self._s3.meta.endpoint_url:
            return f"arn:{partition}:iam::{account}:role/{_OF_SAGEMAKER}"
        kind, _, rest = who.partition("/")
        if kind != "assumed-role":
            raise ValueError(
                f"{arn} is not a role: give the ARN of the role that the jobs are to have, "
                f"such as arn:{partition}:iam::{account}:role/service-role/{_OF_SAGEMAKER}"
            )
        return self._role(rest.split("/")[0], partition, account)

    def _role(self, name: str, partition: str, account: str) -> str:
        """The role's ARN with its path, which the caller's own ARN does not have."""
        from botocore.exceptions import ClientError

        try:
            return str(self._client("iam").get_role(RoleName=name)["Role"]["Arn"])
        except ClientError:  # most roles may not ask about themselves
            path = "service-role/" if name.startswith(_OF_SAGEMAKER) else ""
            return f"arn:{partition}:iam::{account}:role/{path}{name}"

    @cached_property
    def _s3(self) -> Any:
        return self._client("s3")

    @cached_property
    def _identity(self) -> dict[str, Any]:
        identity: dict[str, Any] = self._client("sts").get_caller_identity()
        return identity

    def _client(self, service: str) -> Any:
        return self._boto_session.client(service) if self._boto_session else client(service)

    def _own(self, bucket: str, account: str) -> None:
        from botocore.exceptions import ClientError

        try:
            self._s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
        except ClientError as error:
            if error.response["Error"]["Code"] != "404":
                raise ValueError(
                    f"The bucket {bucket} is not account {account}'s, or may not be read; "
                    "name a bucket of your own: Session(default_bucket=...)"
                ) from error
            region = self.boto_region_name
            # us-east-1 is never a LocationConstraint (S3 API reference, CreateBucket)
            where = {"LocationConstraint": region} if region != "us-east-1" else None
            fields = {"CreateBucketConfiguration": where} if where else {}
            self._s3.create_bucket(Bucket=bucket, **fields)

    def _put(self, file: Path, bucket: str, key: str) -> None:
        self._s3.upload_file(str(file), bucket, key)


class S3Uploader:
    """Puts files and text at an S3 URI."""

    @staticmethod
    def upload(local_path: str, desired_s3_uri: str, sagemaker_session: Any = None) -> str:
        """Put a file or a folder below a URI; returns where it is now."""
        bucket, prefix = _place(desired_s3_uri)
        return (sagemaker_session or Session()).upload_data(local_path, bucket, prefix)

    @staticmethod
    def upload_string_as_file_body(
        body: str, desired_s3_uri: str, sagemaker_session: Any = None
    ) -> str:
        """Put text at a URI, which is returned."""
        return (sagemaker_session or Session()).put_text(body, desired_s3_uri)


def get_execution_role(sagemaker_session: Any = None) -> str:
    """The role of a notebook of SageMaker; see `Session.execution_role`."""
    return (sagemaker_session or Session()).execution_role()


def _place(uri: str) -> tuple[str, str]:
    """Bucket and key of an S3 URI. Raises ValueError if it is not one."""
    parts = urlsplit(uri)
    if parts.scheme != "s3" or not parts.netloc:
        raise ValueError(f"'{uri}' is not an S3 URI: write s3://BUCKET/KEY")
    return parts.netloc, parts.path.lstrip("/")


def _joined(*parts: str) -> str:
    return "/".join(part for part in parts if part)
