"""Datasets: CSV files in S3, named by key, by folder, or by a key with a <regular expression>."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ratchet.local_aws.databrew.api.answers import (
    PAGES,
    checked_name,
    conflict,
    invalid,
    not_found,
    refuse,
)
from ratchet.local_aws.databrew.api.resources import Resources
from ratchet.local_aws.shared.transfer import keys_under


@dataclass(frozen=True)
class CsvSource:
    """Where a dataset's files are and how they are written."""

    bucket: str
    key: str
    delimiter: str
    header: bool

    def keys(self, s3: Any) -> Iterator[str]:
        """Keys of the dataset's objects, in order, without hidden files and markers."""
        literal, _, rest = self.key.partition("<")
        pattern = _key_pattern(self.key) if rest else None
        for key in keys_under(s3, self.bucket, literal):
            hidden = PurePosixPath(key).name.startswith(("_", "."))
            if not hidden and (pattern.fullmatch(key) if pattern else self._holds(key)):
                yield key

    def _holds(self, key: str) -> bool:
        return self.key in ("", key) or self.key.endswith("/")


def csv_source(dataset: dict[str, Any]) -> CsvSource:
    """The S3 files of a dataset definition; anything else is refused by name."""
    location = dataset["Input"].get("S3InputDefinition")
    if not location:
        raise invalid("Input must be an S3InputDefinition; local AWS supports no other")
    if dataset.get("Format", "CSV") != "CSV":
        raise invalid(f"Format {dataset['Format']} is not supported on local AWS; use CSV")
    key = location.get("Key", "")
    if PurePosixPath(key).suffix in (
        ".gz",
        ".bz2",
        ".snappy",
        ".xlsx",
        ".json",
        ".parquet",
        ".orc",
    ):
        raise invalid(f"Key {key!r} is not a plain CSV file; local AWS supports no other")
    if "<" in key:
        _key_pattern(key)
    options = dataset.get("FormatOptions") or {}
    refuse(options, "Json", "Excel")
    csv = options.get("Csv") or {}
    return CsvSource(location["Bucket"], key, csv.get("Delimiter", ","), csv.get("HeaderRow", True))


def _key_pattern(key: str) -> re.Pattern[str]:
    """A key in which <...> is a regular expression and the rest is literal."""
    parts = re.split(r"<([^<>]*)>", key)
    if any(c in part for part in parts[::2] for c in "<>"):
        raise invalid(f"Key {key!r} has a < or > without its counterpart")
    try:
        return re.compile("".join(p if n % 2 else re.escape(p) for n, p in enumerate(parts)))
    except re.error as error:
        raise invalid(
            f"Key {key!r} does not contain a valid regular expression: {error}"
        ) from error


class DatasetOperations(Resources):
    """The dataset part of the API."""

    def create_dataset(self, request: dict[str, Any]) -> dict[str, Any]:
        name = checked_name(request["Name"])
        _check(request)
        with self.lock:
            if name in self.datasets:
                raise conflict(f"The dataset {name} already exists.")
            self.datasets[name] = self.made("dataset", request) | {"Source": "S3"}
        return {"Name": name}

    def update_dataset(self, request: dict[str, Any]) -> dict[str, Any]:
        _check(request)
        with self.lock:
            old = self.dataset(request["Name"])
            kept = {k: v for k, v in old.items() if k not in ("Format", "FormatOptions")}
            self.datasets[request["Name"]] = self.touched(kept, request)
        return {"Name": request["Name"]}

    def describe_dataset(self, request: dict[str, Any]) -> dict[str, Any]:
        return self.with_tags(self.dataset(request["Name"]))

    def list_datasets(self, request: dict[str, Any]) -> dict[str, Any]:
        items, more = PAGES.page([*map(self.with_tags, self.datasets.values())], request)
        return {"Datasets": items, **more}

    def delete_dataset(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["Name"]
        with self.lock:
            self.dataset(name)
            users = [j["Name"] for j in self.jobs.values() if j.get("DatasetName") == name]
            if users:
                raise conflict(f"The dataset {name} is used by the job {users[0]}.")
            del self.datasets[name]
        return {"Name": name}

    def dataset(self, name: str) -> dict[str, Any]:
        if name not in self.datasets:
            raise not_found("Dataset", name)
        return self.datasets[name]


def _check(request: dict[str, Any]) -> None:
    refuse(request, "PathOptions")
    csv_source(request)
