"""Retraining runs for notebooks: what `ratchet runs` and `ratchet show` tell, as text and pictures.

from ratchet.runs import runs_of

history = runs_of("bank-marketing")  # of local AWS, or with profile="NAME" of AWS
print(history)
history.promises()  # promised beside what came true
history[-1].drift()
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from ratchet.cli.ledger import RunRef
from ratchet.cli.options import DEFAULT_STACK, Where
from ratchet.cli.report import figures

if TYPE_CHECKING:
    from ratchet.cli.connection import Stack
    from ratchet.cli.report.figures import Figure
    from ratchet.cli.report.gathering import RunReport


class Run:
    """A run that has ended. Its text is what `ratchet show` says of it first."""

    def __init__(self, stack: Stack, record: dict[str, Any]) -> None:
        self._stack, self.record = stack, record
        self._ref = RunRef(record["pipeline"], int(record["token"]))

    @property
    def id(self) -> str:
        """Such as bank-marketing-000002."""
        return self._ref.id

    @property
    def outcome(self) -> str:
        """PROMOTED, MODEL_REJECTED, DATA_REJECTED, ..."""
        return str(self.record["outcome"])

    @cached_property
    def report(self) -> RunReport:
        """All that the run's report shows, read once."""
        from ratchet.cli.following import timeline_of
        from ratchet.cli.report.gathering import gather

        timeline = timeline_of(self._stack, self._stack.execution_arn(self.id))
        return gather(self._stack, self._ref, self.record, timeline)

    @property
    def verdict(self) -> dict[str, Any]:
        """The gate's document; empty where the run did not reach the gate."""
        return self.report.verdict

    def account(self) -> Figure:
        """Where each row of the drop went."""
        return figures.account(self.report)

    def drift(self) -> Figure:
        """How far each column has moved since the champion's training data."""
        return figures.drift(self.report)

    def picture(self) -> Figure:
        """The execution, state by state; its words are the times."""
        return figures.Figure(self.report.picture, figures.times(self.report))

    def __str__(self) -> str:
        from ratchet.cli import run_report, screen

        return screen.written(self.id, lambda page: run_report.print_record(page, self.record))

    def __repr__(self) -> str:
        return f"Run({self.id}, {self.outcome})"


class Runs(tuple[Run, ...]):
    """The runs of a pipeline that have ended, oldest first. Its text is a table of them."""

    __slots__ = ()

    def promises(self) -> Figure:
        """What each champion had promised beside what came true, by the metric of the last run."""
        records = [run.record for run in self]
        metrics = [str(one["metric"]) for one in records if one.get("metric")]
        return figures.promises(records, metrics[-1] if metrics else "")

    def __str__(self) -> str:
        from ratchet.cli import screen
        from ratchet.cli.runs import runs_table

        records = [run.record for run in self]
        table = runs_table(records, with_sentence=False, with_start=False)
        return screen.written(table, width=screen.WIDE)


def runs_of(
    pipeline: str,
    *,
    endpoint_url: str | None = None,
    profile: str | None = None,
    region: str | None = None,
    stack: str = DEFAULT_STACK,
) -> Runs:
    """The runs of a pipeline, in the AWS that `ratchet runs` with these options would ask.

    Raises CliError, in one sentence, when there is no such stack or pipeline.
    """
    from ratchet.cli import ledger

    found = Where(endpoint_url, profile, region, stack).find()
    ledger.require(found, pipeline)
    ended = [one for one in ledger.runs(found, pipeline) if one.get("outcome")]
    return Runs(Run(found, record) for record in reversed(ended))
