"""Checks ASL files: `python -m ratchet.workflow.lint FILE...`; exit code 1 if one has an error."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ratchet.workflow.asl.building import build
from ratchet.workflow.asl.findings import ERROR, Finding, InvalidDefinition
from ratchet.workflow.asl.source import read
from ratchet.workflow.checks import check


def lint(text: str | bytes, *, placeholders: bool = True) -> tuple[Finding, ...]:
    """Findings about a definition as text (JSON or YAML). Never raises for what the text holds.

    `${Name}` in a string is a DefinitionSubstitution still to come, unless `placeholders` is off.
    """
    try:
        return check(build(read(text)), placeholders=placeholders)
    except InvalidDefinition as error:
        return error.findings


def lint_file(path: Path) -> tuple[Finding, ...]:
    """Findings about an ASL file. Raises OSError if it cannot be read."""
    return lint(path.read_bytes())


def main(arguments: Sequence[str]) -> int:
    """Print the findings of each file as `file:line:column: severity: ...`."""
    if not arguments:
        print("usage: python -m ratchet.workflow.lint FILE...", file=sys.stderr)
        return 2
    failed = False
    for name in arguments:
        try:
            findings = lint_file(Path(name))
        except OSError as error:
            print(f"{name}: error: cannot be read: {error.strerror}", file=sys.stderr)
            failed = True
            continue
        for finding in findings:
            separator = ":" if finding.line is not None else ": "
            print(f"{name}{separator}{finding}")
        failed = failed or any(finding.severity == ERROR for finding in findings)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
