"""From metrics.json to verdict.json: the challenger is judged."""

from __future__ import annotations

from typing import Any

from retraining import adapters, clock
from retraining.rules import gate, names
from retraining.rules.gate import Facts, Terms
from retraining.rules.scores import FRESH, REFERENCE


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
