"""Whether the rows of a batch can be trained on, as far as they themselves tell: no AWS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from retraining.documents.batch_report import Finding
from retraining.documents.check_report import CheckedObject, CheckReport
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
NOTES: Final = 5  # kinds of them in a run's record


@dataclass(frozen=True)
class Checked:
    """What the data check says of a batch as a whole."""

    rows: int = 0  # of accepted objects
    rejected: int = 0  # objects
    labels: frozenset[str] = frozenset()  # some of the accepted rows, all if there are few
    objects: int = 0
    landed: int = 0  # rows


def merged(reports: Iterable[CheckReport]) -> Checked:
    """What the reports of all chunks come to."""
    landed, rows, rejected, objects, labels = 0, 0, 0, 0, frozenset[str]()
    for report in reports:
        landed += sum(item.rows for item in report.objects)
        rows += sum(item.accepted_rows for item in report.objects)
        rejected += sum(not item.accepted for item in report.objects)
        objects += len(report.objects)
        labels |= frozenset(report.labels)
    return Checked(rows, rejected, labels, objects, landed)


def repeats(earlier: str) -> Conclusion:
    """How a run ends that would come to what an earlier one came to."""
    sentence = (
        f"The same data, code, parameters and champion as in run {earlier}: nothing to train."
    )
    return Conclusion(UNCHANGED, SUPERSEDED, sentence)


def judge(
    checked: Checked, least_rows: int, findings: Sequence[Finding] = (), *, whole: bool = False
) -> Conclusion | None:
    """How the run ends because of its data; None when they are fit to train on.

    A `whole` batch is one of which no object may be rejected.

    Rows that are bad as a batch are set aside rather than quarantined: each of them passed the
    check, and a person who knows better can release them.
    """
    if not checked.rows:
        return Conclusion(DATA_REJECTED, QUARANTINED, _nothing_accepted(checked.rejected))
    if whole and checked.rejected:
        sentence = (
            f"{_were_rejected(checked.rejected, checked.objects)} by the data check, and"
            " checks.on_rejected_object is stop: nothing of this batch is trained on."
        )
        return Conclusion(DATA_REJECTED, QUARANTINED, sentence)
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


def set_aside(objects: Iterable[CheckedObject]) -> tuple[str, ...]:
    """What was left out of a batch of which some was accepted, and what else to tell of it."""
    checked = list(objects)
    accepted = [item for item in checked if item.accepted]
    rejected, bad = len(checked) - len(accepted), sum(item.bad_rows for item in accepted)
    told = []
    if rejected and accepted:
        told.append(f"{_were_rejected(rejected, len(checked))} by the data check.")
    if bad:
        of = sum(item.rows for item in accepted)
        were = "row was" if bad == 1 else "rows were"
        told.append(f"{bad:,} {were} set aside of the {of:,} in accepted objects.")
    notes = Counter(note for item in checked for note in item.notes)
    told += [f"{_in_objects(count)}: {note}." for note, count in notes.most_common(NOTES)]
    return tuple(told)


def _were_rejected(rejected: int, objects: int) -> str:
    were = "was" if rejected == 1 else "were"
    return f"{rejected:,} of {objects:,} object{'s' * (objects != 1)} {were} rejected"


def _in_objects(count: int) -> str:
    return "In 1 object" if count == 1 else f"In {count:,} objects"


def _nothing_accepted(rejected: int) -> str:
    if rejected == 1:
        return "The one object of this batch was rejected by the data check."
    return f"All {rejected} objects of this batch were rejected by the data check."
