"""Whether the rows of a batch can be trained on, as far as they themselves tell: no AWS."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from retraining.documents.batch_report import Finding
from retraining.documents.check_report import CheckReport
from retraining.rules.outcomes import Conclusion
from retraining.rules.settlement import (
    DATA_REJECTED,
    QUARANTINED,
    SUPERSEDED,
    SUSPECT,
    UNCHANGED,
    WAITING,
)

TOLD: Final = 3  # findings in a run's sentence


@dataclass(frozen=True)
class Checked:
    """What the data check says of a batch as a whole."""

    rows: int = 0  # of accepted objects
    rejected: int = 0  # objects
    labels: frozenset[str] = frozenset()  # some of the accepted rows, all if there are few


def merged(reports: Iterable[CheckReport]) -> Checked:
    """What the reports of all chunks come to."""
    rows, rejected, labels = 0, 0, frozenset[str]()
    for report in reports:
        rows += sum(item.rows for item in report.objects if item.accepted)
        rejected += sum(not item.accepted for item in report.objects)
        labels |= frozenset(report.labels)
    return Checked(rows, rejected, labels)


def repeats(earlier: str) -> Conclusion:
    """How a run ends that would come to what an earlier one came to."""
    sentence = f"The same data, code and parameters as in run {earlier}: nothing to train."
    return Conclusion(UNCHANGED, SUPERSEDED, sentence)


def judge(checked: Checked, least_rows: int, findings: Sequence[Finding] = ()) -> Conclusion | None:
    """How the run ends because of its data; None when they are fit to train on.

    Rows that are bad as a batch are set aside rather than quarantined: each of them passed the
    check, and a person who knows better can release them.
    """
    if not checked.rows:
        return Conclusion(DATA_REJECTED, QUARANTINED, _nothing_accepted(checked.rejected))
    if checked.rows < least_rows:
        sentence = (
            f"{checked.rows} of the {least_rows} new rows that a run needs have landed."
            " They count towards the next run."
        )
        return Conclusion(WAITING, WAITING, sentence)
    serious = [finding.sentence for finding in findings if finding.serious]
    if serious:
        more = len(serious) - TOLD
        told = serious[:TOLD] + ([f"And {more} more."] if more > 0 else [])
        return Conclusion(DATA_REJECTED, SUSPECT, " ".join(told))
    return None


def _nothing_accepted(rejected: int) -> str:
    if rejected == 1:
        return "The one object of this batch was rejected by the data check."
    return f"All {rejected} objects of this batch were rejected by the data check."
