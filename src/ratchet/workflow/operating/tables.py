"""Lists that a notebook displays as tables. All their texts are escaped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from xml.sax.saxutils import escape, quoteattr

from ratchet.workflow.history.reader import read_trace
from ratchet.workflow.operating.clients import console_link

_STYLE = (
    "border-collapse:collapse;font:13px system-ui,sans-serif;text-align:left;"
    "font-variant-numeric:tabular-nums"
)
_CELL = "padding:4px 12px 4px 0;border-bottom:1px solid #dde1e6;vertical-align:top"


class Html(str):
    """HTML text that a notebook renders."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(self)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Html:
    """An HTML table; cells that are Html already are not escaped."""
    head = "".join(f'<th style="{_CELL}">{escape(name)}</th>' for name in columns)
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    return Html(
        f'<table style="{_STYLE}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def _cell(value: Any) -> str:
    return f'<td style="{_CELL}">{value if isinstance(value, Html) else escape(_text(value))}</td>'


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)


def _link(text: str, address: str | None) -> Any:
    if address is None:
        return text
    attributes = f'href={quoteattr(address)} target="_blank" rel="noopener"'
    return Html(f"<a {attributes}>{escape(text)}</a>")


class _Table(list[Any]):
    """A list that a notebook displays as an HTML table."""

    def to_html(self) -> Html:
        raise NotImplementedError

    def _repr_html_(self) -> str:
        return self.to_html()


class ListedExecution(Protocol):
    """An execution as a row shows it."""

    @property
    def client(self) -> Any:
        """The Step Functions client that found it."""

    @property
    def execution_arn(self) -> str:
        """Its ARN."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def status(self) -> str:
        """Its status as last seen."""

    @property
    def start_date(self) -> datetime | None:
        """When it was started."""

    @property
    def stop_date(self) -> datetime | None:
        """When it ended, if it has."""


class WorkflowList(_Table):
    """State machines, as ListStateMachines gives them."""

    def __init__(self, entries: Iterable[Any] = (), client: Any = None) -> None:
        super().__init__(entries)
        self.client = client

    def to_html(self) -> Html:
        return table(
            ("Name", "Type", "Created"),
            (
                (
                    _link(
                        entry["name"],
                        console_link(self.client, "machine", entry["stateMachineArn"]),
                    ),
                    entry.get("type", ""),
                    entry["creationDate"],
                )
                for entry in self
            ),
        )


class ExecutionsList(_Table):
    """Executions of one workflow."""

    def to_html(self) -> Html:
        return table(("Name", "Status", "Started", "Ended"), (self._row(one) for one in self))

    @staticmethod
    def _row(one: ListedExecution) -> tuple[Any, ...]:
        link = console_link(one.client, "execution", one.execution_arn)
        return _link(one.name, link), one.status, one.start_date, one.stop_date


class EventsList(_Table):
    """The history of one execution."""

    def to_html(self) -> Html:
        started = min((event["timestamp"] for event in self), default=None)
        state = _states_of(self)
        return table(
            ("ID", "Type", "State", "Elapsed", "Details"),
            (
                (
                    event["id"],
                    event["type"],
                    state.get(event["id"], ""),
                    _elapsed(started, event["timestamp"]),
                    _details(event),
                )
                for event in self
            ),
        )


def _states_of(events: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Which state each event belongs to, as far as an incomplete history shows it."""
    named = {event["id"]: name for event in events if (name := _own_name(event))}
    trace = read_trace(sorted(events, key=lambda event: int(event["id"])))
    return named | trace.states_by_event()


def _own_name(event: Mapping[str, Any]) -> str | None:
    entered, exited = event.get("stateEnteredEventDetails"), event.get("stateExitedEventDetails")
    return (entered or exited or {}).get("name")


def _elapsed(start: Any, at: Any) -> str:
    return "" if start is None else f"{(at - start).total_seconds():.3f} s"


def _details(event: dict[str, Any]) -> Html:
    details = next((value for key, value in event.items() if key.endswith("EventDetails")), None)
    if not details:
        return Html("")
    text = json.dumps(
        {name: _parsed(part) for name, part in details.items()}, indent=2, default=str
    )
    return Html(f"<details><summary>show</summary><pre>{escape(text)}</pre></details>")


def _parsed(value: Any) -> Any:
    """The value of a string that contains JSON."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
