"""The demo's scenario: four drops, each outcome compared with what is expected of it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ratchet.cli import invoke, layout, ledger, run_report, screen, upload
from ratchet.cli.connection import Stack
from ratchet.cli.errors import CliError
from ratchet.cli.following import follow_drop, timeline_of

if TYPE_CHECKING:
    from rich.console import Console

    from ratchet.cli.demo_plan import DemoPlan
    from ratchet.cli.drops import Drop, Drops
    from ratchet.workflow.history.timeline import Timeline

DROPS = 4
TITLES = (
    "The first part of the history",
    "The newer part",
    "A broken drop: renamed column, text for a number",
    "The newer part with shuffled labels",
)
CHANCE = 0.05
"""How far from 0.5 the AUC of labels that cannot be learnt lies at most, on many rows."""
_ANSWERS_SHOWN = 4


@dataclass(frozen=True)
class Outcome:
    """How one drop of the scenario ended; `failed` names the expectations that did not hold."""

    number: int
    title: str
    record: dict[str, Any]
    seconds: float
    before: bytes | None
    after: bytes | None
    failed: list[str] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)

    @property
    def as_expected(self) -> bool:
        """True when every expectation of the scenario held."""
        return not self.failed

    @property
    def run(self) -> ledger.RunRef:
        """The run of this drop."""
        return ledger.RunRef(self.record["pipeline"], int(self.record["token"]))

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {
            "drop": self.number,
            "title": self.title,
            "run": self.run.id,
            "outcome": self.record.get("outcome"),
            "sentence": self.record.get("sentence"),
            "metric": self.record.get("metric"),
            "metrics": self.record.get("metrics"),
            "seconds": round(self.seconds, 1),
            "as_expected": self.as_expected,
            "failed": self.failed,
        }


class Scenario:
    """Drops data, follows the run, and sends the endpoint the same rows before and after."""

    def __init__(
        self, stack: Stack, pipeline: str, console: Console, plan: DemoPlan | None
    ) -> None:
        self.stack = stack
        self.pipeline = pipeline
        self.console = console
        self.plan = plan
        self.rows: list[str] | None = None

    def drop(self, number: int, title: str, drop: Drop) -> Outcome:
        """One drop from landing to outcome."""
        self.console.print()
        self.console.print(f"{number}  {title} ({drop.rows:,} rows)", style="bold", soft_wrap=True)
        before, started = self.answer(), time.monotonic()
        record = follow_drop(self.stack, self.pipeline, self._land(drop), self.console, timeout=600)
        seconds = time.monotonic() - started
        run_report.print_record(self.console, record)
        if self.rows is None and record.get("outcome") == "PROMOTED":
            self.rows = self._golden()
        return Outcome(number, title, record, seconds, before, self.answer())

    def answer(self) -> bytes | None:
        """The endpoint's answer to the first champion's golden rows; None before there is one."""
        champion = ledger.champion(self.stack, self.pipeline)
        if self.rows is None or champion is None:
            return None
        return invoke.answer_bytes(self.stack, invoke.endpoint_of(champion), self.rows)

    def _golden(self) -> list[str] | None:
        champion = ledger.champion(self.stack, self.pipeline)
        return invoke.golden_rows(self.stack, champion) if champion else None

    def _land(self, drop: Drop) -> list[upload.Landed]:
        return [
            upload.put_bytes(self.stack, self.pipeline, name, content)
            for name, content in drop.files.items()
        ]


def play(scenario: Scenario, drops: Drops) -> list[Outcome]:
    """All four drops in order; when the first fails, the others have nothing to build on."""
    chapters = (drops.older, drops.newer, drops.broken, drops.shuffled)
    outcomes: list[Outcome] = []
    for number, (title, drop) in enumerate(zip(TITLES, chapters, strict=True), start=1):
        one = scenario.drop(number, title, drop)
        one.failed.extend(EXPECTATIONS[number - 1](scenario, one, drops))
        outcomes.append(one)
        for failure in one.failed:
            scenario.console.print(
                f"  NOT AS EXPECTED: {failure}", style="bold red", soft_wrap=True
            )
        if number == 1 and one.failed:
            break
    return outcomes


def _first(scenario: Scenario, ended: Outcome, _drops: Drops) -> list[str]:
    failed = _unless(ended, "PROMOTED")
    if not failed and ended.after is None:
        failed.append("the endpoint was created and answers; it does not")
    if ended.after is not None:
        scenario.console.print(f"  The endpoint answers {answers(ended.after)}", soft_wrap=True)
    return failed


def _second(scenario: Scenario, ended: Outcome, _drops: Drops) -> list[str]:
    failed = _unless(ended, "PROMOTED")
    failed += _as_good_as_planned(scenario.plan, ended)
    arrived, _ = run_report.arrival_values(ended.record)
    if arrived is None:
        failed.append("the serving model was scored on all new rows; it was not")
    if ended.before is not None and ended.after is not None:
        scenario.console.print(
            f"  The endpoint answered {answers(ended.before)}; "
            f"it now answers {answers(ended.after)}",
            soft_wrap=True,
        )
        if ended.before == ended.after and not _are_classes(ended.after):
            failed.append("the endpoint answers differently after the promotion; it does not")
    return failed + _same_bytes(scenario)


def _are_classes(answer: bytes) -> bool:
    """Whether it is whole numbers alone: two models that know a row give it the same class."""
    return re.fullmatch(rb"\s*\d+(?:[\s,]+\d+)*\s*", answer) is not None


def _as_good_as_planned(plan: DemoPlan | None, ended: Outcome) -> list[str]:
    """The challenger's figure on the fresh holdout, against that in demo.yaml."""
    challenger, _ = run_report.metric_values(ended.record)
    if plan is None or challenger is None or plan.expected.holds(challenger):
        return []
    return [
        f"the challenger's fresh holdout has {plan.expected}; it has {screen.number(challenger)}"
    ]


def _third(scenario: Scenario, ended: Outcome, drops: Drops) -> list[str]:
    failed, drop = _unless(ended, "DATA_REJECTED"), drops.broken
    ended.problems.extend(run_report.problems(scenario.stack, ended.run))
    if ended.problems:
        run_report.print_problems(scenario.console, ended.problems)
    found = [p for p in ended.problems if p.get("column") == drop.text_column]
    named = any(
        p.get("line") == drop.text_line and drop.text_value in str(p.get("value")) for p in found
    )
    if not named:
        failed.append(
            f"the report names column {drop.text_column}, line {drop.text_line} and the value "
            f"'{drop.text_value}'; it does not"
        )
    if not any(drop.renamed in str(problem) for problem in ended.problems):
        failed.append(f"the report names the column {drop.renamed}, which was renamed; it does not")
    states = _timeline(scenario, ended).states
    if {"TrainModel", "TuneModel"} & {*states} or _training_jobs(scenario, ended):
        failed.append("nothing is trained; a training job was made")
    return failed + _unmoved(scenario, ended)


def _fourth(scenario: Scenario, ended: Outcome, drops: Drops) -> list[str]:
    failed = _unless(ended, "SUSPECT")
    challenger, _ = run_report.metric_values(ended.record)
    chance = _chance(scenario, ended)
    if chance and not (challenger is not None and chance[0] <= challenger <= chance[1]):
        failed.append(
            f"the challenger's fresh auc is between {chance[0]:.2f} and {chance[1]:.2f}; it is "
            f"{screen.number(challenger)}"
        )
    if ended.record.get("data_state") != "SUSPECT":
        state = ended.record.get("data_state")
        failed.append(
            f"the data of {', '.join(drops.shuffled.files)} is set aside as SUSPECT; it is {state}"
        )
    return failed + _unmoved(scenario, ended)


def _chance(scenario: Scenario, ended: Outcome) -> tuple[float, float] | None:
    """Where the AUC of labels that cannot be learnt lies; on few rows, within three errors."""
    if ended.record.get("metric") != "auc":
        return None
    verdict = run_report.verdict_of(scenario.stack, ended.run) or {}
    measured = verdict.get("measured", {}).get("challenger", {}).get("fresh", {})
    most = max(CHANCE, 3 * (measured.get("error") or 0.0))
    return 0.5 - most, 0.5 + most


EXPECTATIONS = (_first, _second, _third, _fourth)
"""What must hold after each drop; each returns the expectations that failed, in words."""


def _unless(ended: Outcome, expected: str) -> list[str]:
    outcome = ended.record.get("outcome")
    if outcome == expected:
        return []
    return [f"the run ends {expected}; it ended {outcome}: {ended.record.get('sentence', '')}"]


def _unmoved(scenario: Scenario, ended: Outcome) -> list[str]:
    if ended.before is None or ended.before != ended.after:
        return ["the endpoint answers byte for byte as before; it does not"]
    scenario.console.print(
        f"  The endpoint answers as before, byte for byte: {answers(ended.after)}", soft_wrap=True
    )
    return []


def _same_bytes(scenario: Scenario) -> list[str]:
    """Endpoint, newest approved package and ledger must all name one artifact."""
    champion = ledger.champion(scenario.stack, scenario.pipeline) or {}
    expected = champion.get("artifact_sha256")
    serving = _serving_sha256(scenario.stack, champion)
    approved = _newest_approved(scenario.stack, champion)
    failed = []
    if serving != expected:
        failed.append(
            f"the endpoint serves the champion's artifact {expected}; it serves {serving}"
        )
    if approved != champion.get("package"):
        failed.append(f"the newest approved package is the champion's; it is {approved}")
    if not failed:
        scenario.console.print(
            f"  Artifact {str(expected)[:12]}... serves, is the newest approved in the registry, "
            "and is the ledger's champion",
            soft_wrap=True,
        )
    return failed


def _serving_sha256(stack: Stack, champion: dict[str, Any]) -> str | None:
    """What the serving process loaded, according to the local AWS."""
    import json
    import urllib.request

    url = f"{stack.aws.endpoint_url}/_ratchet"
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own gateway
        about = json.load(answer)
    endpoint = about.get("endpoints", {}).get(champion.get("endpoint")) or {}
    sha256: str | None = endpoint.get("artifact_sha256")
    return sha256


def _newest_approved(stack: Stack, champion: dict[str, Any]) -> str | None:
    _, group, _ = str(champion.get("package")).rsplit("/", 2)
    packages = stack.client("sagemaker").list_model_packages(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
    )["ModelPackageSummaryList"]
    newest = max(packages, key=lambda p: int(p["ModelPackageVersion"]), default=None)
    return newest["ModelPackageArn"] if newest else None


def _timeline(scenario: Scenario, ended: Outcome) -> Timeline:
    return timeline_of(scenario.stack, scenario.stack.execution_arn(ended.run.id))


def _training_jobs(scenario: Scenario, ended: Outcome) -> list[str]:
    """Jobs named `<stack>--<pipeline>--<generation>-<token>-<role>-<attempt>`."""
    name = f"-{layout.padded(ended.run.token)}-"
    jobs = scenario.stack.client("sagemaker").list_training_jobs(NameContains=name)
    return [job["TrainingJobName"] for job in jobs["TrainingJobSummaries"]]


def answers(body: bytes | None) -> str:
    """The first predictions of an answer: '0.031 0.112 0.045 ...'."""
    values = [part for part in re.split(r"[,\s]+", (body or b"").decode().strip()) if part]
    try:
        shown = " ".join(f"{float(value):.3f}" for value in values[:_ANSWERS_SHOWN])
    except ValueError as error:
        raise CliError(f"the endpoint's answer is not a list of numbers: {values[:3]}") from error
    return shown + (" ..." if len(values) > _ANSWERS_SHOWN else "")


def close(console: Console, outcomes: list[Outcome], folder: Path) -> None:
    """Print the closing table and whether every expectation held."""
    rows = [
        (
            str(one.number),
            one.title,
            screen.outcome(one.record.get("outcome")),
            screen.number(run_report.arrival_values(one.record)[0]),
            screen.number(run_report.metric_values(one.record)[0]),
            screen.duration(one.seconds),
            screen.styled("yes", "green") if one.as_expected else screen.styled("NO", "bold red"),
        )
        for one in outcomes
    ]
    columns = ["", "drop", "outcome", ">on arrival", ">challenger", ">took", "as expected"]
    console.print()
    console.print(screen.table("", columns, rows))
    failed = [f"drop {one.number}: {failure}" for one in outcomes for failure in one.failed]
    if len(outcomes) < DROPS:
        failed.append(f"the scenario ended after drop {len(outcomes)}")
    for failure in failed:
        console.print(f"Not as expected: {failure}", style="bold red", soft_wrap=True)
    if not failed:
        console.print("All four ended as expected.", style="bold green")
    console.print(f"Report, picture and model are in {folder}/", soft_wrap=True)
