"""Tells the demo's four drops, and holds what happened against what should happen."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ratchet.cli import invoke, ledger, run_report, screen, upload
from ratchet.cli.connection import Stack
from ratchet.cli.errors import CliError
from ratchet.cli.following import follow_drop, timeline_of

if TYPE_CHECKING:
    from rich.console import Console

    from ratchet.cli.drops import Drop, Drops
    from ratchet.workflow.history.timeline import Timeline

DROPS = 4
TITLES = (
    "The first part of the history",
    "The newer part",
    "A broken drop: renamed column, text for a number",
    "The newer part with shuffled labels",
)
CHANCE = (0.45, 0.55)
"""Where the AUC of labels that cannot be learnt must be."""
_ANSWERS_SHOWN = 4


@dataclass(frozen=True)
class Told:
    """One drop of the story as it happened; `failed` names the expectations that did not hold."""

    number: int
    title: str
    record: dict[str, Any]
    seconds: float
    before: bytes | None
    after: bytes | None
    failed: list[str] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)

    @property
    def as_told(self) -> bool:
        """True when everything ended as the story says."""
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
            "as_told": self.as_told,
            "failed": self.failed,
        }


class Teller:
    """Drops data, follows the run, and asks the endpoint the same rows before and after."""

    def __init__(self, stack: Stack, pipeline: str, console: Console) -> None:
        self.stack = stack
        self.pipeline = pipeline
        self.console = console
        self.rows: list[str] | None = None

    def drop(self, number: int, title: str, drop: Drop) -> Told:
        """One drop from landing to outcome."""
        self.console.print()
        self.console.print(f"{number}  {title} ({drop.rows:,} rows)", style="bold", soft_wrap=True)
        before, started = self.answer(), time.monotonic()
        record = follow_drop(
            self.stack, self.pipeline, self._land(drop), self.console, patience=600
        )
        seconds = time.monotonic() - started
        run_report.print_record(self.console, record)
        if self.rows is None and record.get("outcome") == "PROMOTED":
            self.rows = self._golden()
        return Told(number, title, record, seconds, before, self.answer())

    def answer(self) -> bytes | None:
        """What the endpoint says to the first champion's golden rows; None before there is one."""
        if self.rows is None:
            return None
        return invoke.answer_bytes(self.stack, self.pipeline, self.rows)

    def _golden(self) -> list[str] | None:
        champion = ledger.champion(self.stack, self.pipeline)
        return invoke.golden_rows(self.stack, champion) if champion else None

    def _land(self, drop: Drop) -> list[upload.Landed]:
        return [
            upload.put_bytes(self.stack, self.pipeline, name, content)
            for name, content in drop.files.items()
        ]


def tell(teller: Teller, drops: Drops) -> list[Told]:
    """All four drops in order; a drop that cannot be built upon ends the story."""
    chapters = (drops.older, drops.newer, drops.broken, drops.shuffled)
    told: list[Told] = []
    for number, (title, drop) in enumerate(zip(TITLES, chapters, strict=True), start=1):
        one = teller.drop(number, title, drop)
        one.failed.extend(EXPECTATIONS[number - 1](teller, one, drops))
        told.append(one)
        for failure in one.failed:
            teller.console.print(f"  NOT AS TOLD: {failure}", style="bold red", soft_wrap=True)
        if number == 1 and one.failed:
            break
    return told


def _first(teller: Teller, told: Told, _drops: Drops) -> list[str]:
    failed = _outcome(told, "PROMOTED")
    if not failed and told.after is None:
        failed.append("the endpoint was created and answers; it does not")
    if told.after is not None:
        teller.console.print(f"  The endpoint answers {answers(told.after)}", soft_wrap=True)
    return failed


def _second(teller: Teller, told: Told, _drops: Drops) -> list[str]:
    failed = _outcome(told, "PROMOTED")
    challenger, champion = run_report.metric_values(told.record)
    if challenger is None or champion is None or not challenger > champion:
        failed.append(
            f"the challenger beats the champion on the fresh holdout; it has "
            f"{screen.number(challenger)}, the champion {screen.number(champion)}"
        )
    if told.before is not None and told.after is not None:
        teller.console.print(
            f"  The endpoint answered {answers(told.before)}; it now answers {answers(told.after)}",
            soft_wrap=True,
        )
        if told.before == told.after:
            failed.append("the endpoint answers differently after the promotion; it does not")
    return failed + _same_bytes(teller)


def _third(teller: Teller, told: Told, drops: Drops) -> list[str]:
    failed, drop = _outcome(told, "DATA_REJECTED"), drops.broken
    told.problems.extend(run_report.problems(teller.stack, told.run))
    if told.problems:
        run_report.print_problems(teller.console, told.problems)
    found = [p for p in told.problems if p.get("column") == drop.text_column]
    named = any(
        p.get("row") == drop.text_row and drop.text_value in str(p.get("value")) for p in found
    )
    if not named:
        failed.append(
            f"the report names column {drop.text_column}, row {drop.text_row} and the value "
            f"'{drop.text_value}'; it does not"
        )
    if not any(drop.renamed in str(problem) for problem in told.problems):
        failed.append(f"the report names the column {drop.renamed}, which was renamed; it does not")
    if "TrainModel" in _timeline(teller, told).states or _training_jobs(teller, told):
        failed.append("nothing is trained; a training job was made")
    return failed + _unmoved(teller, told)


def _fourth(teller: Teller, told: Told, drops: Drops) -> list[str]:
    failed = _outcome(told, "MODEL_REJECTED")
    challenger, _ = run_report.metric_values(told.record)
    is_auc = told.record.get("metric") == "auc"
    if is_auc and not (challenger is not None and CHANCE[0] <= challenger <= CHANCE[1]):
        failed.append(
            f"the challenger's fresh auc is between {CHANCE[0]} and {CHANCE[1]}; it is "
            f"{screen.number(challenger)}"
        )
    if told.record.get("data_state") != "SUSPECT":
        state = told.record.get("data_state")
        failed.append(
            f"the data of {', '.join(drops.shuffled.files)} is set aside as SUSPECT; it is {state}"
        )
    return failed + _unmoved(teller, told)


EXPECTATIONS = (_first, _second, _third, _fourth)
"""What must hold after each drop; each gives the expectations that failed, in words."""


def _outcome(told: Told, expected: str) -> list[str]:
    outcome = told.record.get("outcome")
    if outcome == expected:
        return []
    return [f"the run ends {expected}; it ended {outcome}: {told.record.get('sentence', '')}"]


def _unmoved(teller: Teller, told: Told) -> list[str]:
    if told.before is None or told.before != told.after:
        return ["the endpoint answers byte for byte as before; it does not"]
    teller.console.print(
        f"  The endpoint answers as before, byte for byte: {answers(told.after)}", soft_wrap=True
    )
    return []


def _same_bytes(teller: Teller) -> list[str]:
    """What answers, what the registry approved last and what the ledger says: one artifact."""
    champion = ledger.champion(teller.stack, teller.pipeline) or {}
    expected = champion.get("artifact_sha256")
    serving = _serving_sha256(teller.stack, teller.pipeline)
    approved = _newest_approved(teller)
    failed = []
    if serving != expected:
        failed.append(
            f"the endpoint serves the champion's artifact {expected}; it serves {serving}"
        )
    if approved != champion.get("package"):
        failed.append(f"the newest approved package is the champion's; it is {approved}")
    if not failed:
        teller.console.print(
            f"  Artifact {str(expected)[:12]}... serves, is the newest approved in the registry, "
            "and is the ledger's champion",
            soft_wrap=True,
        )
    return failed


def _serving_sha256(stack: Stack, pipeline: str) -> str | None:
    """What the serving process loaded, as the local AWS says."""
    import json
    import urllib.request

    url = f"{stack.aws.endpoint_url}/_ratchet"
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own gateway
        about = json.load(answer)
    endpoint = about.get("endpoints", {}).get(stack.endpoint(pipeline)) or {}
    sha256: str | None = endpoint.get("artifact_sha256")
    return sha256


def _newest_approved(teller: Teller) -> str | None:
    packages = teller.stack.client("sagemaker").list_model_packages(
        ModelPackageGroupName=teller.stack.endpoint(teller.pipeline),
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
    )["ModelPackageSummaryList"]
    newest = max(packages, key=lambda p: int(p["ModelPackageVersion"]), default=None)
    return newest["ModelPackageArn"] if newest else None


def _timeline(teller: Teller, told: Told) -> Timeline:
    return timeline_of(teller.stack, teller.stack.execution_arn(told.run.id))


def _training_jobs(teller: Teller, told: Told) -> list[str]:
    name = f"{teller.stack.name}-{told.run.id}"
    jobs = teller.stack.client("sagemaker").list_training_jobs(NameContains=name)
    return [job["TrainingJobName"] for job in jobs["TrainingJobSummaries"]]


def answers(body: bytes | None) -> str:
    """The first predictions of an answer: '0.031 0.112 0.045 ...'."""
    values = [part for part in re.split(r"[,\s]+", (body or b"").decode().strip()) if part]
    try:
        shown = " ".join(f"{float(value):.3f}" for value in values[:_ANSWERS_SHOWN])
    except ValueError as error:
        raise CliError(f"the endpoint's answer is no list of numbers: {values[:3]}") from error
    return shown + (" ..." if len(values) > _ANSWERS_SHOWN else "")


def close(console: Console, told: list[Told], folder: Path) -> None:
    """The closing table, and plainly whether the story held."""
    rows = [
        (
            str(one.number),
            one.title,
            screen.outcome(one.record.get("outcome")),
            *(screen.number(v) for v in reversed(run_report.metric_values(one.record))),
            screen.duration(one.seconds),
            screen.styled("yes", "green") if one.as_told else screen.styled("NO", "bold red"),
        )
        for one in told
    ]
    columns = ["", "drop", "outcome", ">champion", ">challenger", ">took", "as told"]
    console.print()
    console.print(screen.table("", columns, rows))
    failed = [f"drop {one.number}: {failure}" for one in told for failure in one.failed]
    if len(told) < DROPS:
        failed.append(f"the story ended after drop {len(told)}")
    for failure in failed:
        console.print(f"Not as told: {failure}", style="bold red", soft_wrap=True)
    if not failed:
        console.print("All four ended as told.", style="bold green")
    console.print(f"Report, picture and model are in {folder}/", soft_wrap=True)
