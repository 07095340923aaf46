"""What local jobs begin and end with: S3 objects to files and back, log files to CloudWatch."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_EVENTS_PER_CALL = 1_000
_MOST_MESSAGE_BYTES = 200_000


def keys_under(s3: Any, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    """Key and ETag of every object below a prefix, in order of the keys, without folder markers."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            if not found["Key"].endswith("/"):
                yield found["Key"], found["ETag"]


def fetch(s3: Any, bucket: str, key: str, path: Path) -> None:
    """Stream one object into a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    with path.open("wb") as out:
        shutil.copyfileobj(body, out, 1 << 20)


def put(s3: Any, path: Path, bucket: str, key: str) -> None:
    """Stream one file into an object."""
    with path.open("rb") as body:
        s3.put_object(Bucket=bucket, Key=key, Body=body)


def delete(s3: Any, bucket: str, keys: list[str]) -> None:
    """Delete objects by key, a thousand a call."""
    for start in range(0, len(keys), 1000):
        batch = [{"Key": key} for key in keys[start : start + 1000]]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})


def send_log(logs: Any, group: str, stream: str, lines: list[str]) -> None:
    """Put lines into a log stream, made when needed; all carry the time of sending."""
    for make, names in (
        (logs.create_log_group, {"logGroupName": group}),
        (logs.create_log_stream, {"logGroupName": group, "logStreamName": stream}),
    ):
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            make(**names)
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": line[:_MOST_MESSAGE_BYTES]} for line in lines if line]
    for start in range(0, len(events), _EVENTS_PER_CALL):
        batch = events[start : start + _EVENTS_PER_CALL]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)


def lines_of(path: Path) -> list[str]:
    """The lines of a log file, empty when there is none."""
    return path.read_text(errors="replace").splitlines() if path.exists() else []
