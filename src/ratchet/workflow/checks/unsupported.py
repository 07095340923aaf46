"""What AWS offers and local AWS does not: a note when linting, a refusal when running."""

from __future__ import annotations

from collections.abc import Iterator

from ratchet.workflow.asl.findings import NOTE, UNSUPPORTED, Finding, Path
from ratchet.workflow.asl.model import ItemReader, Map, Task
from ratchet.workflow.checks.rule import Rule, Subject

_KINDS = ("CSV", "JSON", "JSONL")


class NotYet(Rule):
    """A note: local AWS does not run what AWS runs (activities, Express children, Parquet)."""

    id = "unsupported"
    summary = "Local AWS runs no activities, Express child executions, Parquet or manifests"
    code = UNSUPPORTED

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.machine.all_states():
            if isinstance(state, Task) and state.resource.kind == "activity":
                yield self._note(
                    (*state.path, "Resource"),
                    "Local AWS does not run activities",
                    "To run it there, use .waitForTaskToken",
                )
            if isinstance(state, Map) and state.is_distributed:
                yield from self._distributed(state)

    def _distributed(self, state: Map) -> Iterator[Finding]:
        processor = state.processor
        config = processor.document.get("ProcessorConfig") if processor is not None else None
        if isinstance(config, dict) and config.get("ExecutionType") == "EXPRESS" and processor:
            yield self._note(
                (*processor.path, "ProcessorConfig", "ExecutionType"),
                "Local AWS does not run Express child executions",
                "To run it there, set ExecutionType to STANDARD",
            )
        if state.reader is not None:
            yield from self._reader(state, state.reader)

    def _reader(self, state: Map, reader: ItemReader) -> Iterator[Finding]:
        if reader.kind is not None and reader.kind not in _KINDS:
            yield self._note(
                (*state.path, "ItemReader", "ReaderConfig", "InputType"),
                f"Local AWS does not read items of InputType {reader.kind}",
                f"To run it there, use one of {', '.join(_KINDS)}",
            )

    def _note(self, path: Path, reason: str, suggestion: str) -> Finding:
        return self.finding(path, reason, suggestion, severity=NOTE)
