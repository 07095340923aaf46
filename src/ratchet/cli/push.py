"""`ratchet push`: a pipeline's folder becomes a registered pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ratchet.cli import layout
from ratchet.cli.command import command
from ratchet.cli.connection import Stack
from ratchet.cli.errors import WRONG_USAGE, CliError
from ratchet.cli.function_call import Refused, call
from ratchet.cli.options import DEFAULT_AWS, Folder, Json, Settings, Where

if TYPE_CHECKING:
    from ratchet.cli.pipeline_folder import Packed


ON_ARRIVAL = (
    "Changed settings are backtested first: trained without the new drop, and compared with the"
    " champion on all of its rows."
)
ONCE_MORE = (
    "Changed settings are backtested first: they and the champion's are trained without that batch,"
    " and compared on all of its rows."
)
UNTESTED = "Changed {what} cannot be backtested on {batch}: gate.undecided_settings decides."


@command
def push(
    pipeline: Folder,
    settings: Settings = None,
    new_baseline: Annotated[
        bool,
        typer.Option(
            help="Leave the batches so far out of the history: needed when label, key, split or"
            " gate.cluster change. The champion keeps serving until a model of the data to come is"
            " promoted."
        ),
    ] = False,
    history_from: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help="Train on the batches of this run and later ones alone: where the world has"
            " changed, and the batches before hold a model back. The champion keeps serving.",
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Read and check the folder alone: nothing is changed."),
    ] = False,
    json_output: Json = False,
    where: Where = DEFAULT_AWS,
) -> None:
    """Check a pipeline's folder and register it, or what has changed in it.

    Data that already waits under the pipeline's prefix is picked up at once. The folder is the
    truth: --set changes pipeline.yaml, comments and all else as they were, and what is refused is
    changed back. With --check nothing is registered, no AWS is needed, and --set is undone; what
    depends on the model that serves and on earlier data, a push alone can say.

    Example: ratchet push pipelines/bank-marketing
    """
    from ratchet.cli.pipeline_folder import find, pack
    from ratchet.cli.screen import print_json, remark, stdout

    folder = find(pipeline)
    with changed(folder, settings or [], keep=not check) as said:
        packed = pack(folder)
        for line in (*said, *packed.warnings):
            remark(line)
        first = _first_run(packed, history_from, new_baseline=new_baseline)
        if check:
            tell_missing(packed)
            _tell_checked(folder, packed, unasked=_by_the_contract(packed), as_json=json_output)
            return
        found = where.find(writes=True)
        if found.aws.local:
            tell_missing(packed)
        before = Standing.of(found, packed.name)
        answer = send(found, packed, new_baseline=new_baseline, history_from=first)
    if json_output:
        print_json(answer)
        return
    stdout().print(summary(answer), soft_wrap=True)
    for sentence in outlook(before, packed, answer, first):
        stdout().print(sentence, soft_wrap=True)
    stdout().print(f"Drop data with: ratchet upload {packed.name} FILE...", soft_wrap=True)


def _by_the_contract(packed: Packed) -> str:
    """Why the service's contract could not be asked, or nothing; CliError for what it refuses."""
    from ratchet.cli import service_contract
    from ratchet.cli.pipeline_folder import problems_error

    if unasked := service_contract.why_not():
        return unasked
    if found := service_contract.problems(packed.files["definition.json"]):
        raise problems_error([packed.located(problem) for problem in found])
    return ""


def _tell_checked(folder: Path, packed: Packed, *, unasked: str, as_json: bool) -> None:
    from ratchet.cli.screen import print_json, stdout
    from ratchet.cli.search_cost import SearchCost

    if as_json:
        about = {"name": packed.name, "hash": packed.hash, "warnings": list(packed.warnings)}
        print_json({**about, "by_schema_alone": bool(unasked)})
        return
    told = f"{folder} is ready to be pushed."
    if unasked:
        what = f"{folder} is as its schema wants it. How its parts fit together only push can say"
        told = f"{what}: {unasked}."
    stdout().print(told, soft_wrap=True)
    if search := SearchCost.of(packed.definition):
        stdout().print(search.sentence, soft_wrap=True)


@contextmanager
def changed(folder: Path, settings: list[str], *, keep: bool = True) -> Iterator[list[str]]:
    """pipeline.yaml with these values, and what changed in it.

    As it was when the block fails, and after it without `keep`.
    """
    from ratchet.cli.yaml_edit import set_value
    from ratchet.cli.yaml_files import read_text

    path, said = folder / "pipeline.yaml", list[str]()
    if not settings:
        yield said
        return
    read_text(path)  # names what is missing, too big or not UTF-8
    former = path.read_bytes()
    text = former.decode("utf-8-sig")
    for setting in settings:
        edit = set_value(text, str(path), setting)
        text = edit.text
        was = "was not set" if edit.before is None else f"was {edit.before}"
        said.append(f"{path}:{edit.line}: {setting.partition('=')[0]} {was}, is {edit.after}")
    path.write_bytes(text.encode())
    try:
        yield said
    except BaseException:
        keep = False
        raise
    finally:
        if not keep:
            path.write_bytes(former)


def tell_missing(packed: Packed) -> None:
    """Say so where the framework of its script is missing: a training job would say it late."""
    from ratchet.cli.frameworks import missing
    from ratchet.cli.screen import remark

    if found := missing(packed):
        remark(found.remark)


def send(
    stack: Stack,
    packed: Packed,
    *,
    new_baseline: bool = False,
    history_from: int | None = None,
    retrain: bool = False,
) -> dict[str, Any]:
    """Upload the folder under its hash and register it; returns the answer of register_pipeline."""
    from ratchet.cli.pipeline_folder import problems_error

    prefix = layout.definition_prefix(packed.name, packed.hash)
    for name, body in packed.files.items():
        _put_once(stack, f"{prefix}/{name}", body)
    given = {
        "name": packed.name,
        "hash": packed.hash,
        "new_baseline": new_baseline,
        "history_from": history_from,
        "retrain": retrain,
    }
    function = stack.register_function
    try:
        return call(stack, "register_pipeline", function, given, ("PipelineRejected",))
    except Refused as error:
        found = [packed.located(problem) for problem in str(error).splitlines()]
        raise problems_error(found) from error


def _first_run(packed: Packed, history_from: str | None, *, new_baseline: bool) -> int | None:
    """The token of the run whose batch is to be the first of the history."""
    from ratchet.cli.ledger import RunRef

    if history_from is None:
        return None
    run = RunRef.parse(history_from)
    if run.pipeline != packed.name:
        raise CliError(
            f"{run.id} is not a run of {packed.name}", "List them with: ratchet runs", WRONG_USAGE
        )
    if new_baseline:
        raise CliError(
            "--new-baseline leaves all runs so far behind", "Leave one of the two out.", WRONG_USAGE
        )
    return run.token


def summary(answer: dict[str, Any]) -> str:
    """What a push changed, in a sentence."""
    changed = answer.get("changed") or []
    text = f"Pipeline {answer['name']} is registered"
    if "name" in changed:  # no former registration has this name
        return f"{text}."
    return text + (f"; changed: {', '.join(changed)}." if changed else "; nothing has changed.")


@dataclass(frozen=True)
class Standing:
    """How a pipeline stood before a push, which may start a run at once."""

    open_run: str | None
    waiting: int  # objects that the open run has not claimed
    has_champion: bool

    @classmethod
    def of(cls, stack: Stack, pipeline: str) -> Standing:
        """Read from the ledger."""
        from ratchet.cli import ledger

        run = ledger.open_run(stack, pipeline)
        waiting = ledger.waiting(stack, pipeline)
        return cls(run.id if run else None, waiting, ledger.champion(stack, pipeline) is not None)


def outlook(
    before: Standing, packed: Packed, answer: dict[str, Any], first: int | None = None
) -> Iterator[str]:
    """What will be trained on with what was pushed, and when; `first`: the history's first run."""
    from ratchet.cli.screen import plural
    from ratchet.cli.search_cost import SearchCost

    waiting = before.waiting
    if left_out := int(answer.get("left_out") or 0):
        begins = f"The history begins with run {layout.run_id(packed.name, first)}" if first else ""
        runs = plural(left_out, "earlier run")
        yield f"{begins or 'A new baseline'}: the data of {runs} will not be trained on any more."
        if before.has_champion:
            yield f"The champion keeps serving{'' if first else _compared(answer)}."
    asked = answer.get("asked_run") or {}
    if before.open_run:
        yield f"Run {before.open_run} is open, and ends with the definition that it began with."
    else:
        waiting = int(answer.get("pending_objects") or 0)
    if asked and not (waiting and asked["again"] is None and asked["after"] is None):
        yield _asked_for(asked)
    elif waiting:
        when = _when(packed.definition.get("trigger") or {}, is_open=before.open_run is not None)
        yield f"{plural(waiting, 'waiting object')} will be trained on{when}."
    else:
        yield "No data waits: the next drop is trained with this definition."
    if search := SearchCost.of(packed.definition):
        yield search.sentence
    tested = answer.get("tested") or []
    if before.has_champion and tested:
        yield _backtest(asked, tested)


def _asked_for(asked: dict[str, Any]) -> str:
    """What the run trains on that was asked for, and when it starts."""
    from ratchet.cli.screen import duration

    if asked["after"]:
        return (
            f"One run with this definition follows run {asked['after']}: on what has landed by"
            " then, or where nothing has, on the newest batch again."
        )
    if asked["again"] is None:
        return "One run with this definition comes with the first drop that can be trained on."
    earlier = int(asked["batches"]) - 1
    before = f"after {earlier} earlier batch{'es' * (earlier != 1)}" if earlier else "alone"
    when = f"in {duration(asked['seconds'])}" if asked["seconds"] else "at once"
    return f"The batch of run {asked['again']} is judged again, {before}; a run starts {when}."


def _backtest(asked: dict[str, Any], tested: list[str]) -> str:
    """How settings or features that are not the champion's are tested: on rows that neither model
    has seen, if there are any."""
    if not asked.get("again"):
        return ON_ARRIVAL
    if "features" in tested:  # the champion's features cannot be trained again
        return UNTESTED.format(what="features", batch="an earlier batch")
    if int(asked["batches"]) == 1:
        return UNTESTED.format(what="settings", batch="a single batch")
    return ONCE_MORE


def _compared(answer: dict[str, Any]) -> str:
    """How the champion meets the models that come after a new baseline."""
    if lacks := answer.get("champion_lacks"):
        return (
            f" until a model reaches gate.minimum: it needs {', '.join(lacks)}, which rows will not"
            " have any more, so it cannot be compared"
        )
    if why := answer.get("incomparable"):
        return f" until a model reaches gate.minimum: it {why}, so it cannot be compared"
    return ", and is compared with the next models on rows that land from now on"


def _when(trigger: dict[str, Any], *, is_open: bool) -> str:
    """When the run of what waits starts."""
    if trigger.get("schedule"):
        return f" when the schedule {trigger['schedule']} calls"
    if trigger.get("marker"):
        return f" when {trigger['marker']} lands"
    return " by the run that follows it" if is_open else " as soon as the drop is quiet"


def _put_once(stack: Stack, key: str, body: bytes) -> None:
    """The key contains a hash: an object that exists already is the same."""
    from botocore.exceptions import ClientError

    try:
        stack.client("s3").put_object(Bucket=stack.work_bucket, Key=key, Body=body, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"PreconditionFailed", "412"}:
            raise
