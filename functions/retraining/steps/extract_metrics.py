"""From score files to candidates.json, metrics.json and golden.json."""

from __future__ import annotations

from collections.abc import Iterator

from retraining.adapters import Adapters
from retraining.adapters.run_folder import RunFolder
from retraining.adapters.spool import Spools
from retraining.algorithms.algorithm import CONTENT_TYPE
from retraining.documents.candidates import Candidate, Candidates, ScoredCandidate
from retraining.documents.golden import Golden
from retraining.documents.manifest import Manifest
from retraining.errors import ScoresUnreadable
from retraining.rules import scores
from retraining.rules.candidates import FRESH, REFERENCE
from retraining.rules.measuring import measure
from retraining.rules.passes import SERVING
from retraining.rules.scores import Kept, Row


def extract_metrics(aws: Adapters, manifest: Manifest, scored: tuple[ScoredCandidate, ...]) -> str:
    """Measure the candidates so far and keep golden rows; the URI of metrics.json."""
    folder = aws.run_folder(manifest.pipeline, manifest.token)
    known = (folder.find(Candidates) or Candidates(candidates=())).joined(scored)
    with Spools() as column:
        files = {one.role: _scores(folder, one.role) for one in known.candidates}
        kept = scores.gather(files, column, known.on_arrival)
        measured = measure(manifest.definition.metric, kept)
        if serving := known.of_role(*SERVING):
            folder.write(_golden(folder, serving, kept))
    folder.write(known)
    return folder.write(measured)


def _golden(folder: RunFolder, serving: Candidate, kept: dict[str, Kept]) -> Golden:
    """Rows that prove which model answers: with the scores of the one that is to serve."""
    own = {kind: kept[kind].scores[serving.role] for kind in (FRESH, REFERENCE)}
    wanted = scores.golden_ids(own, _scores(folder, serving.role))
    place = serving.score.removeprefix(f"{folder.uri}/")
    rows = scores.golden_rows(_lines(folder, place, ""), wanted)
    return Golden(content_type=CONTENT_TYPE, rows=rows)


def _scores(folder: RunFolder, role: str) -> Iterator[Row]:
    place = f"scores/{role}/"
    if not any(key.endswith(".out") for key in folder.keys(place)):
        raise ScoresUnreadable(f"{folder.uri}/{place} contains no .out file")
    return scores.read(_lines(folder, place, ".out"), f"{folder.uri}/{place}")


def _lines(folder: RunFolder, place: str, ending: str) -> Iterator[str]:
    for key in folder.keys(place):
        if key.endswith(ending) and not key.rpartition("/")[2].startswith(("_", ".")):
            yield from (line for line in folder.store.lines(key) if line)
