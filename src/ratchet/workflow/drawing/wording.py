"""Choice rules, error handlers and executions in a few words: labels of edges, and titles."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

_KEY = re.compile(r"(?<=[\w$\]])\['(\w+)'\]")
_PATH = re.compile(r"\$\$?\.?[A-Za-z_][\w.]*(?:\[\d+\][\w.]*)*")
_SIGNS = {
    "GreaterThanEquals": ">=",
    "LessThanEquals": "<=",
    "GreaterThan": ">",
    "LessThan": "<",
    "Equals": "=",
}
_MADE_UP = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOT_TESTS = frozenset({"Variable", "Next", "Assign", "Output", "Comment"})


def execution_title(arn: str) -> str:
    """An execution's name, or its state machine's where Step Functions has made one up.

    In `...:execution:MACHINE:NAME` and `...:express:MACHINE:NAME:ID` that is a UUID (API
    reference, StartExecution and StartSyncExecution); the child of a distributed Map has its
    label behind the machine's name.
    """
    parts = arn.split(":")
    machine, name = parts[6:8] if len(parts) > 7 else ("", arn)
    return machine if _MADE_UP.fullmatch(name) else name


def rule_texts(rules: Sequence[Any]) -> list[tuple[str, str]]:
    """(short, whole) for each rule of a Choice.

    A rule's Comment is its short text. Otherwise parts of a JSONata condition that other rules
    share are left out, paths are reduced to their last name, and quotes are dropped.
    """
    wholes = [_whole(rule) for rule in rules]
    parts = [_conjuncts(whole) for whole in wholes]
    uses = Counter(part for own in parts for part in set(own))
    return [
        (_comment(rule) or _short(own, uses), whole)
        for rule, whole, own in zip(rules, wholes, parts, strict=True)
    ]


def catch_texts(catcher: Any) -> tuple[str, str]:
    """(short, whole) for an entry of Catch; short is empty for one that catches any error."""
    names = catcher.get("ErrorEquals") if isinstance(catcher, Mapping) else None
    errors = [str(error) for error in names] if isinstance(names, list) else []
    if errors == ["States.ALL"]:
        return "", "any error"
    short = [error.removeprefix("States.") for error in errors]
    return ", ".join(short), ", ".join(errors)


def _comment(rule: Any) -> str:
    return str(rule["Comment"]) if isinstance(rule, Mapping) and rule.get("Comment") else ""


def _whole(rule: Any) -> str:
    """A rule as written: its JSONata condition, or its JSONPath comparison."""
    if not isinstance(rule, Mapping):
        return ""
    if "Condition" in rule:
        text = re.sub(r"^\s*\{%\s*|\s*%\}\s*$", "", str(rule["Condition"]))
        return re.sub(r"\s+", " ", text)
    for junction in ("And", "Or"):
        if isinstance(rule.get(junction), list):
            return f" {junction.lower()} ".join(_inner(part) for part in rule[junction])
    if "Not" in rule:
        return f"not ({_whole(rule['Not'])})"
    tests = [key for key in rule if key not in _NOT_TESTS]
    return " ".join(f"{rule.get('Variable', '')} {_test(key, rule[key])}" for key in tests)


def _inner(rule: Any) -> str:
    """A rule inside And or Or, in brackets if it joins others itself."""
    joins = isinstance(rule, Mapping) and bool(rule.keys() & {"And", "Or"})
    return f"({_whole(rule)})" if joins else _whole(rule)


def _test(operator: str, value: object) -> str:
    path = operator.endswith("Path")
    shown = str(value) if path else json.dumps(value, ensure_ascii=False)
    for name, sign in _SIGNS.items():
        if name in operator:
            return f"{sign} {shown}"
    if operator.startswith("Is"):
        return f"{'is' if value else 'is not'} {operator[2:].lower()}"
    return f"{re.sub('^String', '', operator).lower()} {shown}"


def _conjuncts(whole: str) -> list[str]:
    """The parts that `and` joins; a condition with brackets or `or` is not split."""
    if re.search(r"[(){}?]|\bor\b", whole):
        return [whole]
    return re.split(r"\s+and\s+", whole)


def _short(own: list[str], uses: Counter[str]) -> str:
    distinctive = [part for part in own if uses[part] == 1] or own
    return " and ".join(_plain(part) for part in distinctive)


def _plain(text: str) -> str:
    text = _KEY.sub(r".\1", text)
    text = re.sub(r"\s*!=\s*null\b", " is set", text)
    text = re.sub(r"\s*=\s*null\b", " is not set", text)
    text = re.sub(r"(\$[\w.]+)\s*=\s*true\b", r"\1", text)
    text = _PATH.sub(_last_name, text)
    return re.sub(r"""(["'])([\w .:*-]*)\1""", r"\2", text)


def _last_name(match: re.Match[str]) -> str:
    """`$promotion.action` becomes `action`; a function such as `$exists` keeps its name."""
    return match[0].lstrip("$").rpartition(".")[2].replace("_", " ")
