"""Everything that a run's report shows, read from the stack once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from ratchet.cli import following, ledger, run_report
from ratchet.cli.report import measures
from ratchet.cli.report.costs import Cost
from ratchet.cli.report.paid import paid
from ratchet.cli.report.searches import Search
from ratchet.cli.run_picture import draw_run

if TYPE_CHECKING:
    from ratchet.cli.connection import Stack
    from ratchet.cli.ledger import RunRef
    from ratchet.workflow.history.timeline import Timeline

MOST_ROWS = 300_000
"""Scores of one model that are read."""
MOST_RUNS = 24
ROLES = ("challenger", "champion")


@dataclass(frozen=True)
class State:
    """A state of the run that did something."""

    name: str
    status: str
    seconds: float
    tries: int
    error: str


@dataclass(frozen=True)
class RunReport:
    """A run as its report shows it; what it did not come to is empty."""

    run: str
    pipeline: str
    record: dict[str, Any]
    picture: str
    states: tuple[State, ...]
    cost: Cost
    local: bool
    verdict: dict[str, Any] = field(default_factory=dict)
    definition: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)  # batch-report.json
    problems: tuple[dict[str, Any], ...] = ()
    history: tuple[dict[str, Any], ...] = ()  # records up to this run, oldest first
    scores: dict[str, tuple[measures.Row, ...]] = field(default_factory=dict)
    searches: tuple[Search, ...] = ()
    knows_reference: bool = False  # the champion was refit: on the reference holdout too

    @property
    def metric(self) -> str:
        """The metric that the gate reads."""
        return str(self.record.get("metric") or self.verdict.get("metric") or "")


def gather(stack: Stack, ref: RunRef, record: dict[str, Any], timeline: Timeline) -> RunReport:
    """Read what there is of a run that has ended."""
    manifest = _json(stack, f"{ref.prefix}/manifest.json")
    spent = paid(stack, timeline)
    return RunReport(
        run=ref.id,
        pipeline=ref.pipeline,
        record=record,
        picture=draw_run(stack, ref, record, timeline),
        states=tuple(_states(timeline)),
        cost=spent.cost,
        local=stack.aws.local,
        verdict=_json(stack, f"{ref.prefix}/verdict.json"),
        definition=manifest.get("definition") or {},
        summary=_json(stack, f"{ref.prefix}/prepared/summary.json"),
        data=_json(stack, f"{ref.prefix}/batch-report.json"),
        problems=tuple(run_report.problems(stack, ref)),
        history=tuple(_history(stack, ref)),
        scores={role: _scores(stack, ref, role) for role in ROLES},
        searches=spent.searches,
        knows_reference=bool((manifest.get("champion") or {}).get("refit")),
    )


def _json(stack: Stack, key: str) -> dict[str, Any]:
    return ledger.read_json(stack, key) or {}


def _history(stack: Stack, ref: RunRef) -> list[dict[str, Any]]:
    """The records of this run and those before it."""
    known = [one for one in ledger.runs(stack, ref.pipeline) if int(one["token"]) <= ref.token]
    return known[:MOST_RUNS][::-1]


def _states(timeline: Timeline) -> Iterator[State]:
    for state in following.shown(timeline):
        reason = following.innermost(state.error, state.cause) if state.error else ()
        yield State(
            following.human(state.name), state.status, state.seconds(), state.retries + 1,
            ": ".join(reason),
        )  # fmt: skip


def _scores(stack: Stack, ref: RunRef, role: str) -> tuple[measures.Row, ...]:
    keys = ledger.list_keys(stack, stack.work_bucket, f"{ref.prefix}/scores/{role}/")
    lines = (
        line
        for key in keys
        if key.endswith(".out")
        for line in (ledger.read_bytes(stack, key) or b"").decode().splitlines()
    )
    return tuple(islice(measures.rows(lines), MOST_ROWS))


def is_number(value: Any) -> bool:
    """True for what can be drawn."""
    return isinstance(value, int | float) and math.isfinite(value)
