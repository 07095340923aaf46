"""Quarantine: a copy of the rejected bytes and a report that says why and what to do."""

from __future__ import annotations

from typing import Any

from retraining import adapters
from retraining.observability import log
from retraining.rules import names


def keep(
    manifest: dict[str, Any],
    item: dict[str, Any],
    rows: int,
    sentence: str,
    found: dict[str, Any],
) -> None:
    """Copy the object version and write its report; the landed object stays where it is."""
    prefix = names.quarantine_prefix(manifest["pipeline"], manifest["token"], item["id"])
    rules = {problem["rule"] for problem in found["problems"]}
    copied = "gone" not in rules and adapters.work().copy_in(item, f"{prefix}/data")
    report = {
        "pipeline": manifest["pipeline"],
        "run": names.run_id(manifest["pipeline"], manifest["token"]),
        **{name: item[name] for name in ("id", "bucket", "key", "version", "etag", "size")},
        "rows": rows,
        "sentence": sentence,
        **found,
        "data": adapters.work().uri(f"{prefix}/data") if copied else None,
        "next_step": f"mend the file and drop it again under s3://{item['bucket']}/{item['key']}",
    }
    uri = adapters.work().write_json(f"{prefix}/report.json", report)
    log.warning(
        f"s3://{item['bucket']}/{item['key']} is in quarantine: {sentence}",
        extra={"bucket": item["bucket"], "key": item["key"], "report": uri},
    )
