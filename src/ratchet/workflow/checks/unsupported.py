"""What AWS offers and this release does not: refused by name, never run half."""

from __future__ import annotations

from collections.abc import Iterator

from ratchet.workflow.asl.findings import Finding
from ratchet.workflow.asl.model import ItemReader, Map, Task
from ratchet.workflow.checks.rule import Rule, Subject

_KINDS = ("CSV", "JSON", "JSONL")
_READERS = ("getObject", "listObjectsV2")


class NotYet(Rule):
    """Activities, Express child executions, Parquet and manifests as items."""

    id = "unsupported"
    summary = "Activities, Express child executions, Parquet and manifests are not supported"
    code = "UNSUPPORTED_BY_RATCHET"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.machine.all_states():
            if isinstance(state, Task) and state.resource.kind == "activity":
                yield self.finding(
                    (*state.path, "Resource"),
                    "Activities are not supported",
                    "Use .waitForTaskToken",
                )
            if isinstance(state, Map) and state.is_distributed:
                yield from self._distributed(state)

    def _distributed(self, state: Map) -> Iterator[Finding]:
        processor = state.processor
        config = processor.document.get("ProcessorConfig") if processor is not None else None
        if isinstance(config, dict) and config.get("ExecutionType") == "EXPRESS" and processor:
            yield self.finding(
                (*processor.path, "ProcessorConfig", "ExecutionType"),
                "Express child executions are not supported",
                "Set ExecutionType to STANDARD",
            )
        if state.reader is not None:
            yield from self._reader(state, state.reader)

    def _reader(self, state: Map, reader: ItemReader) -> Iterator[Finding]:
        path = (*state.path, "ItemReader")
        if reader.resource.action and reader.resource.action not in _READERS:
            yield self.finding(
                (*path, "Resource"),
                f"Items cannot be read by {reader.resource.service}:{reader.resource.action}",
                f"Use s3:{_READERS[0]} or s3:{_READERS[1]}",
            )
        if reader.kind is not None and reader.kind not in _KINDS:
            yield self.finding(
                (*path, "ReaderConfig", "InputType"),
                f"InputType {reader.kind} is not supported",
                f"Use one of {', '.join(_KINDS)}",
            )
