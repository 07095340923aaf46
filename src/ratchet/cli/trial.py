"""What the service makes of files up to the prepared data, on a local AWS that ends with it.

The whole service runs, from the landed files to the job PrepareDataset, as it is in template.yaml;
nothing is trained, and nothing stays.
"""

from __future__ import annotations

import csv
import io
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ratchet.cli import following, ledger, push, run_report, up, upload
from ratchet.cli.errors import CliError

if TYPE_CHECKING:
    from ratchet.cli.connection import Stack
    from ratchet.cli.ledger import RunRef
    from ratchet.cli.pipeline_folder import Packed
    from ratchet.workflow.history.timeline import Timeline

AT_ONCE = {"quiet_period": "1s", "min_interval": "0s", "min_new_rows": 1}
"""A trial waits for nothing."""
LAST = "PrepareDataset"
HEAD_ROWS = 4
MOST_SECONDS = 600
_MOST_LOG_EVENTS = 10_000


@dataclass(frozen=True)
class Prepared:
    """The prepared data: how many rows there are of each part, what became of every accepted row,
    the columns, and some rows of `train`."""

    rows: dict[str, int]
    account: dict[str, int]
    columns: list[str]
    head: list[list[str]]


@dataclass(frozen=True)
class Trial:
    """How it went. `prepared` is None when the files did not come so far; then `sentence` is why.

    `log` is the file with what the failed job wrote.
    """

    pipeline: str
    files: tuple[str, ...]
    seconds: float
    checked: dict[str, int] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)
    prepared: Prepared | None = None
    sentence: str = ""
    log: str | None = None

    def document(self) -> dict[str, Any]:
        """For --json."""
        prepared = vars(self.prepared) if self.prepared else None
        return {**vars(self), "files": list(self.files), "prepared": prepared}


def run(packed: Packed, files: Sequence[Path], update: Callable[[str], None]) -> Trial:
    """Drop the files on a local AWS of their own, and see how far they come."""
    with up.running(0, None, announced=False) as (_, stack):
        return on(stack, packed, files, update)


def on(stack: Stack, packed: Packed, files: Sequence[Path], update: Callable[[str], None]) -> Trial:
    """The same on a stack that has no other use."""
    started = time.monotonic()
    push.send(stack, packed.changed(trigger=AT_ONCE))
    landed = [upload.put(stack, packed.name, file) for file in files]
    ref, timeline = _follow(stack, packed.name, landed, update)
    return _seen(stack, ref, timeline, files, started)


def _follow(
    stack: Stack, pipeline: str, landed: list[upload.Landed], update: Callable[[str], None]
) -> tuple[RunRef, Timeline]:
    """The run and its states until the data is prepared, or it has ended."""
    deadline = time.monotonic() + MOST_SECONDS
    ref = following.claimed_by(stack, pipeline, landed, update, deadline)
    follower = following.Follower(stack, stack.execution_arn(ref.id))
    while time.monotonic() < deadline:
        timeline = follower.poll()
        last = timeline.states.get(LAST)
        if timeline.status != "RUNNING" or (last is not None and last.status == "SUCCEEDED"):
            return ref, timeline
        now = next(reversed(list(following.shown(timeline))), None)
        update(f"{following.human(now.name)} ..." if now else "Starting ...")
        time.sleep(following.pause(stack))
    raise CliError(f"the data is not prepared after {MOST_SECONDS} s", "Try a smaller file.")


def _seen(
    stack: Stack, ref: RunRef, timeline: Timeline, files: Sequence[Path], started: float
) -> Trial:
    last = timeline.states.get(LAST)
    came_through = last is not None and last.status == "SUCCEEDED"
    record = {} if came_through else following.settled_record(stack, ref)
    return Trial(
        pipeline=ref.pipeline,
        files=tuple(str(file) for file in files),
        seconds=round(time.monotonic() - started, 1),
        checked=_checked(stack, ref),
        problems=[_in_file(one, files) for one in run_report.problems(stack, ref)],
        prepared=_prepared(stack, ref) if came_through else None,
        sentence=str(record.get("sentence") or ""),
        log=_log(stack, timeline),
    )


def _checked(stack: Stack, ref: RunRef) -> dict[str, int]:
    """Rows that landed and what the data check made of them."""
    found = {"landed": 0, "accepted": 0, "quarantined": 0}
    for key in ledger.list_keys(stack, stack.work_bucket, f"{ref.prefix}/check/"):
        for one in (ledger.read_json(stack, key) or {}).get("objects", []):
            accepted = one["rows"] - one["bad_rows"] if one["accepted"] else 0
            found["landed"] += one["rows"]
            found["accepted"] += accepted
            found["quarantined"] += one["rows"] - accepted
    return found


def _in_file(problem: dict[str, Any], files: Sequence[Path]) -> dict[str, Any]:
    """A problem with the file it is in, as it was given."""
    name = str(problem["object"]).rpartition("/")[2]
    return {**problem, "file": next((str(file) for file in files if file.name == name), name)}


def _prepared(stack: Stack, ref: RunRef) -> Prepared:
    summary = ledger.read_json(stack, f"{ref.prefix}/prepared/summary.json")
    columns = [summary["label"], *summary["features"]]
    return Prepared(summary["rows"], summary["account"], columns, _head(stack, ref))


def _head(stack: Stack, ref: RunRef) -> list[list[str]]:
    for key in ledger.list_keys(stack, stack.work_bucket, f"{ref.prefix}/prepared/train/"):
        body = ledger.read_bytes(stack, key) or b""
        text = io.StringIO(body.decode(), newline="")
        if found := list(islice(csv.reader(text), HEAD_ROWS)):
            return found
    return []


def _log(stack: Stack, timeline: Timeline) -> str | None:
    """A file with what the failed job wrote; its log group ends with the local AWS."""
    log = following.job_log(timeline)
    if log is None:
        return None
    text = "".join(_events(stack, group, log.stream) for group in log.groups)
    with tempfile.NamedTemporaryFile(
        "w", prefix="ratchet-try-", suffix=".log", delete=False, encoding="utf-8"
    ) as file:
        file.write(text)
    return file.name


def _events(stack: Stack, group: str, stream: str) -> str:
    found = stack.client("logs").filter_log_events(
        logGroupName=group, logStreamNamePrefix=stream, limit=_MOST_LOG_EVENTS
    )
    return "".join(event["message"].rstrip("\n") + "\n" for event in found["events"])
