"""What the data check found: one report per chunk, and one for each object in quarantine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from retraining.documents.document import Document, Part


@dataclass(frozen=True)
class Problem(Part):
    """One problem of the data."""

    rule: Annotated[str, "The rule that is broken, such as `type` or `missing column`"]
    sentence: Annotated[str, "What is wrong, for people"]
    column: Annotated[str | None, "The column; null when it is not about one"] = None
    line: Annotated[int | None, "The line, as an editor counts; of a Parquet file the row"] = None
    value: Annotated[str | None, "The value, cut when long"] = None


@dataclass(frozen=True)
class ProblemCount(Part):
    """How many problems of one rule in one column there are, listed or not."""

    rule: Annotated[str, "The rule that is broken"]
    column: Annotated[str | None, "The column; null when it is not about one"]
    count: Annotated[int, "How many problems"]


@dataclass(frozen=True, kw_only=True)
class Findings(Part):
    """What is wrong with one object."""

    problems: Annotated[tuple[Problem, ...], "A bounded list of problems"]
    counts: Annotated[tuple[ProblemCount, ...], "How many there are of each kind"]


@dataclass(frozen=True, kw_only=True)
class CheckedObject(Part):
    """The data check's result for one object; what it found is in the object's own report.

    A run of 20,000 objects is settled by one function, which reads all of these.
    """

    id: Annotated[str, "Its id in the ledger and in quarantine"]
    key: Annotated[str, "Its key"]
    version: Annotated[str, "Its version id"]
    size: Annotated[int, "Bytes"]
    accepted: Annotated[bool, "True when its good rows are accepted"]
    rows: Annotated[int, "Data rows read; 0 where it is not known where a row ends"]
    bad_rows: Annotated[int, "How many of them are bad"]
    notes: Annotated[tuple[str, ...], "What is not wrong with it but worth telling"]
    sentence: Annotated[str, "The first problem and how many there are; empty without problems"]

    @property
    def accepted_rows(self) -> int:
        """The rows that go on."""
        return self.rows - self.bad_rows if self.accepted else 0

    @property
    def rejected_rows(self) -> int:
        """The rows that went to quarantine, by themselves or with the object."""
        return self.bad_rows if self.accepted else self.rows


@dataclass(frozen=True, kw_only=True)
class CheckReport(Document):
    """The data check of one chunk of a run's objects."""

    title = "check report"
    place = "runs/<pipeline>/<token>/check/chunk-<chunk>.json"
    written_by = "CheckData"
    read_by = "JudgeData, SettleData and FinishRun"

    chunk: Annotated[int, "Number of the chunk, from 0"]
    labels: Annotated[tuple[str, ...], "Up to three different labels of the accepted rows"]
    objects: Annotated[tuple[CheckedObject, ...], "Its objects"]


@dataclass(frozen=True, kw_only=True)
class QuarantineReport(Document):
    """Why one object version, or some of its rows, were rejected, and what to do."""

    title = "quarantine report"
    place = "quarantine/<pipeline>/<token>/<object id>/report.json"
    written_by = "CheckData, and SettleData for a batch rejected as a whole"
    read_by = "people, `ratchet show` and the demo"

    pipeline: Annotated[str, "Name of the pipeline"]
    run: Annotated[str, "Id of the run that rejected it"]
    id: Annotated[str, "Its id in the ledger"]
    bucket: Annotated[str, "The landing bucket"]
    key: Annotated[str, "Its key"]
    version: Annotated[str, "Its version id"]
    etag: Annotated[str, "Its ETag"]
    size: Annotated[int, "Bytes"]
    rows: Annotated[int, "Data rows read"]
    bad_rows: Annotated[str | None, "S3 URI of the rows that were set aside alone, with reasons"]
    sentence: Annotated[str, "The reason, for people"]
    problems: Annotated[tuple[Problem, ...], "A bounded list of problems"]
    counts: Annotated[tuple[ProblemCount, ...], "How many there are of each kind"]
    data: Annotated[str | None, "S3 URI of the copy; null when gone, too large, or accepted"]
    next_step: Annotated[str, "What to do, for people"]
