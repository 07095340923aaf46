"""Code of functions and layers: zips, checked against AWS's limits and unpacked once."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ratchet.local_aws.door.errors import ServiceError
from ratchet.local_aws.lambda_.packages import requirement_lines

if TYPE_CHECKING:
    from ratchet.local_aws.running.host import Clients

ZIP_LIMIT = 50 * 1024 * 1024
UNZIPPED_LIMIT = 250 * 1024 * 1024
LAYER_PATHS = ("python/lib/python{minor}/site-packages", "python")


@dataclass(frozen=True)
class Archive:
    """An unpacked zip. `sha256` is base64, as AWS reports it; `unzipped` counts bytes."""

    sha256: str
    size: int
    unzipped: int
    folder: Path
    zip_file: Path

    @property
    def requirements(self) -> tuple[str, ...]:
        """What a build would install into it: the lines of the requirements.txt at its root."""
        file = self.folder / "requirements.txt"
        return tuple(requirement_lines(file.read_text("utf-8"))) if file.is_file() else ()

    def layer_roots(self, minor: str) -> list[Path]:
        """The folders of a layer that AWS puts on sys.path for Python `minor` ("3.13")."""
        paths = [self.folder / path.format(minor=minor) for path in LAYER_PATHS]
        return [path for path in paths if path.is_dir()]


class Archives:
    """Unpacked zips by content; equal zips share one folder."""

    def __init__(self, local: Clients, folder: Path) -> None:
        self._local = local
        self._folder = folder
        self._lock = threading.Lock()
        self._known: dict[str, Archive] = {}

    def take(self, code: dict[str, Any]) -> Archive:
        """The archive of a request's `Code` or `Content` (ZipFile, or S3Bucket and S3Key)."""
        data = code.get("ZipFile")
        if data is None:
            data = self._fetch(code)
        elif len(data) > ZIP_LIMIT:
            raise _invalid(f"Unzipped size or zip of {len(data)} bytes exceeds {ZIP_LIMIT} bytes")
        digest = hashlib.sha256(data).digest()
        with self._lock:
            if digest.hex() not in self._known:
                self._known[digest.hex()] = self._unpack(data, digest)
            return self._known[digest.hex()]

    def _fetch(self, code: dict[str, Any]) -> bytes:
        if not code.get("S3Bucket") or not code.get("S3Key"):
            raise _invalid("Please provide a source for function code: ZipFile or an S3 object.")
        request = {"Bucket": code["S3Bucket"], "Key": code["S3Key"]}
        if code.get("S3ObjectVersion"):
            request["VersionId"] = code["S3ObjectVersion"]
        try:
            return bytes(self._local.client("s3").get_object(**request)["Body"].read())
        except ClientError as error:
            reason = error.response["Error"]
            raise _invalid(
                f"Error occurred while GetObject of s3://{code['S3Bucket']}/{code['S3Key']}. "
                f"S3 Error Code: {reason['Code']}. S3 Error Message: {reason['Message']}"
            ) from error

    def _unpack(self, data: bytes, digest: bytes) -> Archive:
        zip_file = self._folder / f"{digest.hex()}.zip"
        folder = zip_file.with_suffix("")
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                unzipped = _checked_size(archive)
                folder.mkdir(parents=True)
                archive.extractall(folder)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise _invalid("Could not unzip uploaded file. Please check your file.") from error
        zip_file.write_bytes(data)
        sha256 = base64.b64encode(digest).decode()
        return Archive(sha256, len(data), unzipped, folder, zip_file)


def _checked_size(archive: zipfile.ZipFile) -> int:
    size = sum(entry.file_size for entry in archive.infolist())
    if size > UNZIPPED_LIMIT:
        raise _invalid(f"Unzipped size must be smaller than {UNZIPPED_LIMIT} bytes")
    return size


def own_modules(roots: list[Path]) -> frozenset[str]:
    """The names of top-level modules in these folders."""
    entries = [entry for root in roots for entry in os.scandir(root)]
    return frozenset(
        entry.name.split(".")[0]
        for entry in entries
        if entry.is_dir() or entry.name.endswith((".py", ".so"))
    )


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterValueException", message)
