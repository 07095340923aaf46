"""What the accepted rows of a batch look like, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from retraining.documents.document import Part, RunDocument


@dataclass(frozen=True, kw_only=True)
class ColumnProfile(Part):
    """One column. Where rows are counted by label, the counts are in the order of `labels`."""

    name: Annotated[str, "The column"]
    kind: Annotated[str, "`number`, `text` or `time`"]
    missing: Annotated[tuple[int, ...], "Rows without a value, by label"]
    counts: Annotated[
        dict[str, tuple[int, ...]],
        "Rows by label of each bin of a number, or of the most frequent texts",
    ]
    others: Annotated[tuple[int, ...], "Rows by label whose text is not counted by itself"]
    step: Annotated[int, "How often neighbouring bins of a number were joined"]
    total: Annotated[float, "Sum of the numbers"]
    moments: Annotated[
        tuple[float, ...],
        "Of numbers beside a label that is one of many: rows, sums of x, y, xx, xy, yy",
    ] = ()
    least: Annotated[float | None, "The least number"] = None
    greatest: Annotated[float | None, "The greatest number"] = None
    first: Annotated[str | None, "The earliest time"] = None
    last: Annotated[str | None, "The latest time"] = None
    follows_time: Annotated[bool, "Whether it has one value at each time, as a month has"] = False


@dataclass(frozen=True, kw_only=True)
class Profile(RunDocument):
    """The profile of a batch, of a part of one, or of several together."""

    title = "profile"
    file = "profile.json"
    written_by = "CheckData for each chunk (check/chunk-<n>-profile.json), JudgeData for the batch"
    read_by = "JudgeData of this and later runs, and the report of a run"

    rows: Annotated[int, "Accepted rows"]
    seen: Annotated[int, "Rows that were looked at: all, or of large batches an even part"]
    labels: Annotated[tuple[str, ...], "The labels; none when there are too many to tell apart"]
    columns: Annotated[tuple[ColumnProfile, ...], "The columns"]
    respelt: Annotated[
        tuple[str, ...],
        "Columns of integers of which some landed as `1.0` and are `1` in the accepted copy",
    ]
