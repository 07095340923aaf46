"""S3 objects to files and back, as jobs and endpoints begin and end with them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

_ABSENT = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})
_KEYS_PER_CALL = 1_000


def keys_under(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    """The key of every object below a prefix, in order, without folder markers."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            if not found["Key"].endswith("/"):
                yield found["Key"]


def any_under(s3: Any, bucket: str, prefix: str) -> bool:
    """Whether there is an object below the prefix; there is none in a bucket that is missing."""
    try:
        return any(True for _ in keys_under(s3, bucket, prefix))
    except ClientError as error:
        if _is_absent(error):
            return False
        raise


def exists(s3: Any, bucket: str, key: str) -> bool:
    """Whether there is an object of exactly this key."""
    if not key:
        return False
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if _is_absent(error):
            return False
        raise
    return True


def fetch(s3: Any, bucket: str, key: str, path: Path) -> None:
    """Stream one object into a file, in one request."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    with path.open("wb") as out:
        shutil.copyfileobj(body, out, 1 << 20)


def fetch_all(s3: Any, bucket: str, prefix: str, folder: Path) -> None:
    """Every object below the prefix, into the folder; ValueError for a key that would leave it."""
    for key in keys_under(s3, bucket, prefix):
        fetch(s3, bucket, key, _inside(folder, _relative(key, prefix)))


def put(s3: Any, path: Path, bucket: str, key: str) -> None:
    """Stream one file into an object."""
    with path.open("rb") as body:
        s3.put_object(Bucket=bucket, Key=key, Body=body)


def put_all(s3: Any, folder: Path, bucket: str, prefix: str) -> None:
    """Every file below the folder, to objects below the prefix."""
    start = f"{prefix.rstrip('/')}/" if prefix else ""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        put(s3, file, bucket, start + file.relative_to(folder).as_posix())


def delete(s3: Any, bucket: str, keys: Sequence[str]) -> None:
    """Delete objects by key."""
    for start in range(0, len(keys), _KEYS_PER_CALL):
        batch = [{"Key": key} for key in keys[start : start + _KEYS_PER_CALL]]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})


def _relative(key: str, prefix: str) -> str:
    """The key below its prefix: below the folder that the prefix ends in or names."""
    if not prefix or prefix.endswith("/"):
        return key[len(prefix) :]
    if key.startswith(f"{prefix}/"):
        return key[len(prefix) + 1 :]
    return key[prefix.rfind("/") + 1 :]


def _inside(folder: Path, name: str) -> Path:
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise ValueError(f"key {name!r} leaves the folder")
    return target


def _is_absent(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code", "") in _ABSENT
