"""Finds the local AWS that a command uses when no endpoint is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ratchet.cli.errors import CliError


def find(*, writes: bool) -> dict[str, Any] | None:
    """What the local AWS to use answers at `/_ratchet`; None when none of this user runs.

    That of this project comes first. A command that only reads takes another project's too; one
    that writes does not: CliError names what was found.
    """
    from ratchet.local_aws.running.folders import all_running

    found = list(all_running())
    ours = [about for about in found if is_ours(about)]
    if found and writes and not ours:
        raise _not_ours(found)
    return next(iter([*ours, *found]), None)


def is_ours(about: dict[str, Any]) -> bool:
    """True when a local AWS was started in the project of the current folder."""
    started_in = about.get("started_in")
    return isinstance(started_in, str) and project(Path(started_in)) == project(Path.cwd())


def describe(about: dict[str, Any]) -> str:
    """'http://127.0.0.1:4566 (process 7 of ann, started in /home/ann/models)'."""
    who = f"process {about.get('pid')} of {about.get('user')}"
    return f"{about.get('endpoint')} ({who}, started in {about.get('started_in')})"


def project(folder: Path) -> Path:
    """The nearest folder, from this one upward, that holds pipelines/ or .git; else this one."""
    folder = folder.resolve()
    for one in (folder, *folder.parents):
        if (one / ".git").exists() or any(one.glob("pipelines/*/pipeline.yaml")):
            return one
    return folder


def _not_ours(found: list[dict[str, Any]]) -> CliError:
    url = found[0].get("endpoint") if len(found) == 1 else "URL"
    return CliError(
        f"no local AWS of this project ({project(Path.cwd())}) is running for a command that "
        f"writes, only another project's: {', '.join(describe(about) for about in found)}",
        f"Write to it with --endpoint-url {url}   Or to real AWS with --profile NAME.",
    )
