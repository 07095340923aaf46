"""S3 objects to files and back, for the folders of jobs and endpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from ratchet.local_aws.sagemaker.base import invalid

GONE = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an s3:// URI; raises ValidationException for anything else."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise invalid(f"{uri!r} is not an S3 URI of the form s3://bucket/key")
    return bucket, key


def keys_under(s3: Any, uri: str) -> list[str]:
    """Keys of the objects whose key begins with the URI's, folder markers left out."""
    bucket, prefix = split(uri)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    try:
        found = [item["Key"] for page in pages for item in page.get("Contents", [])]
    except ClientError as error:
        if is_gone(error):
            return []
        raise
    return [key for key in found if not key.endswith("/")]


def relative(key: str, prefix: str) -> str:
    """The key below its prefix: below the folder that the prefix ends in or names."""
    if not prefix or prefix.endswith("/"):
        return key[len(prefix) :]
    if key.startswith(f"{prefix}/"):
        return key[len(prefix) + 1 :]
    return key[prefix.rfind("/") + 1 :]


def download(s3: Any, uri: str, folder: Path) -> int:
    """Download all objects under the URI into the folder; how many there were."""
    bucket, prefix = split(uri)
    keys = keys_under(s3, uri)
    for key in keys:
        target = safe_path(folder, relative(key, prefix))
        target.parent.mkdir(parents=True, exist_ok=True)
        fetch(s3, bucket, key, target)
    return len(keys)


def safe_path(folder: Path, name: str) -> Path:
    """The file of that name inside the folder; ValueError for a key that would leave it."""
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()):
        msg = f"key {name!r} leaves the folder"
        raise ValueError(msg)
    return target


def fetch(s3: Any, bucket: str, key: str, target: Path) -> None:
    """One object into one file, in one request."""
    body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    with target.open("wb") as file:
        for chunk in body.iter_chunks(1024 * 1024):
            file.write(chunk)


def exists(s3: Any, uri: str) -> bool:
    """Whether the URI names an object."""
    bucket, key = split(uri)
    if not key:
        return False
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if is_gone(error):
            return False
        raise
    return True


def upload(s3: Any, file: Path, uri: str) -> None:
    """One file to one object."""
    bucket, key = split(uri)
    with file.open("rb") as body:
        s3.put_object(Bucket=bucket, Key=key, Body=body)


def upload_folder(s3: Any, folder: Path, uri: str) -> int:
    """All files below the folder to objects below the URI; how many there were."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for file in files:
        upload(s3, file, f"{uri.rstrip('/')}/{file.relative_to(folder).as_posix()}")
    return len(files)


def is_gone(error: ClientError) -> bool:
    """Whether S3 says that bucket or object do not exist."""
    return error.response.get("Error", {}).get("Code", "") in GONE
