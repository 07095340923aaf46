"""`ratchet runs` and `ratchet show`: what was retrained, and how it went."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ratchet.cli.command import command
from ratchet.cli.connection import Stack
from ratchet.cli.errors import CliError
from ratchet.cli.ledger import RunRef
from ratchet.cli.options import DEFAULT_AWS, AnyPipeline, Follow, Json, Run, Where

if TYPE_CHECKING:
    from ratchet.workflow.history.timeline import Timeline

_ROOM_FOR_SENTENCES = 150


@command
def runs(
    pipeline: AnyPipeline = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, help="How many runs of each pipeline.")
    ] = 20,
    json_output: Json = False,
    where: Where = DEFAULT_AWS,
) -> None:
    """List retraining runs, newest first.

    Example: ratchet runs bank-marketing
    """
    from ratchet.cli import ledger
    from ratchet.cli.screen import print_json, remark, stdout

    found = where.find()
    if pipeline is not None:
        ledger.require(found, pipeline)
    names = [pipeline] if pipeline is not None else list(ledger.registrations(found))
    records = [record for name in names for record in ledger.runs(found, name)[:limit]]
    if json_output:
        print_json(records)
    elif not records:
        remark(f"No runs yet in stack {found.name}. Drop data with: ratchet upload PIPELINE FILE")
    else:
        wide = stdout().width >= _ROOM_FOR_SENTENCES
        stdout().print(runs_table(records, with_sentence=wide))
        for record in records if not wide else ():
            _print_set_aside(record)


def _print_set_aside(record: dict[str, Any]) -> None:
    """What the data check left out of a run, where the table has no room for its sentence."""
    from ratchet.cli.screen import stdout

    told = " ".join(record.get("set_aside") or ())
    if told:
        run = RunRef(record["pipeline"], int(record["token"])).id
        stdout().print(f"{run}: {told}", soft_wrap=True, style="dim")


def runs_table(
    records: list[dict[str, Any]], *, with_sentence: bool, with_start: bool = True
) -> Any:
    """One line per run; a narrow terminal has no room for the sentences, and a notebook none for
    the moments.
    """
    from ratchet.cli import screen
    from ratchet.cli.run_report import arrival_values, metric_values

    rows = []
    for record in records:
        challenger, champion = metric_values(record)
        arrival, promised = arrival_values(record)
        seconds = screen.between(record.get("started"), record.get("ended"))
        rows.append(
            (
                RunRef(record["pipeline"], int(record["token"])).id,
                screen.outcome(record.get("outcome")),
                screen.number(arrival),
                screen.number(promised),
                screen.number(champion),
                screen.number(challenger),
                screen.count((record.get("rows") or {}).get("accepted")),
                _data(record),
                *([screen.clock_time(record.get("started"))] if with_start else []),
                screen.duration(seconds),
                *([record.get("sentence") or ""] if with_sentence else []),
            )
        )
    columns = ["run", "outcome", ">on arrival", ">promised", ">champion", ">challenger"]
    columns += [">rows", "data", *(["started"] if with_start else []), ">took"]
    return screen.table("", [*columns, "verdict"] if with_sentence else columns, rows)


def _data(record: dict[str, Any]) -> str:
    """What became of a run's data, where that is not the usual."""
    state = record.get("data_state")
    if record.get("again"):
        return f"again {str(record['again']).rpartition('-')[2]}"
    return "" if state in (None, "TRAINED", "PENDING") else state.lower()


@command
def show(
    run: Run,
    follow: Follow = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Draw the run as a picture (.svg), or write its report (.html).",
        ),
    ] = None,
    opened: Annotated[
        bool,
        typer.Option("--open", help="Write the report, RUN.html without -o, and open it."),
    ] = False,
    json_output: Json = False,
    where: Where = DEFAULT_AWS,
) -> None:
    """Show one run: states with times, problems of the data, the verdict, where the files are.

    The report is one HTML file that needs nothing else.

    Example: ratchet show bank-marketing-000002 --open
    """
    from ratchet.cli import following, ledger
    from ratchet.cli.screen import print_json, stderr, stdout

    ref = RunRef.parse(run)
    if opened and output is None:
        output = Path(f"{ref.id}.html")
    if output is not None:
        _refuse_unfit(output, opened=opened)
    found = where.find()
    record = {**ledger.run_record(found, ref), "pipeline": ref.pipeline}
    if follow and not record.get("outcome"):
        following.follow_run(found, ref, stderr(), time.monotonic() + 7 * 86400)
        record = following.settled_record(found, ref)
    timeline = following.timeline_of(found, found.execution_arn(ref.id))
    if output is not None:
        output.write_text(_drawn(found, ref, record, timeline, output), encoding="utf-8")
    if json_output:
        print_json(_document(found, ref, record, timeline))
        return
    _print(found, ref, record, timeline)
    if output is not None:
        stdout().print(f"{_kind(output)}: {output}", soft_wrap=True)
    if opened and output is not None:
        open_in_browser(output)


def _kind(output: Path) -> str:
    return {".svg": "Picture", ".html": "Report"}.get(output.suffix.lower(), "")


def _refuse_unfit(output: Path, *, opened: bool) -> None:
    """Checked before a run is followed to its end, not after."""
    if not _kind(output):
        raise CliError(
            f"{output} ends neither in .svg nor in .html",
            "Name a picture of the run .svg, its report .html.",
        )
    if opened and _kind(output) != "Report":
        raise CliError(f"--open opens the report, and {output} is a picture", "Name it .html.")
    if not output.parent.is_dir():
        raise CliError(f"{output.parent} is not a folder", "Make it, or name another with -o.")


def _drawn(
    stack: Stack, ref: RunRef, record: dict[str, Any], timeline: Timeline, output: Path
) -> str:
    if _kind(output) == "Report":
        from ratchet.cli.report.gathering import gather
        from ratchet.cli.report.page import page

        return page(gather(stack, ref, record, timeline))
    from ratchet.cli.run_picture import draw_run

    return draw_run(stack, ref, record, timeline)


def open_in_browser(report: Path) -> bool:
    """Show the file in a browser; without a display, where a text browser would take the terminal
    over, nothing happens: its path was printed."""
    import webbrowser

    on_linux = sys.platform.startswith("linux")
    if on_linux and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    return webbrowser.open(report.resolve().as_uri())


def _print(stack: Stack, ref: RunRef, record: dict[str, Any], timeline: Timeline) -> None:
    from ratchet.cli import following, run_report, screen

    out = screen.stdout()
    seconds = screen.between(record.get("started"), record.get("ended"))
    started = screen.clock_time(record.get("started"))
    out.print(f"{ref.id}  started {started}, took {screen.duration(seconds)}", style="bold")
    run_report.print_record(out, record)
    rows = record.get("rows") or {}
    if settings := record.get("settings"):
        out.print("  settings: " + ", ".join(f"{k} {v}" for k, v in sorted(settings.items())))
    if rows:
        out.print("  rows: " + ", ".join(f"{k.replace('_', ' ')} {v:,}" for k, v in rows.items()))
    out.print()
    _print_states(stack, timeline)
    problems = list(run_report.problems(stack, ref))
    if problems:
        out.print()
        run_report.print_problems(out, problems)
    verdict = run_report.verdict_of(stack, ref)
    if verdict:
        out.print()
        run_report.print_verdict(out, verdict)
        run_report.print_slices(out, verdict)
    out.print()
    out.print(f"Files: s3://{stack.work_bucket}/{ref.prefix}/", soft_wrap=True)
    if problems:
        out.print(f"Quarantine: s3://{stack.work_bucket}/{ref.quarantine}", soft_wrap=True)
    if log := following.job_log(timeline):
        for number, printed in enumerate(log.commands):
            out.print(f"{' ' * 15 if number else 'Log of the job:'} {printed}", soft_wrap=True)
    out.print(f"Execution: {stack.execution_arn(ref.id)}", soft_wrap=True)


def _print_states(stack: Stack, timeline: Timeline, depth: int = 0) -> None:
    """States in order; those of a nested execution above the state that started it."""
    from ratchet.cli import following, screen

    for state in following.shown(timeline):
        for inner in following.started_by(state):
            _print_states(stack, following.timeline_of(stack, inner), depth + 1)
        screen.stdout().print(following.state_line(state, depth), soft_wrap=True)


def _document(
    stack: Stack, ref: RunRef, record: dict[str, Any], timeline: Timeline
) -> dict[str, Any]:
    from ratchet.cli import following, run_report

    log = following.job_log(timeline)
    return {
        "run": ref.id,
        "record": record,
        "states": [
            {
                "name": state.name,
                "status": state.status,
                "entered": state.entered,
                "exited": state.exited,
                "seconds": round(state.seconds(), 3),
                "attempts": state.attempts,
                "error": state.error or None,
                "cause": state.cause or None,
            }
            for state in timeline.states.values()
        ],
        "problems": list(run_report.problems(stack, ref)),
        "verdict": run_report.verdict_of(stack, ref),
        "files": f"s3://{stack.work_bucket}/{ref.prefix}/",
        "log": vars(log) if log else None,
        "execution": stack.execution_arn(ref.id),
    }
