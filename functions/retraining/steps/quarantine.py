"""Quarantine: rejected bytes or rows, and a report that says why and what to do."""

from __future__ import annotations

from typing import Any

from retraining.adapters import Adapters
from retraining.documents.check_report import Findings, QuarantineReport
from retraining.documents.manifest import ClaimedObject, Manifest
from retraining.observability import log
from retraining.rules import names


def rows_key(manifest: Manifest, item: ClaimedObject) -> str:
    """Where the bad rows of an accepted object go."""
    return f"{_prefix(manifest, item)}/rows.jsonl"


def keep(
    aws: Adapters,
    manifest: Manifest,
    item: ClaimedObject,
    rows: int,
    sentence: str,
    found: Findings,
) -> None:
    """Copy the object version and write its report; the landed object stays where it is."""
    rules = {problem.rule for problem in found.problems}
    copy = f"{_prefix(manifest, item)}/data"
    copied = "gone" not in rules and aws.work.copy_in(item, copy)
    report = QuarantineReport(
        **_about(manifest, item),
        rows=rows,
        bad_rows=None,
        sentence=sentence,
        problems=found.problems,
        counts=found.counts,
        data=aws.work.uri(copy) if copied else None,
        next_step=f"fix the file and drop it again under {_landed(item)}",
    )
    _write(aws, manifest, item, report, f"is in quarantine: {sentence}")


def keep_rows(
    aws: Adapters,
    manifest: Manifest,
    item: ClaimedObject,
    rows: int,
    sentence: str,
    found: Findings,
) -> None:
    """Write the report on the bad rows of an object that was accepted without them."""
    report = QuarantineReport(
        **_about(manifest, item),
        rows=rows,
        bad_rows=aws.work.uri(rows_key(manifest, item)),
        sentence=sentence,
        problems=found.problems,
        counts=found.counts,
        data=None,
        next_step=f"fix these rows and drop them alone, under another key than {_landed(item)}",
    )
    _write(aws, manifest, item, report, f"was accepted without its bad rows: {sentence}")


def _about(manifest: Manifest, item: ClaimedObject) -> dict[str, Any]:
    return {
        "pipeline": manifest.pipeline,
        "run": names.run_id(manifest.pipeline, manifest.token),
        "id": item.id,
        "bucket": item.bucket,
        "key": item.key,
        "version": item.version,
        "etag": item.etag,
        "size": item.size,
    }


def _write(
    aws: Adapters, manifest: Manifest, item: ClaimedObject, report: QuarantineReport, what: str
) -> None:
    uri = aws.work.write_json(f"{_prefix(manifest, item)}/report.json", report.as_json())
    log.warning(
        f"{_landed(item)} {what}", extra={"bucket": item.bucket, "key": item.key, "report": uri}
    )


def _landed(item: ClaimedObject) -> str:
    return f"s3://{item.bucket}/{item.key}"


def _prefix(manifest: Manifest, item: ClaimedObject) -> str:
    return names.quarantine_prefix(manifest.pipeline, manifest.token, item.id)
