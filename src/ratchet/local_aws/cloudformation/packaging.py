"""Local paths of a template become S3 objects, as `sam build` and `sam package` make them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import zipfile
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ratchet.local_aws.cloudformation.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ratchet.local_aws.running.host import Host

BUCKET_PREFIX = "aws-sam-cli-managed-default-samclisourcebucket"
LEFT_OUT = frozenset([".git", ".aws-sam", "__pycache__", ".venv", "venv", ".mypy_cache"])
ZIPPED = {
    "AWS::Serverless::Function": ("CodeUri",),
    "AWS::Serverless::LayerVersion": ("ContentUri",),
    "AWS::Lambda::Function": ("Code",),
    "AWS::Lambda::LayerVersion": ("Content",),
}
"""Properties that name code: a folder or a file that AWS expects as a zip."""
UPLOADED = {
    "AWS::Serverless::StateMachine": ("DefinitionUri",),
    "AWS::StepFunctions::StateMachine": ("DefinitionS3Location",),
    "AWS::Glue::Job": ("Command", "ScriptLocation"),
}
"""Paths of properties that name a file that AWS takes as it is."""
FORMS: dict[str, dict[str, str]] = {
    "AWS::Lambda::Function": {"S3Bucket": "bucket", "S3Key": "key"},
    "AWS::Lambda::LayerVersion": {"S3Bucket": "bucket", "S3Key": "key"},
    "AWS::StepFunctions::StateMachine": {"Bucket": "bucket", "Key": "key"},
}
"""Types that take an object as a structure; the others take an s3:// URI."""


class Package:
    """The objects that one template needs."""

    def __init__(self, local: Host, folder: Path) -> None:
        self._local = local
        self._folder = folder
        self._uploaded: dict[tuple[Path, bool], str] = {}
        self._bucket = ""

    def apply(self, template: dict[str, Any]) -> dict[str, Any]:
        """The template with S3 objects in place of local paths; uploads what is missing."""
        packaged = deepcopy(template)
        for kind, name in (("Function", "CodeUri"), ("LayerVersion", "ContentUri")):
            shared = packaged.get("Globals", {}).get(kind, {})
            self._replace(shared, (name,), f"Globals.{kind}", "", zipped=True)
        for logical_id, resource in packaged["Resources"].items():
            kind = resource.get("Type", "")
            for table, zipped in ((ZIPPED, True), (UPLOADED, False)):
                if kind in table:
                    properties = resource.get("Properties", {})
                    self._replace(properties, table[kind], logical_id, kind, zipped=zipped)
        return packaged

    def _replace(
        self, holder: Any, path: tuple[str, ...], logical_id: str, kind: str, *, zipped: bool
    ) -> None:
        for name in path[:-1]:
            holder = holder.get(name, {})
        named = holder.get(path[-1])
        if not isinstance(named, str) or named.startswith("s3://"):
            return
        where = f"{logical_id}: {'.'.join(path)}"
        key = self._upload(where, self._folder / named, zipped=zipped)
        values = {"bucket": self._bucket, "key": key}
        form = FORMS.get(kind)
        holder[path[-1]] = (
            {name: values[value] for name, value in form.items()}
            if form
            else f"s3://{self._bucket}/{key}"
        )

    def _upload(self, where: str, path: Path, *, zipped: bool) -> str:
        if not path.exists():
            raise TemplateError(f"{where} names {path}, which does not exist; correct the path")
        known = (path.resolve(), zipped)
        if known not in self._uploaded:
            data = zip_of(path) if zipped else path.read_bytes()
            key = hashlib.sha256(data).hexdigest()[:32] + ("" if zipped else path.suffix)
            self._bucket = self._bucket or bootstrap_bucket(self._local)
            self._local.client("s3").put_object(Bucket=self._bucket, Key=key, Body=data)
            self._uploaded[known] = key
        return self._uploaded[known]


def bootstrap_bucket(local: Host) -> str:
    """The bucket for packages, named as the SAM CLI names its own; created if missing."""
    digest = hashlib.sha256(f"{local.account}/{local.region}".encode()).hexdigest()
    name = f"{BUCKET_PREFIX}-{digest[:12]}"
    location = {"LocationConstraint": local.region}
    request = {} if local.region == "us-east-1" else {"CreateBucketConfiguration": location}
    client = local.client("s3")
    with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket=name, **request)
    return name


def zip_of(path: Path) -> bytes:
    """A zip of a folder or a file; the same content gives the same bytes."""
    if path.suffix == ".zip":
        return path.read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in sorted(_files(path)):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())
    return buffer.getvalue()


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_file():
        yield path.name, path
        return
    for file in path.rglob("*"):
        relative = file.relative_to(path)
        if file.is_file() and not LEFT_OUT & set(relative.parts) and file.suffix != ".pyc":
            yield relative.as_posix(), file
