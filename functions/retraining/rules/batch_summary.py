"""What a run's record says of its data: each finding, or of very many of one kind a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from retraining.documents.batch_report import BatchReport, Finding

EACH: Final = 12
"""Findings of a kind that are told one by one: a table of many columns may have hundreds."""
FIRST: Final = 3
DRIFT: Final = "drift"


def told(report: BatchReport) -> tuple[str, ...]:
    """The sentences, the serious first; the batch report keeps each."""
    by_kind: dict[tuple[bool, str], list[Finding]] = {}
    for one in report.findings:
        by_kind.setdefault((one.serious, one.kind), []).append(one)
    sentences: list[str] = []
    for one in report.findings:
        found = by_kind[one.serious, one.kind]
        if len(found) <= EACH:
            sentences.append(one.sentence)
        elif one is found[0]:
            sentences += _of_many(report, found)
    return tuple(sentences)


def _of_many(report: BatchReport, found: Sequence[Finding]) -> Iterator[str]:
    if found[0].kind == DRIFT:
        yield _drift(report, found)
    else:
        yield from (one.sentence for one in found[:FIRST])
        yield f"The same goes for {len(found) - FIRST} more columns: {_names(found[FIRST:])}."


def _drift(report: BatchReport, found: Sequence[Finding]) -> str:
    far = {one.name: one.since_training or 0.0 for one in report.columns}
    most = sorted(found, key=lambda one: -far.get(one.column or "", 0.0))[:FIRST]
    columns = [f"{one.column} (PSI {far.get(one.column or '', 0.0):.2f})" for one in most]
    return (
        f"{len(found)} of {len(report.columns)} columns have changed, most of all"
        f" {', '.join(columns[:-1])} and {columns[-1]}."
    )


def _names(found: Sequence[Finding]) -> str:
    names = [str(one.column) for one in found]
    more = len(names) - EACH
    return f"{', '.join(names[:EACH])}{f' and {more} more' if more > 0 else ''}"
