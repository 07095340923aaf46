"""Handlers' output on its way to CloudWatch Logs, and embedded metrics (EMF) to CloudWatch.

Written in the background and in batches: a handler never waits for its log.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ratchet.local_aws.lambda_.worker import LogLine
    from ratchet.local_aws.running.host import Clients

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.2
EVENTS_PER_CALL = 1000
METRICS_PER_CALL = 500


@dataclass(frozen=True)
class Stream:
    """A log group and a stream in it."""

    group: str
    name: str


class LogWriter:
    """Takes lines from any thread and writes them on its own."""

    def __init__(self, local: Clients) -> None:
        self._local = local
        self._queue: queue.SimpleQueue[tuple[Stream, list[LogLine]] | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._known: set[Stream] = set()
        self._thread = threading.Thread(target=self._run, daemon=True, name="lambda-logs")
        self._thread.start()

    def write(self, stream: Stream, lines: list[LogLine]) -> None:
        """Queue the lines."""
        if lines:
            self._queue.put((stream, lines))

    def close(self) -> None:
        """Discard what is queued and end the thread."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join(5)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if self._closing.wait(GATHER_SECONDS):
                return
            try:
                self._flush(self._gather(item))
            except (ClientError, BotoCoreError) as error:
                if not self._closing.is_set():
                    log.warning("a Lambda function's log was not written: %s", error)

    def _gather(self, first: tuple[Stream, list[LogLine]]) -> dict[Stream, list[LogLine]]:
        batch: dict[Stream, list[LogLine]] = defaultdict(list)
        batch[first[0]] += first[1]
        for _ in range(self._queue.qsize()):
            item = self._queue.get()
            if item is None:
                self._queue.put(None)
                break
            batch[item[0]] += item[1]
        return batch

    def _flush(self, batch: dict[Stream, list[LogLine]]) -> None:
        for stream, lines in batch.items():
            self._put_lines(stream, lines)
        metrics = [line.text for lines in batch.values() for line in lines if '"_aws"' in line.text]
        for namespace, data in _by_namespace(metrics).items():
            for part in _parts(data, METRICS_PER_CALL):
                self._local.client("cloudwatch").put_metric_data(
                    Namespace=namespace, MetricData=part
                )

    def _put_lines(self, stream: Stream, lines: list[LogLine]) -> None:
        events = [{"timestamp": line.at, "message": line.text} for line in lines]
        self._ensure(stream)
        for part in _parts(events, EVENTS_PER_CALL):
            self._put(stream, part)

    def _put(self, stream: Stream, events: list[dict[str, Any]]) -> None:
        request = {"logGroupName": stream.group, "logStreamName": stream.name, "logEvents": events}
        client = self._local.client("logs")
        try:
            client.put_log_events(**request)
        except client.exceptions.ResourceNotFoundException:
            self._known.discard(stream)  # the group has been deleted
            self._ensure(stream)
            client.put_log_events(**request)

    def _ensure(self, stream: Stream) -> None:
        if stream in self._known:
            return
        client = self._local.client("logs")
        try:
            client.create_log_stream(logGroupName=stream.group, logStreamName=stream.name)
        except client.exceptions.ResourceNotFoundException:
            client.create_log_group(logGroupName=stream.group)
            client.create_log_stream(logGroupName=stream.group, logStreamName=stream.name)
        self._known.add(stream)


def _parts(items: list[Any], size: int) -> Iterator[list[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _by_namespace(lines: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        for namespace, datum in metric_data(line):
            found[namespace].append(datum)
    return found


def metric_data(line: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(namespace, MetricDatum) for each metric of a line in CloudWatch's embedded metric format.

    A line that is not valid EMF yields nothing: to CloudWatch, too, it is just a log line.
    """
    try:
        document = json.loads(line)
        directives = document["_aws"]["CloudWatchMetrics"]
        at = document["_aws"]["Timestamp"] / 1000
        for directive in directives:
            for datum in _directive_data(document, directive):
                yield directive["Namespace"], {**datum, "Timestamp": at}
    except (ValueError, KeyError, TypeError):
        return


def _directive_data(
    document: dict[str, Any], directive: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    for names in directive.get("Dimensions") or [[]]:
        dimensions = [{"Name": name, "Value": str(document[name])} for name in names]
        for metric in directive["Metrics"]:
            value = document[metric["Name"]]
            yield {
                "MetricName": metric["Name"],
                "Dimensions": dimensions,
                "Unit": metric.get("Unit", "None"),
                **({"Values": value} if isinstance(value, list) else {"Value": value}),
            }
