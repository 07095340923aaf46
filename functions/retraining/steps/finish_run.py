"""Writes a run's record and tells people, once, how it ended and what to do next."""

from __future__ import annotations

from typing import Any

from retraining import adapters, clock
from retraining.observability import RUN_OUTCOME, RUNS_FAILED, count, log
from retraining.rules import names, outcomes
from retraining.rules.outcomes import Ended
from retraining.rules.promotion import SETTLING
from retraining.rules.settlement import FAILED
from retraining.settings import settings
from retraining.steps import wakes
from retraining.steps.settle_data import read_checks, read_manifest


def finish(ended: Ended) -> dict[str, Any]:
    """Record, tidy, tell, count; a run that was told of already stays as it is."""
    ledger, pipeline, token = adapters.ledger(), ended.pipeline, ended.token
    if ledger.end_promotion(pipeline, token) and ledger.has_pending(pipeline):
        wakes.arm(pipeline, "the promotion ended", 0)
    if ledger.run(pipeline, token).get("told"):
        return ledger.run(pipeline, token)
    record = ledger.note_run(pipeline, token, {**_values(ended), **_measured(pipeline, token)})
    if not ended.promoted:
        _tidy(pipeline, token)
    prefix = names.run_prefix(pipeline, token)
    adapters.work().write_json(f"{prefix}/record.json", record)
    paused = ledger.state(pipeline).paused_reason
    adapters.notices().publish(*outcomes.notice(record, pipeline, paused))
    count(RUN_OUTCOME, Pipeline=pipeline, Outcome=ended.outcome)
    if ended.outcome == FAILED:
        count(RUNS_FAILED, Pipeline=pipeline)
    return ledger.note_run(pipeline, token, {"told": True})


def _values(ended: Ended) -> dict[str, Any]:
    values: dict[str, Any] = {
        "token": ended.token,
        "run": names.run_id(ended.pipeline, ended.token),
        "execution": ended.execution,
        "ended": clock.stamp(),
        "outcome": ended.outcome,
        "sentence": outcomes.sentence(ended),
        "promoted": ended.promoted,
        "package": ended.package,
        "uri": adapters.work().uri(names.run_prefix(ended.pipeline, ended.token)),
    }
    failed = {"error": ended.error, "cause": ended.cause} if ended.outcome == FAILED else {}
    return {**values, **failed}


def _measured(pipeline: str, token: int) -> dict[str, Any]:
    """What the run found out, as far as it came."""
    prefix, work = names.run_prefix(pipeline, token), adapters.work()
    manifest = read_manifest(pipeline, token)
    if manifest is None:
        return {}
    checks = read_checks(manifest).values()
    summary = work.find_json(f"{prefix}/prepared/summary.json") or {}
    measured = work.find_json(f"{prefix}/metrics.json") or {}
    verdict = work.find_json(f"{prefix}/verdict.json")
    return {
        "objects": len(manifest["objects"]),
        "metric": manifest["definition"]["gate"]["metric"],
        "rows": {
            "accepted": sum(entry["rows"] for entry in checks if entry["accepted"]),
            "rejected": sum(entry["rows"] for entry in checks if not entry["accepted"]),
            **(summary.get("rows") or {}),
        },
        "metrics": measured.get("metrics"),
        "verdict": work.uri(f"{prefix}/verdict.json") if verdict else None,
    }


def _tidy(pipeline: str, token: int) -> None:
    """Delete the run's model and config unless something that serves, or may, names them.

    Not worth failing a run for: what cannot be deleted is logged, and costs nothing.
    """
    name = names.run_name(settings.stack, pipeline, token)
    try:
        if not _in_use(pipeline, name):
            adapters.endpoints().delete_unused(name, name)
    except adapters.AwsError as error:
        log.warning(f"model {name} could not be deleted: {error}")


def _in_use(pipeline: str, name: str) -> bool:
    champion = adapters.ledger().champion(pipeline) or {}
    if name in (champion.get("model"), champion.get("config")):
        return True
    stack = settings.stack
    for endpoint in (names.prefix(stack, pipeline), names.check_endpoint(stack, pipeline)):
        facts = adapters.endpoints().facts(endpoint)
        settling = facts.status in SETTLING
        if facts.status != "Deleting" and (settling or name in (facts.config, *facts.models)):
            return True
    return False
