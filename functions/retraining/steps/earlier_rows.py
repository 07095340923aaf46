"""Whether the rows of earlier batches can be read as a pushed definition says."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from retraining.adapters import Adapters
from retraining.documents.definition import PushedDefinition
from retraining.documents.manifest import Manifest
from retraining.documents.profile import Profile
from retraining.documents.registration import Registration
from retraining.rules import names, profiles, readable
from retraining.rules.settlement import SUSPECT, TRAINED

ONE_TABLE: Final = "push under another name, or use etl.transform or etl.features"
NO_RECIPE: Final = (
    "the champion's recipe still does: push under another name, or promote a model without a recipe"
    " first"
)
SIDE_BY_SIDE: Final = 16  # profiles read at once: there are as many as batches


@dataclass(frozen=True)
class _Batch:
    """The rows of one run, and what they were checked by."""

    token: int
    definition: PushedDefinition
    settled: bool = True  # False: of the open run, which may not have checked them yet


def problems(
    aws: Adapters,
    name: str,
    registration: Registration | None,
    definition: PushedDefinition,
    first: int,
) -> list[str]:
    """Every column that some batch has in values that cannot be read any more.

    `registration` is that of before; None where nothing of it stays. Batches from the token `first`
    on are asked about: those before it are trained on no more. Every run's own definition is asked:
    a column may have gone, and come back as another.
    """
    columns = definition.section("data")["columns"]
    if registration is None or registration.parsed().section("data")["columns"] == columns:
        return []
    batches = list(_batches(aws, name, registration.parsed(), first))
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        found = list(pool.map(lambda batch: _unread(aws, name, batch, definition), batches))
    return list(dict.fromkeys(problem for problems in found for problem in problems))


def unlike(
    aws: Adapters, name: str, registered: PushedDefinition | None, definition: PushedDefinition
) -> list[str]:
    """Why a recipe could not read every accepted batch as one table, whatever the baseline is."""
    for batch in _batches(aws, name, registered, first=0):
        difference = readable.unlike(batch.definition.json, definition.json)
        if difference:
            whose = "" if registered else ", a deleted pipeline's,"
            which = f"that of run {names.run_id(name, batch.token)}{whose} {difference}"
            way = ONE_TABLE if definition.recipe else NO_RECIPE
            return [f"data.columns: a recipe reads all batches as one table, and {which}: {way}"]
    return []


def _batches(
    aws: Adapters, name: str, registered: PushedDefinition | None, first: int
) -> Iterator[_Batch]:
    """Those that are trained on, may yet be, or are being checked.

    A definition is read once, however many runs had it. A run that has not claimed yet may take
    the registered one; one that judges a batch again has no rows of its own. The lease is read
    first: a run that settles meanwhile is then among those that have.
    """
    lease = aws.ledger.state(name).lease
    known = dict[str, PushedDefinition | None]()
    for run in aws.ledger.runs(name):
        if run.token >= first and run.data_state in (TRAINED, SUSPECT):
            which = run.definition or f"of {run.token}"
            if which not in known:
                known[which] = _claimed_by(aws, name, run.token) or registered
            if found := known[which]:
                yield _Batch(run.token, found)
    if lease is not None and not lease.again:
        claimed = _claimed_by(aws, name, lease.token) or registered
        if claimed:
            yield _Batch(lease.token, claimed, settled=False)


def _claimed_by(aws: Adapters, name: str, token: int) -> PushedDefinition | None:
    manifest = aws.run_folder(name, token).find(Manifest)
    return manifest.definition if manifest else None


def _unread(aws: Adapters, name: str, batch: _Batch, definition: PushedDefinition) -> list[str]:
    """The columns of one batch; which values it has, its profile tells once it is checked."""
    old, new = batch.definition.json, definition.json
    found, listed = readable.problems(old, new), readable.to_be_seen(old, new)
    respelt = readable.respelt(old, new)
    if not (listed or respelt):
        return found
    profile = aws.run_folder(name, batch.token).find(Profile)
    if profile is not None:
        found += _unlisted(profile, listed, definition)
        found += _respelt(profile, respelt, definition)
    elif not batch.settled:
        run, which = names.run_id(name, batch.token), ", ".join(dict.fromkeys(listed + respelt))
        what = f"run {run} is still checking its rows, and what they have there is not known yet"
        found.append(f"data.columns: {which}: {what}: push again in some minutes")
    return found


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


def _respelt(profile: Profile, names: list[str], definition: PushedDefinition) -> list[str]:
    columns = definition.section("data")["columns"]
    found = (name for name in names if name in profile.respelt)
    return [readable.otherwise_spelt(name, columns[name]) for name in found]
