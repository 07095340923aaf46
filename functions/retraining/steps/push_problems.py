"""Why a pushed definition is refused: names, files, accepted rows, the champion, the open run."""

from __future__ import annotations

from typing import Final

from retraining.adapters import Adapters
from retraining.algorithms.catalog import trainer
from retraining.documents.definition import PushedDefinition
from retraining.documents.registration import Registration
from retraining.errors import ObjectGone
from retraining.rules import changes, names
from retraining.rules.names import Names
from retraining.rules.settlement import SUSPECT, TRAINED
from retraining.settings import settings
from retraining.steps import champions_definition, earlier_rows

NO_ACCOUNT: Final = "000000000000"  # what the template has for a Region without these images
NEW_BASELINE: Final = (
    "push --new-baseline trains on what lands from now on alone, and the champion keeps serving"
    " meanwhile"
)


def problems(
    aws: Adapters,
    name: str,
    folder: str,
    definition: PushedDefinition,
    before: PushedDefinition | None,
    *,
    new_baseline: bool,
) -> list[str]:
    """Every one of the definition: its names and files, and what it would leave behind."""
    found = []
    if definition.name != name:
        found.append(f"name: the definition is of {definition.name!r}, pushed as {name!r}")
    return [
        *found,
        *_name_problems(aws.names, name),
        *_tuning_name_problems(aws.names, name, definition),
        *_transform_problems(aws, folder, definition),
        *_code_problems(aws, folder, definition),
        *_script_problems(aws, folder, definition),
        *_frozen(aws, name, definition, before, new_baseline=new_baseline),
        *_workflow_in_use(aws, name, definition, before),
    ]


def of_the_history(
    aws: Adapters, name: str, former: Registration | None, history_from: int
) -> list[str]:
    """Why the history cannot begin with that run's batch."""
    if not history_from:
        return []
    if former is None:
        return ["the history: nothing is registered under this name: push without --history-from"]
    first = former.baseline or 0
    trained = {run.token for run in aws.ledger.runs(name) if run.data_state == TRAINED}
    wanted = names.run_id(name, history_from)
    problems = _open_run(aws, name, "the history")
    if history_from not in trained:
        problems.append(f"the history: run {wanted} has no batch that is trained on")
    elif history_from < first:
        problems.append(f"the history: run {wanted} lies before the baseline, {first}")
    return problems


def of_the_stack() -> list[str]:
    """A stack's names would be another's, and its roles would reach them."""
    stack, shortest = settings.stack, "b" * names.SHORTEST_PIPELINE
    over = len(Names(stack, names.generation(0)).longest(shortest)) - names.LONGEST_NAME
    if over > 0:
        return [f"stack {stack}: too long by {over} for any pipeline: deploy it under another name"]
    if names.is_stack(stack):
        return []
    unfit = "capitals, two hyphens in a row or one at the end let a name be taken for another's"
    return [f"stack {stack}: {unfit}: deploy it under another name"]


def _open_run(aws: Adapters, name: str, what: str) -> list[str]:
    lease = aws.ledger.state(name).lease
    if lease is None:
        return []
    run = names.run_id(name, lease.token)
    return [f"{what}: run {run} uses the former one: push again when it has ended"]


def _name_problems(made: Names, name: str) -> list[str]:
    longest = made.longest(name)
    over = len(longest) - names.LONGEST_NAME
    if over <= 0:
        return []
    limit = (
        f"a job would be named {longest}, and SageMaker's names have at most {names.LONGEST_NAME}"
    )
    return [f"name: {name} is too long by {over} for stack {made.stack}: {limit}"]


def _tuning_name_problems(made: Names, name: str, definition: PushedDefinition) -> list[str]:
    longest = made.longest_tuning(name)
    over = len(longest) - names.LONGEST_TUNING
    if definition.tuning is None or over <= 0:
        return []
    limit = f"a tuning job would be named {longest}, and such a name has at most 32 characters"
    return [f"training.tuning: stack {made.stack} is too long by {over}: {limit}"]


def _transform_problems(aws: Adapters, folder: str, definition: PushedDefinition) -> list[str]:
    """transform.py and what it reads; what features.py reads is in its archive."""
    if definition.transform is None:
        return []
    place, found = f"{folder}/transform.py", list[str]()
    found += _file_problems(aws, "etl.transform", place, definition.transform)
    for name, sha256 in definition.files.items():
        place = names.definition_file(folder, name)
        found += _file_problems(aws, "etl.files", place, sha256)
    return found


def _file_problems(aws: Adapters, setting: str, key: str, wanted: str) -> list[str]:
    name = key.rpartition("/")[2]
    try:
        found, _ = aws.work.sha256(key)
    except ObjectGone:
        return [f"{setting}: {name} was not uploaded: push again"]
    return [] if found == wanted else [f"{setting}: {name} is not the one that was pushed"]


def _script_problems(aws: Adapters, folder: str, definition: PushedDefinition) -> list[str]:
    """The archive of the training script, and whether there are images to run it in."""
    script = definition.script
    if script is None:
        return []
    image = trainer(definition.section("training")).training
    if settings.image(image.name, image.registry).startswith(NO_ACCOUNT):
        return ["training.framework: SageMaker has no image of it in this Region"]
    place = f"{folder}/{script['code']}.tar.gz"
    return _file_problems(aws, "training.script", place, script["code"])


def _code_problems(aws: Adapters, folder: str, definition: PushedDefinition) -> list[str]:
    """Features and archive; a workflow's image is the author's, and no code of ours enters it."""
    features, code = definition.features, definition.code
    if features is None or code is None:
        return []
    if definition.workflow is not None:
        return ["etl.features: a model of training.workflow takes prepared rows: use a transform"]
    return _file_problems(aws, "etl.features", f"{folder}/{code}", features["code"])


def _frozen(
    aws: Adapters,
    name: str,
    definition: PushedDefinition,
    before: PushedDefinition | None,
    *,
    new_baseline: bool,
) -> list[str]:
    """Accepted rows were identified and split by the former contract, permanently.

    A new baseline leaves them out. The champion keeps serving, and scores the rows to come.
    """
    if new_baseline:
        return _no_baseline(aws, name, definition, before)
    if before is None:
        return earlier_rows.unlike(aws, name, None, definition) if definition.recipe else []
    if before.json == definition.json or not _has_accepted(aws, name):
        return []
    reads_all = definition.recipe and not before.recipe
    changed = changes.frozen_changes(before.json, definition.json)
    return [
        *_column_problems(aws, name, definition, before),
        *(
            f"{key}: {changes.why_frozen(key, before.json, definition.json)}: {NEW_BASELINE}"
            for key in changed
        ),
        *([] if changed else _not_judged(aws, name, definition, before)),
        *(earlier_rows.unlike(aws, name, before, definition) if reads_all and not changed else []),
    ]


def _not_judged(
    aws: Adapters, name: str, definition: PushedDefinition, before: PushedDefinition
) -> list[str]:
    """A champion that the metric cannot judge, unless it is so already, as after a rollback."""
    why = champions_definition.incomparable(aws, name, definition)
    if (
        why is None
        or champions_definition.incomparable(aws, name, before)
        or before.label != definition.label
    ):
        return []  # of another label, what is frozen says so
    return [
        f"gate.metric: the champion {why}, so no model could be compared with it: {NEW_BASELINE}"
    ]


def _column_problems(
    aws: Adapters, name: str, definition: PushedDefinition, before: PushedDefinition
) -> list[str]:
    """What earlier batches could not follow, nor a champion whose recipe reads all batches."""
    champions = champions_definition.of(aws, name)
    known = [before, champions] if champions and champions.recipe else [before]
    problems = (changes.column_problems(one.json, definition.json) for one in known)
    return list(dict.fromkeys(problem for found in problems for problem in found))


def _no_baseline(
    aws: Adapters, name: str, definition: PushedDefinition, before: PushedDefinition | None
) -> list[str]:
    if before is None:
        return ["a new baseline: nothing was pushed yet, so there is none to leave behind"]
    champions, problems = champions_definition.of(aws, name), list[str]()
    compared = (
        champions and champions.recipe and not champions_definition.lacks(aws, name, definition)
    )
    if definition.recipe or compared:
        problems = _column_problems(aws, name, definition, before)
        problems = problems or earlier_rows.unlike(aws, name, before, definition)
    return [*problems, *_open_run(aws, name, "a new baseline")]


def _workflow_in_use(
    aws: Adapters, name: str, definition: PushedDefinition, before: PushedDefinition | None
) -> list[str]:
    """Without its workflow the machine goes, and an open run may be about to start it."""
    lease = aws.ledger.state(name).lease
    had_one = before is not None and before.workflow is not None
    if lease is None or not had_one or definition.workflow is not None:
        return []
    run = names.run_id(name, lease.token)
    return [f"training: run {run} trains with the workflow: push again when it has ended"]


def _has_accepted(aws: Adapters, name: str) -> bool:
    """Or may come to have: the lease is read first, so that a run which settles is seen."""
    open_run = aws.ledger.state(name).lease is not None
    states = {run.data_state for run in aws.ledger.runs(name)}
    return open_run or bool(states & {TRAINED, SUSPECT})
