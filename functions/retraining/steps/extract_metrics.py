"""From score files to candidates.json, metrics.json and golden.json."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from retraining.adapters import Adapters
from retraining.adapters.run_folder import RunFolder
from retraining.adapters.spool import Spools
from retraining.algorithms.algorithm import CONTENT_TYPE
from retraining.documents.candidates import Candidate, Candidates, ScoredCandidate
from retraining.documents.golden import Golden
from retraining.documents.manifest import Manifest
from retraining.documents.metrics import MeasuredSlice
from retraining.documents.prepared import Prepared
from retraining.errors import ScoresUnreadable
from retraining.rules import scores, slices
from retraining.rules.candidates import FRESH, REFERENCE
from retraining.rules.measuring import measure
from retraining.rules.metrics import METRICS, Metric, Values
from retraining.rules.passes import SERVING
from retraining.rules.scores import Kept, Row

SLICE_BLOCK: Final = 1 << 12
"""Numbers of a column in memory: there are up to 21 values, each with its columns, at a time."""


def extract_metrics(aws: Adapters, manifest: Manifest, scored: tuple[ScoredCandidate, ...]) -> str:
    """Measure the candidates so far and keep golden rows; the URI of metrics.json."""
    folder = aws.run_folder(manifest.pipeline, manifest.token)
    known = (folder.find(Candidates) or Candidates(candidates=())).joined(scored)
    sliced = _sliced(folder, manifest)
    with Spools() as column:
        metric = METRICS[manifest.definition.metric]
        files = {one.role: _scores(folder, one, metric) for one in known.candidates}
        files |= _codes(folder, sliced)
        kept = scores.gather(files, column, known.on_arrival)
        codes = {name: slices.taken(kept, name) for name in sliced}
        measured = measure(metric.name, kept)
        by_slice = _by_slice(manifest, kept, codes, sliced)
        measured = replace(measured, slices=tuple(by_slice))
        if serving := known.of_role(*SERVING):
            folder.write(_golden(folder, serving, metric, kept))
    folder.write(known)
    return folder.write(measured)


def _sliced(folder: RunFolder, manifest: Manifest) -> dict[str, tuple[str, ...]]:
    """The columns of `gate.slices` with their most frequent values, as PrepareDataset told them."""
    wanted = manifest.definition.section("gate")["slices"]
    return folder.read(Prepared).slices if wanted else {}


def _codes(folder: RunFolder, sliced: Iterable[str]) -> dict[str, Iterator[Row]]:
    """By reader the values of each column, row by row."""
    where = f"{folder.uri}/{slices.FOLDER}"
    return {
        slices.reader(name): scores.read(
            slices.score_lines(_lines(folder, slices.FOLDER, ""), place), where
        )
        for place, name in enumerate(sliced)
    }


def _by_slice(
    manifest: Manifest,
    kept: dict[str, Kept],
    codes: dict[str, dict[str, Values]],
    sliced: dict[str, tuple[str, ...]],
) -> Iterator[MeasuredSlice]:
    """One column after the other: all values of a column are on disk at a time."""
    metric = manifest.definition.metric
    roles = slices.measured_roles(knows_reference=manifest.knows_reference)
    for name, values in sliced.items():
        with Spools(SLICE_BLOCK) as column:
            yield from slices.measure(metric, kept, codes[name], name, values, column, roles)


def _golden(folder: RunFolder, serving: Candidate, metric: Metric, kept: dict[str, Kept]) -> Golden:
    """Rows that prove which model answers: with the scores of the one that is to serve."""
    own = {kind: kept[kind].scores[serving.role] for kind in (FRESH, REFERENCE)}
    wanted = scores.golden_ids(own, _scores(folder, serving, metric))
    place = serving.score.removeprefix(f"{folder.uri}/")
    rows = scores.golden_rows(_lines(folder, place, ""), wanted)
    return Golden(content_type=CONTENT_TYPE, rows=rows)


def _scores(folder: RunFolder, candidate: Candidate, metric: Metric) -> Iterator[Row]:
    place = f"scores/{candidate.role}/"
    if not any(key.endswith(".out") for key in folder.keys(place)):
        raise ScoresUnreadable(f"{folder.uri}/{place} contains no .out file")
    lines, where = _lines(folder, place, ".out"), f"{folder.uri}/{place}"
    return scores.read(lines, where, candidate.answers, metric.of_classes)


def _lines(folder: RunFolder, place: str, ending: str) -> Iterator[str]:
    for key in folder.keys(place):
        if key.endswith(ending) and not key.rpartition("/")[2].startswith(("_", ".")):
            yield from (line for line in folder.store.lines(key) if line)
