"""From score files to metrics.json and golden.json, and from these to verdict.json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from retraining import adapters, clock, gate, names, scores
from retraining.errors import ScoresUnreadable
from retraining.gate import Facts, Terms
from retraining.rows import Shares
from retraining.scores import FRESH, REFERENCE, Scores


def extract(uri: str, manifest: dict[str, Any], *, champion: bool) -> str:
    """Measure both models on both holdouts, keep golden rows; the URI of metrics.json."""
    prefix, definition = adapters.work().key(uri), manifest["definition"]
    challenger = _scores(prefix, "challenger")
    former = _scores(prefix, "champion") if champion else None
    metric, shares = definition["gate"]["metric"], Shares.of(definition["split"])
    measured = scores.measure(metric, challenger, former, shares)
    wanted = scores.golden_ids(challenger)
    holdout = _lines(f"{prefix}/prepared/holdout/", "")
    golden = {"content_type": "text/csv", "rows": scores.golden_rows(holdout, wanted)}
    adapters.work().write_json(f"{prefix}/golden.json", golden)
    return adapters.work().write_json(f"{prefix}/metrics.json", measured)


def _scores(prefix: str, role: str) -> dict[str, Scores]:
    folder = f"{prefix}/scores/{role}/"
    if not any(key.endswith(".out") for key in adapters.work().keys(folder)):
        raise ScoresUnreadable(f"{adapters.work().uri(folder)} holds no .out file")
    return scores.read(_lines(folder, ".out"), adapters.work().uri(folder))


def _lines(folder: str, ending: str) -> Iterator[str]:
    for key in adapters.work().keys(folder):
        if key.endswith(ending) and not key.rpartition("/")[2].startswith(("_", ".")):
            yield from (line for line in adapters.work().lines(key) if line)


def judge(uri: str, manifest: dict[str, Any]) -> dict[str, Any]:
    """Judge the challenger and write verdict.json; what the state machine needs of it."""
    prefix, definition = adapters.work().key(uri), manifest["definition"]
    measured = adapters.work().read_json(f"{prefix}/metrics.json")
    prepared = adapters.work().read_json(f"{prefix}/prepared/summary.json")["rows"]
    rows = {FRESH: prepared["holdout_fresh"], REFERENCE: prepared["holdout_reference"]}
    golden = adapters.work().find_json(f"{prefix}/golden.json") or {"rows": []}
    facts = Facts(
        measured=measured,
        prepared_rows=rows,
        golden_rows=len(golden["rows"]),
        has_champion=manifest["champion"] is not None,
        expects_reference=gate.expects_reference(
            manifest["reference"], rows[REFERENCE], definition["split"]["by"]
        ),
    )
    verdict = gate.judge(Terms.of(definition["gate"]), facts).as_document()
    document = {**_head(manifest, measured), **verdict}
    written = adapters.work().write_json(f"{prefix}/verdict.json", document)
    wanted = ("decision", "outcome", "data_state", "sentence")
    return {**{name: verdict[name] for name in wanted}, "verdict": written}


def _head(manifest: dict[str, Any], measured: dict[str, Any]) -> dict[str, Any]:
    champion = manifest["champion"]
    return {
        "pipeline": manifest["pipeline"],
        "run": names.run_id(manifest["pipeline"], manifest["token"]),
        "judged_at": clock.stamp(),
        "gate": manifest["definition"]["gate"],
        "champion": {k: champion[k] for k in ("package", "run", "model")} if champion else None,
        "metric": measured["metric"],
        "rows": measured["rows"],
        "metrics": measured["metrics"],
    }
