"""The folders that stand in for S3 buckets during a run: filled before it, drained after it.

Only what the job's arguments name is fetched, so a script sees exactly those prefixes. What the
script adds or changes is uploaded, what it removes is deleted, and nothing else is touched.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ratchet.local_aws.shared.transfer import delete, fetch, keys_under, put

_URI = re.compile(r"s3a?://([a-z0-9][a-z0-9.-]+)/?([^,]*)")
_AT_ONCE = 8
_NO_DATA = {"--extra-py-files", "--scriptLocation", "--TempDir", "--spark-event-logs-path"}

Stamp = tuple[int, int]


@dataclass(frozen=True)
class Prefix:
    """A place in S3 that an argument names: an object, or everything below a folder."""

    bucket: str
    key: str

    def holds(self, key: str) -> bool:
        folder = self.key.rstrip("/")
        return not folder or key == folder or key.startswith(folder + "/")


def prefixes_of(arguments: dict[str, str]) -> list[Prefix]:
    """Every s3:// and s3a:// URI among the values of a job's arguments."""
    values = (value for name, value in arguments.items() if name not in _NO_DATA)
    return [Prefix(*uri) for value in values for uri in _URI.findall(value)]


class Buckets:
    """One folder per bucket, below `root`."""

    def __init__(self, s3: Any, root: Path, prefixes: list[Prefix]) -> None:
        self._s3 = s3
        self._root = root
        self._prefixes = prefixes
        self._filled: dict[Path, Stamp] = {}
        self.folders = {prefix.bucket: root / prefix.bucket for prefix in prefixes}
        for folder in self.folders.values():
            folder.mkdir(parents=True, exist_ok=True)

    def fill(self) -> None:
        """Fetch every object below the prefixes."""
        wanted = {
            (prefix.bucket, key)
            for prefix in self._prefixes
            for key in keys_under(self._s3, prefix.bucket, prefix.key.rstrip("/"))
            if prefix.holds(key)
        }
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self._fetch, wanted))
        self._filled = self._stamps()

    @property
    def filled_bytes(self) -> int:
        """The size of what was fetched."""
        return sum(size for size, _ in self._filled.values())

    def drain(self) -> None:
        """Make S3 match what the folders now contain."""
        now = self._stamps()
        changed = sorted(path for path, stamp in now.items() if self._filled.get(path) != stamp)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self._put, changed))
        gone = [self._place(path) for path in self._filled.keys() - now.keys()]
        for bucket in self.folders:
            delete(self._s3, bucket, [key for owner, key in gone if owner == bucket])

    def _fetch(self, place: tuple[str, str]) -> None:
        bucket, key = place
        fetch(self._s3, bucket, key, self._path(bucket, key))

    def _put(self, path: Path) -> None:
        bucket, key = self._place(path)
        put(self._s3, path, bucket, key)

    def _path(self, bucket: str, key: str) -> Path:
        if any(part in ("", ".", "..") for part in key.split("/")):
            raise OSError(f"s3://{bucket}/{key} cannot be a file in a folder; rename the object")
        return self.folders[bucket] / key

    def _place(self, path: Path) -> tuple[str, str]:
        bucket, *key = path.relative_to(self._root).parts
        return bucket, "/".join(key)

    def _stamps(self) -> dict[Path, Stamp]:
        """Files by path, without Hadoop's checksums and unfinished output."""
        stamps = {}
        for path in self._root.rglob("*"):
            checksum = path.name.startswith(".") and path.name.endswith(".crc")
            if path.is_file() and not checksum and "_temporary" not in path.parts:
                info = path.stat()
                stamps[path] = (info.st_size, info.st_mtime_ns)
        return stamps
