"""The folder of a run in the work bucket, and the documents in it."""

from __future__ import annotations

from collections.abc import Container
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from retraining.adapters.object_store import ObjectStore
from retraining.documents.check_attempt import CheckAttempt
from retraining.documents.check_report import CheckReport
from retraining.documents.document import Document, RunDocument
from retraining.documents.prepared import Prepared
from retraining.documents.profile import Profile

D = TypeVar("D", bound=RunDocument)

PASSING: Final = ("prepared/", "recipe/", "champion/recipe/")
"""What a run alone reads: the data themselves stay, in the landing bucket and as accepted."""
SIDE_BY_SIDE: Final = 16  # objects marked at once: there are more, the more rows


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run; `prefix` has no slash at its end."""

    store: ObjectStore
    prefix: str

    @property
    def uri(self) -> str:
        """Its S3 URI."""
        return self.store.uri(self.prefix)

    def uri_of(self, kind: type[RunDocument]) -> str:
        """The S3 URI of a document, written or not."""
        return f"{self.uri}/{kind.file}"

    def read(self, kind: type[D]) -> D:
        """A document; raises ObjectGone."""
        return kind.from_json(self.store.read_json(f"{self.prefix}/{kind.file}"))

    def find(self, kind: type[D]) -> D | None:
        """A document, or None when it was not written."""
        found = self.store.find_json(f"{self.prefix}/{kind.file}")
        return None if found is None else kind.from_json(found)

    def write(self, document: RunDocument) -> str:
        """Write a document; its S3 URI."""
        return self.write_as(document.file, document)

    def write_as(self, file: str, document: Document) -> str:
        """Write a document under the given name; its S3 URI."""
        return self.store.write_json(f"{self.prefix}/{file}", document.as_json())

    def write_once(self, document: D) -> D:
        """Write a document unless it exists; what is stored then."""
        key = f"{self.prefix}/{document.file}"
        return document.from_json(self.store.write_json_once(key, document.as_json()))

    def let_expire(self, searched: str, kept: Container[str | None]) -> None:
        """Mark the rows that no later run reads, and what a search found and nobody chose.

        `searched` is with which the folders of a search begin, `kept` are the jobs that were
        chosen. Documents stay.
        """
        keys = [key for folder in PASSING for key in self.keys(folder)]
        passing = [key for key in keys if key != f"{self.prefix}/{Prepared.file}"]
        models = len(f"{self.prefix}/model/")
        found = self.keys(searched)
        passing += [key for key in found if key[models:].partition("/")[0] not in kept]
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            list(pool.map(self.store.let_expire, passing))

    def write_check(self, report: CheckReport) -> str:
        """Write the report of a chunk; its S3 URI."""
        return self.write_as(f"check/chunk-{report.chunk}.json", report)

    def find_check(self, chunk: int) -> CheckReport | None:
        """The report of a chunk, or None when it was not checked."""
        found = self.store.find_json(self._check(chunk))
        return None if found is None else CheckReport.from_json(found)

    def read_check(self, chunk: int) -> CheckReport:
        """The report of a chunk; raises ObjectGone."""
        return CheckReport.from_json(self.store.read_json(self._check(chunk)))

    def write_chunk_profile(self, chunk: int, profile: Profile) -> None:
        """Write the profile of a chunk's accepted rows."""
        self.write_as(f"check/chunk-{chunk}-profile.json", profile)

    def find_chunk_profile(self, chunk: int) -> Profile | None:
        """The profile of a chunk, or None when none of its rows was accepted."""
        found = self.store.find_json(f"{self.prefix}/check/chunk-{chunk}-profile.json")
        return None if found is None else Profile.from_json(found)

    def write_attempt(self, attempt: CheckAttempt) -> None:
        """Write down what the check of a chunk is at work on."""
        self.write_as(f"check/chunk-{attempt.chunk}-attempt.json", attempt)

    def find_attempt(self, chunk: int) -> CheckAttempt | None:
        """What the check of a chunk was last at work on, or None before its first call."""
        found = self.store.find_json(f"{self.prefix}/check/chunk-{chunk}-attempt.json")
        return None if found is None else CheckAttempt.from_json(found)

    def _check(self, chunk: int) -> str:
        return f"{self.prefix}/check/chunk-{chunk}.json"

    def keys(self, folder: str) -> list[str]:
        """Every key of the store under a folder of the run."""
        return self.store.keys(f"{self.prefix}/{folder}")
