"""The parts of a distributed Map: its reader, its batches and its label."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ratchet.workflow.asl.findings import WARNING, Finding, Path
from ratchet.workflow.asl.model import Map
from ratchet.workflow.checks.rule import Rule, Subject, shown

_SIZES = ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
_NO_LABEL = re.compile(r"""[\s?*<>{}\[\]:;,\\|^~$#%&`"\x00-\x1f\x7f-\x9f]""")


class MapParts(Rule):
    """The reader, batcher and Label of a Map are complete and do not contradict themselves."""

    id = "map-parts"
    summary = (
        "A Map's reader and batcher set each limit once, CSV has its headers, a Label is valid"
    )
    link = Rule.link + "state-map-distributed.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        labels: dict[str, Map] = {}
        for state in subject.states:
            if isinstance(state, Map):
                yield from self._batcher(state)
                yield from self._reader(state)
                yield from self._label(subject, state, labels)

    def _batcher(self, state: Map) -> Iterator[Finding]:
        batcher = state.document.get("ItemBatcher")
        if not isinstance(batcher, dict):
            return
        path = (*state.path, "ItemBatcher")
        for name in _SIZES:
            yield from self._once(path, batcher, name)
        if not batcher.keys() & {*_SIZES, *(f"{name}Path" for name in _SIZES)}:
            reason = "ItemBatcher sets no batch size"
            suggestion = f"Add {' or '.join(_SIZES)}"
            yield self.finding(path, reason, suggestion, severity=WARNING)

    def _reader(self, state: Map) -> Iterator[Finding]:
        reader = state.document.get("ItemReader")
        config = reader.get("ReaderConfig") if isinstance(reader, dict) else None
        if not isinstance(config, dict):
            return
        path = (*state.path, "ItemReader", "ReaderConfig")
        yield from self._once(path, config, "MaxItems")
        if config.get("CSVHeaderLocation") == "GIVEN" and "CSVHeaders" not in config:
            reason = "CSVHeaderLocation GIVEN needs CSVHeaders"
            yield self.finding(path, reason, "Add the list of column names")

    def _once(self, path: Path, part: Mapping[str, Any], name: str) -> Iterator[Finding]:
        if name in part and f"{name}Path" in part:
            reason = f"{name} and {name}Path exclude each other"
            yield self.finding((*path, f"{name}Path"), reason, "Keep one of them")

    def _label(self, subject: Subject, state: Map, labels: dict[str, Map]) -> Iterator[Finding]:
        label = state.document.get("Label")
        if not isinstance(label, str) or subject.is_open(label):
            return
        path = (*state.path, "Label")
        if _NO_LABEL.search(label):
            reason = f"The Label {shown(label)} contains a character that AWS does not accept"
            yield self.finding(path, reason, "Use letters, digits, - and _")
        first = labels.setdefault(label, state)
        if first is not state:
            reason = f"The Label {shown(label)} is already that of {shown(first.name)}"
            yield self.finding(path, reason, "Rename it: labels are unique in a state machine")
