"""JSONata inside `{% %}`: it parses, and calls nothing that Step Functions does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ratchet.workflow.asl import jsonata
from ratchet.workflow.asl.findings import Finding, Path
from ratchet.workflow.asl.model import State
from ratchet.workflow.asl.templates import CLOSING, OPENING, expression_text, is_expression
from ratchet.workflow.checks.rule import Rule, Subject

_FLOWS = ("Branches", "ItemProcessor", "Iterator")


class Expressions(Rule):
    """Every expression parses."""

    id = "jsonata"
    summary = "Expressions between {% and %} must be valid JSONata"
    link = Rule.link + "transforming-data.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.machine.all_states():
            if state.is_jsonata:
                for path, text in _strings(state):
                    yield from self._string(subject, path, text)

    def _string(self, subject: Subject, path: Path, text: str) -> Iterator[Finding]:
        if is_expression(text):
            yield from self._expression(subject, path, expression_text(text))
        elif text.lstrip().startswith(OPENING) or text.rstrip().endswith(CLOSING):
            yield self.finding(
                path,
                "An expression begins with {% and ends with %}, with nothing before or after; "
                "this string would be taken as text",
                "Move everything inside the marks",
            )

    def _expression(self, subject: Subject, path: Path, text: str) -> Iterator[Finding]:
        if subject.is_open(text):
            return
        try:
            jsonata.compiled(text)
            uses_eval = "$eval" in text and jsonata.uses_function(text, "eval")
        except jsonata.JsonataError as error:
            place = (
                f" at character {error.position}" if error.position and error.position > 0 else ""
            )
            yield self.finding(path, f"Not JSONata: {error.message}{place}", "Mend the expression")
            return
        if uses_eval:
            yield self.finding(path, "$eval does not exist in Step Functions", "Use $parse")


def _strings(state: State) -> Iterator[tuple[Path, str]]:
    """The strings of a state's fields, without those of the flows inside it. No recursion."""
    waiting: list[tuple[Path, Any]] = [
        ((*state.path, key), value)
        for key, value in reversed(list(state.document.items()))
        if key not in (*_FLOWS, "Comment")
    ]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, dict):
            waiting += [((*path, key), part) for key, part in reversed(list(value.items()))]
        elif isinstance(value, list):
            waiting += [((*path, index), part) for index, part in reversed(list(enumerate(value)))]
