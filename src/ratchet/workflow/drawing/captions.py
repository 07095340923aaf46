"""The texts for states, transitions and outcomes in a picture."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ratchet.workflow.drawing.layout import Edge, Kind
from ratchet.workflow.drawing.text import text_width
from ratchet.workflow.drawing.wording import catch_texts, rule_texts
from ratchet.workflow.history.timeline import StateTimes, Timeline
from ratchet.workflow.integrations.index import caption_of

LABEL_WIDTH = 190.0

WORDS = {
    "SUCCEEDED": "succeeded",
    "CAUGHT": "failed, error handled",
    "FAILED": "failed",
    "TIMED_OUT": "timed out",
    "ABORTED": "stopped",
    "RUNNING": "running",
}


def edges_of(name: str, state: Mapping[str, Any]) -> list[Edge]:
    """The transitions of a state, one for each target and kind, with their labels."""
    ways: dict[tuple[str, Kind], list[tuple[str, str]]] = {}
    if "Next" in state:
        ways[str(state["Next"]), "next"] = [("", "")]
    rules = _objects(state, "Choices")
    for rule, texts in zip(rules, rule_texts(rules), strict=True):
        ways.setdefault((str(rule.get("Next")), "next"), []).append(texts)
    if "Default" in state:
        default = ("otherwise", "otherwise")
        ways.setdefault((str(state["Default"]), "next"), []).append(default)
    for catcher in _objects(state, "Catch"):
        texts = catch_texts(catcher)
        ways.setdefault((str(catcher.get("Next")), "catch"), []).append(texts)
    return [_edge(name, target, kind, texts) for (target, kind), texts in ways.items()]


def _objects(state: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    entries = state.get(key)
    listed = entries if isinstance(entries, list) else []
    return [entry for entry in listed if isinstance(entry, Mapping)]


def _edge(source: str, target: str, kind: Kind, texts: list[tuple[str, str]]) -> Edge:
    shorts = list(dict.fromkeys(short for short, _ in texts))
    label = "" if kind == "catch" and "" in shorts else " or ".join(filter(None, shorts))
    hover = " or ".join(dict.fromkeys(whole for _, whole in texts if whole))
    width = min(text_width(label, 11), LABEL_WIDTH) + 10 if label else 0.0
    return Edge(source, target, kind, label, width, hover)


def retriers(state: Mapping[str, Any]) -> list[str]:
    """Each Retry entry in words: which errors, how often and after how long."""
    return [_retry_text(entry) for entry in _objects(state, "Retry")]


def _retry_text(entry: Mapping[str, Any]) -> str:
    names = entry.get("ErrorEquals")
    errors = ", ".join(map(str, names)) if isinstance(names, list) else ""
    attempts, wait = entry.get("MaxAttempts", 3), entry.get("IntervalSeconds", 1)
    often = "once" if attempts == 1 else f"up to {attempts} times, first"
    return f"tried again {often} after {wait} s, on {errors}"


def kind_of(state: Mapping[str, Any]) -> str:
    """What a state does, in one line: 'Lambda CheckData', 'Glue startJobRun', 'Map'."""
    kind = str(state.get("Type", ""))
    if kind == "Task":
        return _task_kind(state)
    if kind == "Map":
        limit, kind = state.get("MaxConcurrency"), _map_kind(state)
        return f"{kind}, {limit} at once" if isinstance(limit, int) and limit else kind
    if kind == "Parallel":
        count = len(_objects(state, "Branches"))
        return f"Parallel, {count} branch{'es' if count != 1 else ''}"
    if kind == "Wait" and "Seconds" in state:
        return f"Wait {state['Seconds']} s"
    if kind == "Fail" and isinstance(state.get("Error"), str) and "{%" not in state["Error"]:
        return f"Fail: {state['Error']}"
    return kind


def _map_kind(state: Mapping[str, Any]) -> str:
    processor = state.get("ItemProcessor")
    config = processor.get("ProcessorConfig") if isinstance(processor, Mapping) else None
    mode = config.get("Mode") if isinstance(config, Mapping) else None
    return "Distributed Map" if mode == "DISTRIBUTED" else "Map"


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
    waits = ", for a token" if action.endswith(".waitForTaskToken") else ""
    return f"{caption_of(service)} {action.partition('.')[0]}{waits}"


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
        return f"{edge.source}: on {edge.hover or 'any error'} to {edge.target}"
    return f"{edge.source} to {edge.target}" + (f": {edge.hover}" if edge.hover else "")


def state_title(name: str, state: Mapping[str, Any], times: StateTimes | None) -> str:
    """The hover text of a state: what it does, and its outcome."""
    lines = [name, kind_of(state)]
    if isinstance(state.get("Resource"), str):
        lines.append(state["Resource"])
    if state.get("Comment"):
        lines.append(str(state["Comment"]))
    lines += retriers(state)
    if times:
        lines.append(f"{WORDS[times.status]} in {duration(times.seconds())}")
        lines.append(f"entered {times.entered:%H:%M:%S}, visits {times.visits}")
        if times.attempts:
            lines.append(f"attempts {times.attempts}")
        if times.error:
            lines.append(f"{times.error}: {times.cause}"[:600])
    return "\n".join(lines)


def note(times: StateTimes | None) -> str:
    """The number of visits of a state and the time they took."""
    if times is None or (times.seconds() < 0.001 and not times.attempts):
        return ""
    visits = f"{times.visits}x " if times.visits > 1 else ""
    return f"{visits}{duration(times.seconds())}"


def tries(times: StateTimes | None) -> str:
    """'3 tries' for a state that was retried, '2 retries' over several visits, else nothing."""
    if times is None or not times.retries:
        return ""
    if times.visits == 1:
        return f"{times.retries + 1} tries"
    return f"{times.retries} retr{'y' if times.retries == 1 else 'ies'}"


def status_line(timeline: Timeline) -> str:
    """The outcome of an execution: 'failed in 7.2 s with Busy, started 2026-03-04 10:00:00 UTC'."""
    text = f"{WORDS[timeline.status]} in {duration(timeline.seconds())}"
    text += f" with {timeline.error[:80]}" if timeline.error else ""
    if timeline.started:
        text += f", started {timeline.started:%Y-%m-%d %H:%M:%S %Z}".rstrip()
    return text


def duration(seconds: float) -> str:
    """Seconds for people: '50 ms', '7.2 s', '3 min 12 s'."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
