"""What states, transitions and outcomes are called in a picture, and how wide that is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ratchet.workflow.drawing.layout import Edge
from ratchet.workflow.drawing.timeline import StateTimes

LABEL_CHARS = 30

WORDS = {
    "SUCCEEDED": "succeeded",
    "CAUGHT": "failed, error handled",
    "FAILED": "failed",
    "TIMED_OUT": "timed out",
    "ABORTED": "stopped",
    "RUNNING": "running",
}
_SERVICES = {
    "lambda": "Lambda",
    "glue": "Glue",
    "databrew": "DataBrew",
    "sagemaker": "SageMaker",
    "states": "Step Functions",
    "s3": "S3",
    "sns": "SNS",
    "sqs": "SQS",
    "dynamodb": "DynamoDB",
    "events": "EventBridge",
    "ecs": "ECS",
    "batch": "Batch",
    "apigateway": "API Gateway",
}


def edges_of(name: str, state: Mapping[str, Any]) -> list[Edge]:
    """The transitions of a state, one for each target and kind, with their labels."""
    ways: dict[tuple[str, str], list[str]] = {}
    if "Next" in state:
        ways[str(state["Next"]), "next"] = [""]
    for rule in state.get("Choices") or []:
        ways.setdefault((str(rule.get("Next")), "next"), []).append(_rule_text(rule))
    if "Default" in state:
        ways.setdefault((str(state["Default"]), "next"), []).append("otherwise")
    for catcher in state.get("Catch") or []:
        ways.setdefault((str(catcher.get("Next")), "catch"), []).append(_catch_text(catcher))
    return [_edge(name, target, kind, texts) for (target, kind), texts in ways.items()]


def _edge(source: str, target: str, kind: str, texts: list[str]) -> Edge:
    label = " or ".join(dict.fromkeys(text for text in texts if text))
    width = min(text_width(label, 11), LABEL_CHARS * 6.2) + 10 if label else 0.0
    return Edge(source, target, "catch" if kind == "catch" else "next", label, width)


def _rule_text(rule: Mapping[str, Any]) -> str:
    """A Choice rule in words: its Comment, its JSONata condition, or its JSONPath comparison."""
    if rule.get("Comment"):
        return str(rule["Comment"])
    if "Condition" in rule:
        text = re.sub(r"^\s*\{%\s*|\s*%\}\s*$", "", str(rule["Condition"]))
        return re.sub(r"\s+", " ", text)
    for junction in ("And", "Or"):
        if junction in rule:
            return f" {junction.lower()} ".join(_rule_text(part) for part in rule[junction])
    if "Not" in rule:
        return f"not ({_rule_text(rule['Not'])})"
    tests = [key for key in rule if key not in {"Variable", "Next", "Assign", "Output"}]
    return " ".join(f"{rule.get('Variable', '')} {_test_text(key, rule[key])}" for key in tests)


def _test_text(operator: str, value: object) -> str:
    signs = {"GreaterThanEquals": ">=", "LessThanEquals": "<=", "GreaterThan": ">", "LessThan": "<"}
    for name, sign in signs.items():
        if name in operator:
            return f"{sign} {json.dumps(value)}"
    if operator.startswith("Is"):
        return f"{'is' if value else 'is not'} {operator[2:].lower()}"
    return f"= {json.dumps(value)}" if "Equals" in operator else f"{operator} {json.dumps(value)}"


def _catch_text(catcher: Mapping[str, Any]) -> str:
    errors = [str(error) for error in catcher.get("ErrorEquals") or []]
    return "" if errors == ["States.ALL"] else ", ".join(errors)


def kind_of(state: Mapping[str, Any]) -> str:
    """One line on what a state does: 'Lambda CheckData', 'Glue startJobRun, waits', 'Map'."""
    kind = str(state.get("Type", ""))
    if kind == "Task":
        return _task_kind(state)
    if kind == "Map":
        limit = state.get("MaxConcurrency")
        return f"Map, up to {limit} at once" if limit else "Map"
    if kind == "Parallel":
        return f"Parallel, {len(state.get('Branches') or [])} branches"
    if kind == "Wait" and "Seconds" in state:
        return f"Wait {state['Seconds']} s"
    if kind == "Fail" and isinstance(state.get("Error"), str) and "{%" not in state["Error"]:
        return f"Fail: {state['Error']}"
    return kind


def _task_kind(state: Mapping[str, Any]) -> str:
    parts = str(state.get("Resource", "")).split(":")
    if len(parts) > 5 and parts[2] == "lambda":
        return f"Lambda {parts[-1]}"
    if len(parts) < 7 or parts[2] != "states":
        return "Task"
    sdk = parts[5] == "aws-sdk"
    service = parts[6 if sdk else 5]
    action = parts[7] if sdk and len(parts) > 7 else parts[6]
    if (service, action.partition(".")[0]) == ("lambda", "invoke"):
        return f"Lambda {_function_name(state)}".strip()
    return f"{_SERVICES.get(service, service)} {action}"


def _function_name(state: Mapping[str, Any]) -> str:
    arguments = state.get("Arguments") or state.get("Parameters") or {}
    name = arguments.get("FunctionName", "") if isinstance(arguments, Mapping) else ""
    name = re.sub(r"^\$\{(.*)FunctionArn\}$", r"\1", str(name)).rpartition(":function:")[2] or name
    made = re.fullmatch(r".+?-(\w+?)(?:Function)?-[A-Z0-9]{8,}", str(name))  # by CloudFormation
    name = made[1] if made else name
    return "" if "{%" in str(name) or "$" in str(name) else str(name)


def edge_title(edge: Edge) -> str:
    """The hover text of a transition, untruncated."""
    if edge.kind == "catch":
        return f"{edge.source}: on {edge.label or 'any error'} to {edge.target}"
    return f"{edge.source} to {edge.target}" + (f": {edge.label}" if edge.label else "")


def state_title(name: str, state: Mapping[str, Any], times: StateTimes | None) -> str:
    """The hover text of a state: what it is, and how it went."""
    lines = [name, kind_of(state)]
    if state.get("Comment"):
        lines.append(str(state["Comment"]))
    if times:
        lines.append(f"{WORDS[times.status]} in {duration(times.seconds())}")
        lines.append(f"entered {times.entered:%H:%M:%S}, visits {times.visits}")
        if times.attempts:
            lines.append(f"attempts {times.attempts}")
        if times.error:
            lines.append(f"{times.error}: {times.cause}"[:600])
    return "\n".join(lines)


def note(times: StateTimes | None) -> str:
    """The small text beside a state's name: visits, time, tries."""
    if times is None or (times.seconds() < 0.001 and not times.attempts):
        return ""
    visits = f"{times.visits}x " if times.visits > 1 else ""
    tries = f", {times.retries + 1} tries" if times.retries else ""
    return f"{visits}{duration(times.seconds())}{tries}"


def duration(seconds: float) -> str:
    """Seconds for people: '50 ms', '7.2 s', '3 min 12 s'."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def text_width(text: str, size: float) -> float:
    """Rough, for no font is at hand; a little too wide rather than too narrow."""
    narrow, wide = "ijl.,:;|'!()[]{} tfrI", "mwMW@%"
    units = sum(0.33 if c in narrow else 0.9 if c in wide else 0.68 if c.isupper() else 0.57
                for c in text)  # fmt: skip
    return units * size


def fit(text: str, room: float, size: float) -> str:
    """The text, cut with an ellipsis where it is wider than `room`."""
    if text_width(text, size) <= room:
        return text
    while text and text_width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"
