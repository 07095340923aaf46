"""Checks one chunk of a run's objects: accepted copies, or quarantine with a report."""

from __future__ import annotations

from typing import Any

from retraining import adapters
from retraining.observability import log
from retraining.rules import names
from retraining.rules.data_check import LABELS, Result, Rules, check
from retraining.rules.errors import ObjectGone
from retraining.rules.problems import Problem
from retraining.steps import quarantine


def check_chunk(manifest: dict[str, Any], chunk: int) -> dict[str, Any]:
    """Check the chunk's objects one after the other; the result names a report in S3."""
    rules = Rules.of(manifest["definition"], manifest["batch"])
    objects = [item for item in manifest["objects"] if item["chunk"] == chunk]
    labels: set[str] = set()
    entries = []
    for position, item in enumerate(objects):
        result = _check_object(manifest, item, position, rules)
        labels |= result.labels if result.accepted else set()
        entries.append(_entry(item, result))
        if not result.accepted:
            found = result.problems.as_document()
            quarantine.keep(manifest, item, result.rows, result.problems.sentence(), found)
    return _summary(manifest, chunk, entries, sorted(labels)[:LABELS])


def _check_object(
    manifest: dict[str, Any], item: dict[str, Any], position: int, rules: Rules
) -> Result:
    pipeline, token = manifest["pipeline"], manifest["token"]
    key = names.accepted_key(pipeline, token, item["chunk"], position)
    copy = adapters.work().upload(key)
    try:
        stream = adapters.landing().open(item["key"], item["version"], item["etag"])
        result = check(stream, rules, copy)
    except ObjectGone as error:
        copy.abort()
        result = Result()
        result.problems.add(Problem("gone", f"{error}: drop it again if it still matters"))
        return result
    except BaseException:
        copy.abort()
        raise
    if result.accepted:
        copy.finish()
    else:
        copy.abort()
    log.info(
        "checked an object",
        extra={"key": item["key"], "accepted": result.accepted, "rows": result.rows},
    )
    return result


def _entry(item: dict[str, Any], result: Result) -> dict[str, Any]:
    return {
        "id": item["id"],
        "key": item["key"],
        "version": item["version"],
        "size": item["size"],
        "accepted": result.accepted,
        "rows": result.rows,
        "sentence": result.problems.sentence(),
        **result.problems.as_document(),
    }


def _summary(
    manifest: dict[str, Any], chunk: int, entries: list[dict[str, Any]], labels: list[str]
) -> dict[str, Any]:
    prefix = names.run_prefix(manifest["pipeline"], manifest["token"])
    document = {"chunk": chunk, "labels": labels, "objects": entries}
    report = adapters.work().write_json(f"{prefix}/check/chunk-{chunk}.json", document)
    accepted = [entry for entry in entries if entry["accepted"]]
    rejected = [entry for entry in entries if not entry["accepted"]]
    return {
        "chunk": chunk,
        "report": report,
        "objects_accepted": len(accepted),
        "objects_rejected": len(rejected),
        "rows_accepted": sum(entry["rows"] for entry in accepted),
        "rows_rejected": sum(entry["rows"] for entry in rejected),
        "labels": labels,
    }
