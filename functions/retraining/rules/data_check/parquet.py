"""Reads Parquet files batch by batch, each column as the text that the accepted copy spells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from retraining.documents.check_report import Problem
from retraining.errors import DataUnreadable
from retraining.rules.data_check import cells
from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.blocks import Block
from retraining.rules.data_check.source import Seekable

ROWS: Final = 16_384
MOST_CELLS: Final = 100 * ROWS  # of a block: the more columns, the fewer rows
LARGEST_ROW_GROUP: Final = 512 << 20
"""Bytes, unpacked. What is decoded of one is held in memory."""

MOST_GROUP_ROWS: Final = 20_000_000
"""Rows that repeat take time and no bytes, and how late it is a reader sees between two groups."""


class ParquetReader:
    """The rows of a file; its schema is its header."""

    def __init__(self, source: Seekable, rules: Rules) -> None:
        self._dates = {column.name for column in rules.columns if column.type == "date"}
        self._source = _Watched(source)
        self._file = self._safely(lambda: pq.ParquetFile(self._source, pre_buffer=False))
        self._wanted: list[str] = []
        self.fatal: Problem | None = None

    @property
    def names(self) -> list[str]:
        """Its columns."""
        return list(self._file.schema_arrow.names)

    @property
    def rows(self) -> int:
        """How many there are."""
        return int(self._file.metadata.num_rows)

    def typed(self, name: str) -> bool:
        """True when a column holds moments, and no text that would have to be read."""
        return bool(pa.types.is_temporal(self._file.schema_arrow.field(name).type))

    def problems(self, wanted: list[str]) -> list[Problem]:
        """What keeps these columns from being read, which are the ones to read."""
        self._wanted = wanted
        schema, metadata = self._file.schema_arrow, self._file.metadata
        found = [
            Problem(
                "type",
                f"column {name!r} holds {schema.field(name).type}: write a plain value a row",
                name,
            )
            for name in wanted
            if not _readable(schema.field(name).type)
        ]
        groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
        sizes = [group.total_byte_size for group in groups]
        if max(sizes, default=0) > LARGEST_ROW_GROUP:
            sentence = (
                f"a row group has {max(sizes) >> 20:,} MB, and one may have at most"
                f" {LARGEST_ROW_GROUP >> 20} MB: write smaller row groups"
            )
            found.append(Problem("format", sentence))
        rows = max((group.num_rows for group in groups), default=0)
        if rows > MOST_GROUP_ROWS:
            sentence = (
                f"a row group has {rows:,} rows, and one may have at most {MOST_GROUP_ROWS:,}:"
                " write smaller row groups"
            )
            found.append(Problem("format", sentence))
        return found

    def blocks(self) -> Iterator[Block]:
        """The rows in order."""
        rows = min(ROWS, max(1, MOST_CELLS // max(1, len(self._wanted))))
        batches = self._file.iter_batches(rows, columns=self._wanted, use_threads=False)
        first = 1
        while (batch := self._safely(lambda: next(batches, None))) is not None:
            columns = {
                name: text(batch.column(name), days=name in self._dates) for name in self._wanted
            }
            lines = range(first, first + batch.num_rows)
            bad = any(pa.types.is_binary(column.type) for column in columns.values())
            if bad:
                columns = {name: column.cast(pa.binary()) for name, column in columns.items()}
            yield Block(columns, lines, batch.num_rows, not_utf8=bad, zeros=True, unit="row")
            first += batch.num_rows

    def _safely(self, read: Any) -> Any:
        """What `read` gives; the file's faults are told from those of the way to it."""
        try:
            return read()
        except (pa.ArrowException, OSError, ValueError) as error:
            if self._source.failure is not None:
                raise self._source.failure from error
            raise DataUnreadable(
                f"the file is not Parquet as data.format says, or it is damaged ({error})"
            ) from error


class _Watched:
    """A source as pyarrow wants it, which remembers why it failed."""

    closed = False

    def __init__(self, source: Seekable) -> None:
        self._source = source
        self.failure: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            return self._source.read(size)
        except Exception as error:
            self.failure = error
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()

    def close(self) -> None:
        """The source is its opener's."""


def _readable(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return not pa.types.is_nested(kind) and not (
        pa.types.is_time(kind) or pa.types.is_duration(kind) or pa.types.is_interval(kind)
    )


def text(column: pa.Array, *, days: bool = False) -> pa.Array:
    """The column as text, null where a value is missing; an empty text and NaN are missing too.

    Bytes that are not UTF-8 stay bytes. Of a column of `days`, for which pandas has no type,
    midnights are written as such.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_timestamp(kind):
        return _moments(column, days=days)
    if pa.types.is_date64(kind):
        column = column.cast(pa.date32())
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
    try:
        texts = column.cast(pa.string())
    except pa.ArrowInvalid:
        return column.cast(pa.binary())
    if pa.types.is_date(kind):
        texts = _within_years(texts, column.cast(pa.int32()))
    empty = pc.equal(texts, "")
    if pc.any(empty).as_py():
        texts = pc.if_else(empty, pa.scalar(None, pa.string()), texts)
    return texts


def _moments(column: pa.Array, *, days: bool) -> pa.Array:
    utc = column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.timestamp("us"))
    text = _within_years(cells.iso_text(utc), utc.cast(pa.int64()))
    if not days:
        return text
    dates = utc.cast(pa.date32(), safe=False)
    midnight = pc.equal(dates.cast(pa.timestamp("us")), utc)
    return pc.if_else(
        midnight, _within_years(dates.cast(pa.string()), dates.cast(pa.int32())), text
    )


def _within_years(texts: pa.Array, numbers: pa.Array) -> pa.Array:
    """The texts of moments; one that has no year of four digits is shown as the number it is."""
    fits = pc.match_substring_regex(texts, "^[0-9]{4}-")
    if pc.all(fits).as_py() is not False:
        return texts
    return pc.if_else(fits, texts, numbers.cast(pa.string()))
