"""`ratchet approve` and `ratchet reject`: a person's word on a model that waits for it.

They write what any client of the model registry writes; the package's event does the rest.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ratchet.cli.command import command
from ratchet.cli.connection import Stack
from ratchet.cli.errors import CliError
from ratchet.cli.options import DEFAULT_AWS, Where

APPROVED, REJECTED, PENDING = "Approved", "Rejected", "PendingManualApproval"
WAITS = "APPROVAL_PENDING"

What = Annotated[str, typer.Argument(metavar="PIPELINE|RUN", help="Whose model it is.")]
Version = Annotated[
    int | None,
    typer.Option("--version", metavar="VERSION", help="Package version, if several wait."),
]


@command
def approve(
    what: What,
    version: Version = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Kept with the package.")
    ] = "Approved by ratchet approve",
    where: Where = DEFAULT_AWS,
) -> None:
    """Approve a model that waits for a person (gate.approval: manual); it is promoted then.

    The promotion verifies the endpoint, as every promotion does, and a notice tells how it ends.

    Example: ratchet approve bank-marketing
    """
    from ratchet.cli.screen import stdout

    found = where.find(writes=True)
    run = _decide(found, what, version, APPROVED, reason)
    text = f"{_named(run)} is approved, and its promotion begins. See how it ends:"
    stdout().print(f"{text} ratchet show {run['run']}", soft_wrap=True)


@command
def reject(
    what: What,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept.")],
    version: Version = None,
    where: Where = DEFAULT_AWS,
) -> None:
    """Reject a model that waits for a person's approval; nothing promotes it then.

    Example: ratchet reject bank-marketing --reason "the campaign has changed"
    """
    from ratchet.cli.screen import stdout

    found = where.find(writes=True)
    run = _decide(found, what, version, REJECTED, reason)
    stdout().print(f"{_named(run)} is rejected. The champion stays as it is.", soft_wrap=True)


def _named(run: dict[str, Any]) -> str:
    from ratchet.cli.rollback import version_of

    return f"Version {version_of(run)} of {run['pipeline']}, of run {run['run']},"


def _decide(
    stack: Stack, what: str, version: int | None, status: str, reason: str
) -> dict[str, Any]:
    """Write the person's word on the chosen package; its run."""
    registry = stack.client("sagemaker")
    run = chosen(_candidates(stack, what), what, version, registry)
    registry.update_model_package(
        ModelPackageArn=run["package"],
        ModelApprovalStatus=status,
        ApprovalDescription=" ".join(reason.split())[:1024],
    )
    return run


def _candidates(stack: Stack, what: str) -> list[dict[str, Any]]:
    """The one run that is named, or those of the pipeline."""
    from ratchet.cli import ledger

    if what in ledger.registrations(stack) or not what[-1:].isdigit():
        ledger.registration(stack, what)
        return ledger.runs(stack, what)
    ref = ledger.RunRef.parse(what)
    return [{**ledger.run_record(stack, ref), "pipeline": ref.pipeline}]


def chosen(
    runs: list[dict[str, Any]], what: str, version: int | None, registry: Any
) -> dict[str, Any]:
    """The run whose package is meant; CliError says which there are.

    A version that is named may have been rejected by a person, who thinks better of it.
    """
    from ratchet.cli.rollback import version_of

    waiting = {version_of(run): run for run in runs if run.get("outcome") == WAITS}
    there = {number: _status(registry, run) for number, run in waiting.items()}
    open_ones = [number for number, status in there.items() if status == PENDING]
    if version is None and len(runs) == len(waiting) == 1:
        (version,) = waiting
    elif version is None and len(open_ones) == 1:
        (version,) = open_ones
    if version in waiting and there[version] != APPROVED:
        return waiting[version]
    if version in waiting:
        raise CliError(f"version {version} of {what} is Approved already", "See: ratchet runs")
    known = ", ".join(str(number) for number in sorted(open_ones)) or "none"
    if version is None and open_ones:
        raise CliError(
            f"several models of {what} wait for approval", f"Choose with --version: {known}."
        )
    missing = f"no model of {what}" if version is None else f"version {version} of {what}"
    verb = "waits" if version is None else "does not wait"
    raise CliError(f"{missing} {verb} for approval", f"Versions that wait: {known}.")


def _status(registry: Any, run: dict[str, Any]) -> str:
    described = registry.describe_model_package(ModelPackageName=run["package"])
    return str(described["ModelApprovalStatus"])
