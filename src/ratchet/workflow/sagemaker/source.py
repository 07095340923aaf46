"""A training script to upload to S3: packed reproducibly, named by its content."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Upload:
    """An object that must be in S3 before the workflow runs; Workflow.create puts it there."""

    uri: str
    body: bytes


@dataclass(frozen=True)
class Source:
    """A script and its folder. A `source_dir` in S3 is an existing archive."""

    entry_point: str
    source_dir: str | None
    code_location: str | None

    @property
    def program(self) -> str:
        return Path(self.entry_point).name if self.source_dir is None else self.entry_point

    @property
    def is_remote(self) -> bool:
        return (self.source_dir or "").startswith("s3://")

    @property
    def uri(self) -> str:
        """Where the archive is or will be. Raises ValueError if no place was given."""
        if self.is_remote:
            return str(self.source_dir)
        if not self.code_location:
            raise ValueError(
                f"{self.entry_point} must be uploaded: give code_location='s3://bucket/prefix', "
                "or source_dir='s3://.../sourcedir.tar.gz' if the archive exists already"
            )
        digest = hashlib.sha256(self.archive).hexdigest()[:16]
        return f"{self.code_location.rstrip('/')}/{digest}/sourcedir.tar.gz"

    @property
    def uploads(self) -> tuple[Upload, ...]:
        return () if self.is_remote else (Upload(self.uri, self.archive),)

    @cached_property
    def archive(self) -> bytes:
        """The tar.gz, without times or owners in it: same files, same bytes."""
        packed = io.BytesIO()
        with (
            gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream,
            tarfile.open(fileobj=stream, mode="w") as tar,
        ):
            for name, file in self._files():
                entry = tarfile.TarInfo(name)
                body = file.read_bytes()
                entry.size = len(body)
                tar.addfile(entry, io.BytesIO(body))
        return packed.getvalue()

    def _files(self) -> list[tuple[str, Path]]:
        if self.source_dir is None:
            return [(self.program, _existing(Path(self.entry_point)))]
        folder = Path(self.source_dir)
        _existing(folder / self.entry_point)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return [(path.relative_to(folder).as_posix(), path) for path in files]


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"The script {path} does not exist; entry_point must name a file")
    return path
