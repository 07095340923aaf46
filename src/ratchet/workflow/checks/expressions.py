"""JSONata inside `{% %}`: it parses, calls existing functions, reads `$states` where it is set."""

from __future__ import annotations

from collections.abc import Iterator

from ratchet.workflow.asl import jsonata
from ratchet.workflow.asl.findings import WARNING, Finding, Path
from ratchet.workflow.asl.model import State
from ratchet.workflow.asl.templates import CLOSING, OPENING, expression_text, is_expression
from ratchet.workflow.checks import walk
from ratchet.workflow.checks.functions import FUNCTIONS, MANY
from ratchet.workflow.checks.rule import Rule, Subject, nearest, shown
from ratchet.workflow.checks.uses import TooMuchError, Uses

_TRANSFORMING = Rule.link + "transforming-data.html"


def uses_of(subject: Subject, text: str) -> Uses | None:
    """What an expression uses; None if it does not parse or contains a substitution."""
    if subject.is_open(text):
        return None
    try:
        return subject.expressions.uses(text)
    except (jsonata.JsonataError, TooMuchError):
        return None


class Expressions(Rule):
    """Every expression parses."""

    id = "jsonata"
    summary = "Expressions between {% and %} are valid JSONata"
    link = _TRANSFORMING
    code = "INVALID_JSONATA_EXPRESSION"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            if state.is_jsonata:
                for path, text in walk.strings(state):
                    yield from self._string(subject, path, text)

    def _string(self, subject: Subject, path: Path, text: str) -> Iterator[Finding]:
        if is_expression(text):
            yield from self._expression(subject, path, expression_text(text))
        elif text.lstrip().startswith(OPENING) or text.rstrip().endswith(CLOSING):
            yield self.finding(
                path,
                "An expression begins with {% and ends with %}, with nothing before or after; "
                "this string would be taken as text",
                "Move everything between {% and %}",
            )

    def _expression(self, subject: Subject, path: Path, text: str) -> Iterator[Finding]:
        if subject.is_open(text):
            return
        try:
            calls = subject.expressions.uses(text).calls
        except TooMuchError as error:
            reason = f"The expression was not checked: {error}"
            suggestion = "Split it up over several states or variables"
            yield self.finding(path, reason, suggestion, severity=WARNING)
            return
        except jsonata.JsonataError as error:
            known = error.position is not None and error.position > 0
            place = f" at character {error.position}" if known else ""
            yield self.finding(path, f"Not JSONata: {error.message}{place}", "Fix the expression")
            return
        if any(name == "eval" for name, *_ in calls):
            reason = "$eval does not exist in Step Functions: the call fails with T1006"
            yield self.finding(path, reason, "Use $parse", severity=WARNING)


class Functions(Rule):
    """Functions that an expression calls exist and get the right number of arguments."""

    id = "jsonata-function"
    summary = "JSONata functions exist and get the right number of arguments"
    link = _TRANSFORMING

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            for path, text in walk.jsonata_texts(state):
                used = uses_of(subject, text)
                for name, count, is_fed in used.calls if used else ():
                    reason = _wrong_call(name, count, is_fed)
                    if reason is not None:
                        yield self.finding(path, *reason, severity=WARNING)


def _wrong_call(name: str, count: int, is_fed: bool) -> tuple[str, str] | None:
    if name not in FUNCTIONS:
        known = (f"${function}" for function in FUNCTIONS)
        return f"JSONata has no function ${name}", nearest(f"${name}", known)
    least, most = FUNCTIONS[name]
    if count > most:
        return f"${name} takes {_words(least, most)}, not {count}", "Remove the extra ones"
    if count + is_fed < least:
        return f"${name} takes {_words(least, most)}, not {count}", "Add the missing ones"
    return None


def _words(least: int, most: int) -> str:
    if most == MANY:
        return f"{least} or more arguments"
    if most == 0:
        return "no arguments"
    count = f"{most}" if least == most else f"at most {most}"
    return f"{count} argument{'s' if most > 1 else ''}"


class StatesVariable(Rule):
    """`$states.result` and `$states.errorOutput` are read only where they are set."""

    id = "jsonata-states"
    summary = "$states.result and $states.errorOutput are read only where they are set"
    link = _TRANSFORMING
    code = "UNSUPPORTED_JSONATA_EXPRESSION"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            for path, text in walk.jsonata_texts(state):
                used = uses_of(subject, text) if "states" in text else None
                names = {names[0] for names in used.states if names} if used else ()
                for name in sorted(names):
                    yield from self._member(state, path, name)

    def _member(self, state: State, path: Path, name: str) -> Iterator[Finding]:
        inside = path[len(state.path) :]
        if name == "result" and not _has_result(state, inside):
            where = f"a {state.type} state" if state.type not in _CALLERS else f"{inside[0]}"
            yield self.finding(
                path,
                f"$states.result is not set in {where}",
                "Use $states.input; only Output and Assign of Task, Parallel and Map see a result",
                severity=WARNING,
            )
        elif name == "errorOutput" and not _has_error(inside):
            yield self.finding(
                path,
                "$states.errorOutput is set only in Output and Assign of a Catch entry",
                "Move the expression there, or keep the error in a variable",
            )
        elif name not in _MEMBERS:
            reason = f"$states has no member {shown(name)}"
            yield self.finding(path, reason, nearest(name, _MEMBERS), severity=WARNING)


_MEMBERS = ("context", "errorOutput", "input", "result")
_CALLERS = frozenset({"Task", "Parallel", "Map"})


def _has_result(state: State, inside: Path) -> bool:
    return state.type in _CALLERS and inside[0] in ("Output", "Assign")


def _has_error(inside: Path) -> bool:
    return inside[0] == "Catch" and len(inside) > 2 and inside[2] in ("Output", "Assign")
