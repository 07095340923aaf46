"""Quarantine: a copy of the rejected bytes and a report that says why and what to do."""

from __future__ import annotations

from retraining.adapters import Adapters
from retraining.documents.check_report import Findings, QuarantineReport
from retraining.documents.manifest import ClaimedObject, Manifest
from retraining.observability import log
from retraining.rules import names


def keep(
    aws: Adapters,
    manifest: Manifest,
    item: ClaimedObject,
    rows: int,
    sentence: str,
    found: Findings,
) -> None:
    """Copy the object version and write its report; the landed object stays where it is."""
    prefix = names.quarantine_prefix(manifest.pipeline, manifest.token, item.id)
    rules = {problem.rule for problem in found.problems}
    copied = "gone" not in rules and aws.work.copy_in(item, f"{prefix}/data")
    landed = f"s3://{item.bucket}/{item.key}"
    report = QuarantineReport(
        pipeline=manifest.pipeline,
        run=names.run_id(manifest.pipeline, manifest.token),
        id=item.id,
        bucket=item.bucket,
        key=item.key,
        version=item.version,
        etag=item.etag,
        size=item.size,
        rows=rows,
        sentence=sentence,
        problems=found.problems,
        counts=found.counts,
        data=aws.work.uri(f"{prefix}/data") if copied else None,
        next_step=f"fix the file and drop it again under {landed}",
    )
    uri = aws.work.write_json(f"{prefix}/report.json", report.as_json())
    log.warning(
        f"{landed} is in quarantine: {sentence}",
        extra={"bucket": item.bucket, "key": item.key, "report": uri},
    )
