"""From score files to metrics.json and golden.json."""

from __future__ import annotations

from collections.abc import Iterator

from retraining.adapters import Adapters
from retraining.adapters.run_folder import RunFolder
from retraining.algorithms.algorithm import CONTENT_TYPE
from retraining.documents.golden import Golden
from retraining.documents.manifest import Manifest
from retraining.errors import ScoresUnreadable
from retraining.rules import scores
from retraining.rules.rows import Shares
from retraining.rules.scores import Scores


def extract_metrics(aws: Adapters, manifest: Manifest, *, champion: bool) -> str:
    """Measure the models on both holdouts and keep golden rows; the URI of metrics.json."""
    folder = aws.run_folder(manifest.pipeline, manifest.token)
    challenger = _scores(folder, "challenger")
    former = _scores(folder, "champion") if champion else None
    definition = manifest.definition
    shares = Shares.of(definition.section("split"))
    measured = scores.measure(definition.metric, challenger, former, shares)
    holdout = _lines(folder, "prepared/holdout/", "")
    rows = scores.golden_rows(holdout, scores.golden_ids(challenger))
    folder.write(Golden(content_type=CONTENT_TYPE, rows=rows))
    return folder.write(measured)


def _scores(folder: RunFolder, role: str) -> dict[str, Scores]:
    place = f"scores/{role}/"
    if not any(key.endswith(".out") for key in folder.keys(place)):
        raise ScoresUnreadable(f"{folder.uri}/{place} contains no .out file")
    return scores.read(_lines(folder, place, ".out"), f"{folder.uri}/{place}")


def _lines(folder: RunFolder, place: str, ending: str) -> Iterator[str]:
    for key in folder.keys(place):
        if key.endswith(ending) and not key.rpartition("/")[2].startswith(("_", ".")):
            yield from (line for line in folder.store.lines(key) if line)
