"""A run in words: record, problems of the data, rules of the verdict, where the files are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

from ratchet.cli import screen, set_aside
from ratchet.cli.connection import Stack
from ratchet.cli.ledger import RunRef, quarantine_reports, read_json

if TYPE_CHECKING:
    from rich.console import Console

PROBLEMS_SHOWN = 10
HOLDOUTS = ("fresh", "reference")


def metric_values(record: dict[str, Any], holdout: str = "fresh") -> tuple[Any, Any]:
    """Challenger's and champion's metric on a holdout; None where there is none."""
    values = (record.get("metrics") or {}).get(holdout) or {}
    return values.get("challenger"), values.get("champion")


def arrival_values(record: dict[str, Any]) -> tuple[Any, Any]:
    """What the champion did on the new rows, and what it had promised; None where unknown."""
    arrival = record.get("arrival") or {}
    return arrival.get("value"), arrival.get("promised")


def arrival_sentence(record: dict[str, Any]) -> str | None:
    """'auc of the serving model on 4,278 rows it had not seen: 0.683 (promised 0.780)'."""
    value, promised = arrival_values(record)
    if value is None:
        return None
    rows = screen.plural(int(record["arrival"]["rows"]), "row")
    text = f"{record.get('metric')} of the serving model on {rows} it had not seen: "
    text += screen.number(value)
    return text if promised is None else f"{text} (promised {screen.number(promised)})"


def again_sentence(record: dict[str, Any]) -> str | None:
    """Of a run without new objects, whose batch it judged."""
    if not record.get("again"):
        return None
    return f"a retraining without new data: the batch of run {record['again']} was judged again"


def promise_sentence(record: dict[str, Any]) -> str | None:
    """'expected of this model on the next batch: auc 0.791, from 0.752 to 0.830'."""
    promise = record.get("promise") or {}
    if promise.get("expected") is None or not record.get("promoted"):
        return None
    bounds = f"from {screen.number(promise['lower'])} to {screen.number(promise['upper'])}"
    expected = f"{record.get('metric')} {screen.number(promise['expected'])}"
    return f"expected of this model on the next batch: {expected}, {bounds} (prediction interval)"


def print_record(console: Console, record: dict[str, Any]) -> None:
    """Outcome, how the champion did on arrival, both models' metric, the verdict's sentence, and
    what became of the rows.
    """
    from rich.padding import Padding

    console.print(Padding(screen.outcome(record.get("outcome")), (0, 0, 0, 2), expand=False))
    for told in filter(None, (again_sentence(record), arrival_sentence(record))):
        console.print(f"  {told}", soft_wrap=True)
    for holdout in HOLDOUTS:
        challenger, champion = metric_values(record, holdout)
        if challenger is not None:
            console.print(f"  {metric_sentence(record, holdout, challenger, champion)}")
    if promised := promise_sentence(record):
        console.print(f"  {promised}", soft_wrap=True)
    sentence = str(record.get("sentence") or "")
    if sentence:
        console.print(Padding(sentence, (0, 0, 0, 2), expand=False))
    for became in set_aside.became(record):
        console.print(Padding(became, (0, 0, 0, 2), expand=False))
    for finding in record.get("findings") or ():
        if finding not in sentence:
            console.print(Padding(f"Data: {finding}", (0, 0, 0, 2), expand=False))
    for line in account_lines(record):
        console.print(Padding(line, (0, 0, 0, 2), expand=False))


def end_with(stack: Stack, record: dict[str, Any], document: dict[str, Any] | None) -> None:
    """End a command that followed a run to its end: in words, or the document with the record.

    The exit code is 0 only when the run ended PROMOTED.
    """
    if document is not None:
        screen.print_json({**document, "run": record})
    else:
        print_record(screen.stdout(), record)
        if found := list(problems(stack, RunRef.parse(record["run"]))):
            print_problems(screen.stdout(), found)
    if record.get("outcome") != "PROMOTED":
        raise typer.Exit(1)


LEFT_OUT = {
    "replaced": "replaced by a later row of their key",
    "removed": "removed by recipe or transform",
    "unlabelled": "without a label",
    "gap": "in the gap",
}
SIDES = ("train", "validation", "holdout")


def account_lines(record: dict[str, Any]) -> list[str]:
    """What became of every row of a run's drop; nothing before they are prepared."""
    account: dict[str, int] | None = record.get("account")
    if not account:
        return []
    accepted = f"{account['accepted']:,} accepted"
    landed = [f"{account['landed']:,} landed", f"{account['quarantined']:,} in quarantine"]
    whole = [*landed, accepted] if account["quarantined"] else [accepted]
    lines = [f"rows of the drop: {', '.join(whole)}"]
    words = {**LEFT_OUT, **{side: side for side in SIDES}}
    parts = [f"{account[name]:,} {words[name]}" for name in words if account[name]]
    lines.append(f"  of the accepted: {', '.join(parts)}")
    repeated = (record.get("rows") or {}).get("repeated")
    if repeated:
        lines.append(f"  {repeated:,} of them were in earlier drops too")
    return lines


def metric_sentence(record: dict[str, Any], holdout: str, challenger: Any, champion: Any) -> str:
    """'auc on the fresh holdout: challenger 0.812, champion 0.567'."""
    where, longest = (
        f"{record.get('metric')} on the {one} holdout:" for one in (holdout, HOLDOUTS[-1])
    )
    text = f"{where:<{len(longest)}} challenger {screen.number(challenger)}"
    return text if champion is None else f"{text}, champion {screen.number(champion)}"


def problems(stack: Stack, run: RunRef) -> Iterator[dict[str, Any]]:
    """What the data check found, one problem at a time, with the object it is in."""
    for key, report in quarantine_reports(stack, run).items():
        for problem in report.get("problems", []):
            yield {**problem, "object": report.get("key") or key, "of": _count(report)}


def _count(report: dict[str, Any]) -> int:
    """How many problems an object has, listed or not."""
    counted = sum(int(one.get("count", 0)) for one in report.get("counts", []))
    return max(counted, len(report.get("problems", [])))


def count_of(found: list[dict[str, Any]]) -> int:
    """How many problems there are behind those that are listed."""
    return sum({one["object"]: int(one.get("of", 1)) for one in found}.values())


def print_problems(console: Console, found: list[dict[str, Any]]) -> None:
    """A table of problems by object, column, line and value."""
    rows = [
        (
            str(one["object"]).rpartition("/")[2],
            _text(one.get("column")),
            _text(one.get("line")),
            _text(one.get("value")),
            _text(one.get("sentence")),
        )
        for one in found[:PROBLEMS_SHOWN]
    ]
    console.print(
        screen.table("Data check", ["object", "column", ">line", "value", "problem"], rows)
    )
    total = count_of(found)
    if total > len(rows):
        console.print(f"  {len(rows)} of {total:,} problems; the quarantine reports list more")


def print_verdict(console: Console, verdict: dict[str, Any]) -> None:
    """The gate's rules, and both models' numbers with the bounds of their difference."""
    rules = [
        (
            screen.styled("passed", "green")
            if rule.get("passed")
            else screen.styled("failed", "bold red"),
            _text(rule.get("rule")),
            _text(rule.get("holdout")),
            _text(rule.get("sentence")),
        )
        for rule in verdict.get("rules", [])
    ]
    if rules:
        console.print(screen.table("Verdict", ["", "rule", "holdout", "why"], rules))
    compared = [
        (
            f"{one.get('ours')} on {one.get('holdout')}",
            *(screen.number(one.get(key), 4) for key in ("their_value", "our_value", "estimate")),
            f"{screen.number(one.get('lower'), 4)} to {screen.number(one.get('upper'), 4)}",
            screen.count(one.get("rows")),
            _text(one.get("reading")),
        )
        for one in verdict.get("comparisons", [])
    ]
    if compared:
        columns = ["", ">champion", ">it", ">difference", ">bounds", ">rows", ""]
        console.print()
        console.print(screen.table("Against the champion", columns, compared))


def print_slices(console: Console, verdict: dict[str, Any]) -> None:
    """Both models on the rows of each value of a column, where there are slices."""
    rows = [
        (
            _text(one.get("name")),
            screen.count(one.get("rows")),
            *(screen.number(one.get(key), 4) for key in ("theirs", "ours", "bound", "floor")),
            screen.styled("under its floor", "bold red")
            if one.get("under")
            else _text(one.get("undecided") or "holds"),
        )
        for one in verdict.get("slices") or []
    ]
    if rows:
        columns = ["", ">rows", ">champion", ">it", ">at best", ">floor", ""]
        console.print()
        console.print(screen.table("Slices", columns, rows))


def verdict_of(stack: Stack, run: RunRef) -> dict[str, Any] | None:
    """The verdict of a run that reached the gate."""
    verdict: dict[str, Any] | None = read_json(stack, f"{run.prefix}/verdict.json")
    return verdict


def _text(value: Any) -> str:
    return "" if value is None else str(value)
