"""Writes the page about the rules: `python -m ratchet.workflow.checks.page > docs/rules.md`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from ratchet.workflow.checks import RULES
from ratchet.workflow.checks.uses import MAX_EXPRESSION, MAX_SECONDS

_HEAD = f"""\
# Rules of `ratchet lint`

`ratchet lint FILE...` checks state machines: an ASL file (JSON or YAML), or a SAM or CloudFormation
template with all definitions it names. The same rules decide `CreateStateMachine` on local
AWS. An **error** is what AWS refuses, or what a role cannot do; a **warning** is what AWS accepts
but what will fail or mislead when it runs. A **note** is what AWS runs and local AWS does not:
local AWS refuses to create such a machine, while `ratchet lint` goes by AWS and passes it.
`--strict` fails on warnings too, `--json` is for programs.

Lint takes seconds at most, whatever it reads. An expression of more than {MAX_EXPRESSION:,}
characters, or one reached after {MAX_SECONDS:g} seconds of reading expressions, is not checked,
and a warning says so.
This page is generated from the code: `python -m ratchet.workflow.checks.page > docs/rules.md`.

In a template, `template` is a definition that cannot be found or read, `substitution` a `${{Name}}`
that `DefinitionSubstitutions` does not set. `syntax` is text that is not JSON or YAML.

| rule | finds | more |
|---|---|---|
"""


def page() -> str:
    """The page, in Markdown."""
    return _HEAD + "".join(_rows())


def _rows() -> Iterator[str]:
    for rule in RULES:
        about = inspect.cleandoc(rule.__doc__ or rule.summary).split("\n", 1)[0]
        yield f"| `{rule.id}` | {_cell(about)} | [AWS]({rule.link}) |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")
