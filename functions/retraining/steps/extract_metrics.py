"""From score files to metrics.json and golden.json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from retraining import adapters
from retraining.algorithms.algorithm import CONTENT_TYPE
from retraining.rules import scores
from retraining.rules.errors import ScoresUnreadable
from retraining.rules.rows import Shares
from retraining.rules.scores import Scores


def extract(uri: str, manifest: dict[str, Any], *, champion: bool) -> str:
    """Measure both models on both holdouts, keep golden rows; the URI of metrics.json."""
    prefix, definition = adapters.work().key(uri), manifest["definition"]
    challenger = _scores(prefix, "challenger")
    former = _scores(prefix, "champion") if champion else None
    metric, shares = definition["gate"]["metric"], Shares.of(definition["split"])
    measured = scores.measure(metric, challenger, former, shares)
    wanted = scores.golden_ids(challenger)
    holdout = _lines(f"{prefix}/prepared/holdout/", "")
    golden = {"content_type": CONTENT_TYPE, "rows": scores.golden_rows(holdout, wanted)}
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
