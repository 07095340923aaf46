"""What became of every row of a drop, as an account that adds up."""

from __future__ import annotations

from typing import Any

from ratchet.cli import screen
from ratchet.cli.report import charts
from ratchet.cli.report.charts import Bar
from ratchet.cli.report.gathering import RunReport
from ratchet.cli.report.markup import Markup, badge, element, pair, section, table

ENDS = {
    "train": ("trained on", "ours"),
    "validation": ("validation", "third"),
    "holdout": ("held out", "good"),
    "gap": ("left in the gap", "soft-line"),
    "unlabelled": ("without a label", "soft-line"),
    "removed": ("removed by recipe or transform", "soft-line"),
    "replaced": ("replaced by a later row of their key", "theirs"),
    "quarantined": ("in quarantine", "bad"),
}
"""The ends of a landed row, in the order in which they are shown."""
OF_ACCEPTED = tuple(name for name in ENDS if name != "quarantined")
PURPOSES = {
    "train": "to fit on",
    "validation": "to tune and stop on",
    "holdout_fresh": "fresh holdout: to judge on",
    "holdout_reference": "reference holdout: of earlier batches, to judge on",
    "arrival": "new to the champion",
    "repeated": "in an earlier batch too",
}
"""The rows of this batch and the history, by what they are for."""
NOTHING = Markup("")


def rows(report: RunReport) -> Markup:
    """What became of every row of the drop, and what the models were given."""
    account = report.record.get("account") or {}
    counted = report.record.get("rows") or {}
    if not account:
        lines = [(name.replace("_", " "), screen.count(value)) for name, value in counted.items()]
        return section("Rows", table(["what became of them", ">rows"], lines)) if lines else NOTHING
    purposes = [
        (words, screen.count(counted[name]))
        for name, words in PURPOSES.items()
        if counted.get(name) is not None
    ]
    given = element("h3", "What the models were given, with the history") if purposes else NOTHING
    return section(
        "Rows",
        charts.stacked(ends(account)),
        pair(
            element("div", element("h3", "Every row of the drop"), _table(account), _sums(account)),
            element("div", given, table(["", ">rows"], purposes)) if purposes else NOTHING,
        ),
    )


def ends(account: dict[str, int]) -> list[Bar]:
    """Where the rows of a drop went."""
    return [
        Bar(words, account[name], kind, screen.count(account[name]))
        for name, (words, kind) in ENDS.items()
        if account.get(name)
    ]


def _table(account: dict[str, int]) -> Markup:
    """Landed, its two parts, and the parts of the accepted ones, each with its share of landed."""
    whole = account.get("landed") or 0

    def line(name: str, words: str, kind: str = "", class_: str | None = None) -> tuple[Any, ...]:
        count = account.get(name) or 0
        dot = charts.key(kind, words) if kind else NOTHING
        share = f"{count / whole:.1%}" if whole else ""
        return element("span", dot, words, class_=class_), screen.count(count), share

    shown = [name for name in OF_ACCEPTED if account.get(name)]
    lines = [
        line("landed", "landed"),
        line("quarantined", ENDS["quarantined"][0], ENDS["quarantined"][1], "inset"),
        line("accepted", "accepted", class_="inset"),
        *(line(name, *ENDS[name], "inset2") for name in shown),
    ]
    return table(["what became of them", ">rows", ">share"], lines)


def _sums(account: dict[str, int]) -> Markup:
    """The two sums, worked out here."""
    accepted = [account.get(name) or 0 for name in OF_ACCEPTED]
    landed = [account.get("quarantined") or 0, account.get("accepted") or 0]
    fits = sum(accepted) == account.get("accepted") and sum(landed) == account.get("landed")
    said = badge("adds up", "good") if fits else badge("does not add up", "bad")
    terms = " + ".join(screen.count(count) for count in accepted if count) or "0"
    words = (
        f" {' + '.join(map(screen.count, landed))} = {screen.count(account.get('landed'))} landed;"
        f" {terms} = {screen.count(account.get('accepted'))} accepted"
    )
    return element("p", said, words, class_="note")
