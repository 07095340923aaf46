"""The demo's artifacts in ./ratchet-demo/: reports, picture, model, verdict, quarantine."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ratchet.cli import ledger, run_report, screen
from ratchet.cli.connection import Stack
from ratchet.cli.following import timeline_of
from ratchet.cli.report.gathering import gather
from ratchet.cli.report.page import page
from ratchet.cli.run_picture import draw_run

if TYPE_CHECKING:
    from ratchet.cli.demo_data import DemoData
    from ratchet.cli.scenario import Outcome


def write(
    folder: Path, stack: Stack, pipeline: str, source: DemoData, outcomes: list[Outcome]
) -> None:
    """Write everything, replacing what an earlier demo left."""
    for old in ("report.md", "picture.svg", "model.tar.gz", "verdict.json", "quarantine.json"):
        (folder / old).unlink(missing_ok=True)
    for former in folder.glob("drop-*.html"):
        former.unlink()
    promoted = [one for one in outcomes if one.record.get("outcome") == "PROMOTED"]
    if promoted:
        _picture(folder / "picture.svg", stack, promoted[-1])
        _save(folder / "verdict.json", run_report.verdict_of(stack, promoted[-1].run))
        _model(folder / "model.tar.gz", stack, pipeline)
    rejected = [one for one in outcomes if one.problems]
    if rejected:
        _save(folder / "quarantine.json", ledger.quarantine_reports(stack, rejected[0].run))
    for one in outcomes:
        _run(folder / f"drop-{one.number}.html", stack, one)
    (folder / "report.md").write_text(report(source, outcomes, _digest(folder)), encoding="utf-8")


def report(source: DemoData, outcomes: list[Outcome], model_sha256: str | None) -> str:
    """The report in Markdown."""
    parts = ["# Four drops", "", f"Data: {source.origin}.", "", _table(outcomes)]
    for one in outcomes:
        parts += ["", f"## {one.number}. {one.title}", "", *_chapter(one)]
    parts += ["", "## Files", ""]
    parts += [f"- `drop-{one.number}.html`: the run of drop {one.number}" for one in outcomes]
    if any(one.record.get("outcome") == "PROMOTED" for one in outcomes):
        parts += ["- `picture.svg`: the promoted run, state by state"]
        parts += ["- `verdict.json`: why it won"]
    if any(one.problems for one in outcomes):
        parts += ["- `quarantine.json`: what was wrong with drop 3"]
    if model_sha256:
        parts.append(f"- `model.tar.gz`: the champion, SHA-256 `{model_sha256}`")
    return "\n".join([*parts, ""])


def _table(outcomes: list[Outcome]) -> str:
    head = ("drop", "outcome", "serving model on arrival", "challenger", "took")
    lines = [f"| {' | '.join(head)} |", "|---|---|---|---|---|"]
    for one in outcomes:
        challenger, _ = run_report.metric_values(one.record)
        arrival, _ = run_report.arrival_values(one.record)
        cells = (one.title, one.record.get("outcome"), screen.number(arrival),
                 screen.number(challenger), screen.duration(one.seconds))  # fmt: skip
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    return "\n".join(lines)


def _chapter(one: Outcome) -> list[str]:
    from ratchet.cli.scenario import answers

    sentence = one.record.get("sentence") or ""
    lines = [f"Run `{one.run.id}`: **{one.record.get('outcome')}**. {sentence}"]
    if arrived := run_report.arrival_sentence(one.record):
        lines += ["", f"{arrived[0].upper()}{arrived[1:]}."]
    if one.problems:
        lines += ["", "| object | column | line | value | problem |", "|---|---|---|---|---|"]
        for problem in one.problems[: run_report.PROBLEMS_SHOWN]:
            keys = ("object", "column", "line", "value", "sentence")
            lines.append(f"| {' | '.join(_cell(problem.get(key)) for key in keys)} |")
    if one.before is not None:
        lines += ["", f"Endpoint before: `{answers(one.before)}`"]
    if one.after is not None:
        lines += ["", f"Endpoint after: `{answers(one.after)}`"]
    lines += [f"\nNot as expected: {failure}" for failure in one.failed]
    return lines


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _picture(path: Path, stack: Stack, one: Outcome) -> None:
    timeline = timeline_of(stack, stack.execution_arn(one.run.id))
    path.write_text(draw_run(stack, one.run, one.record, timeline), encoding="utf-8")


def _run(path: Path, stack: Stack, one: Outcome) -> None:
    timeline = timeline_of(stack, stack.execution_arn(one.run.id))
    path.write_text(page(gather(stack, one.run, one.record, timeline)), encoding="utf-8")


def _model(path: Path, stack: Stack, pipeline: str) -> None:
    champion = ledger.champion(stack, pipeline)
    if champion is not None:
        body = ledger.read_bytes(stack, ledger.key_of(stack, str(champion["artifact"])))
        path.write_bytes(body or b"")


def _digest(folder: Path) -> str | None:
    path = folder / "model.tar.gz"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _save(path: Path, document: Any) -> None:
    text = json.dumps(document, indent=2, ensure_ascii=False, default=str)
    path.write_text(text + "\n", encoding="utf-8")
