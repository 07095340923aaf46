"""Whether the rows of earlier batches can be read as a pushed definition says."""

from __future__ import annotations

from collections.abc import Iterable

from retraining.adapters import Adapters
from retraining.documents.definition import PushedDefinition
from retraining.documents.manifest import Manifest
from retraining.documents.profile import Profile
from retraining.documents.registration import Registration
from retraining.rules import profiles, readable
from retraining.rules.settlement import SUSPECT, TRAINED


def problems(
    aws: Adapters,
    name: str,
    registration: Registration,
    definition: PushedDefinition,
    first: int,
) -> list[str]:
    """Every column that some batch has in values that cannot be read any more.

    Batches from the token `first` on are asked about: those before it are trained on no more.
    Every run's own definition is asked: a column may have gone, and come back as another.
    """
    columns = definition.section("data")["columns"]
    if registration.parsed().section("data")["columns"] == columns:
        return []
    found: list[str] = []
    tokens = _tokens(aws, name, first)
    for token, earlier in _definitions(aws, name, tokens, registration.parsed()):
        found += readable.problems(earlier.json, definition.json)
        profile, more = None, readable.to_be_seen(earlier.json, definition.json)
        if more:
            profile = aws.run_folder(name, token).find(Profile)
        if profile is not None:
            found += _unlisted(profile, more, definition)
    return list(dict.fromkeys(found))


def _tokens(aws: Adapters, name: str, first: int) -> list[int]:
    """Of the runs whose rows are trained on, may yet be, or are being checked."""
    runs, lease = aws.ledger.runs(name), aws.ledger.state(name).lease
    kept = [run.token for run in runs if run.data_state in (TRAINED, SUSPECT)]
    tokens = {*kept, *([lease.token] if lease else [])}
    return sorted(token for token in tokens if token >= first)


def _definitions(
    aws: Adapters, name: str, tokens: Iterable[int], registered: PushedDefinition
) -> Iterable[tuple[int, PushedDefinition]]:
    """What these runs checked their rows by; one that has not claimed yet may take the last."""
    for token in tokens:
        manifest = aws.run_folder(name, token).find(Manifest)
        yield token, manifest.definition if manifest else registered


def _unlisted(profile: Profile, names: list[str], definition: PushedDefinition) -> list[str]:
    found = []
    for name in names:
        seen = profiles.find(profile, name)
        if seen is None:
            continue
        rows = profiles.present(seen) if seen.kind != "text" else sum(seen.others)
        values = seen.counts if seen.kind == "text" else ()
        column = definition.section("data")["columns"][name]
        found.append(readable.unlisted(name, column, values, rows))
    return [problem for problem in found if problem]
