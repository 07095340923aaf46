"""What a distributed Map itself calls to read its items and to write its results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ratchet.workflow.asl.findings import WARNING, Finding, Path
from ratchet.workflow.asl.model import Map
from ratchet.workflow.checks.rule import Rule, Subject, nearest, shown
from ratchet.workflow.integrations.row import Arguments, arguments

# S3 action -> the parameters it requires here, and the optional ones.
_CALLS: Mapping[str, Mapping[str, Arguments]] = {
    "ItemReader": {
        "getObject": arguments("Bucket Key", "VersionId ExpectedBucketOwner RequestPayer"),
        "listObjectsV2": arguments(
            "Bucket",
            "Prefix StartAfter Delimiter EncodingType FetchOwner MaxKeys OptionalObjectAttributes "
            "ExpectedBucketOwner RequestPayer",
        ),
    },
    "ResultWriter": {"putObject": arguments("Bucket", "Prefix ExpectedBucketOwner")},
}


class MapCalls(Rule):
    """Items are read by s3:getObject or s3:listObjectsV2, results written by s3:putObject."""

    id = "map-calls"
    summary = "A Map's reader and writer call existing S3 actions, with the parameters they require"
    link = Rule.link + "input-output-itemreader.html"

    def check(self, subject: Subject) -> Iterator[Finding]:
        for state in subject.states:
            for name, calls in _CALLS.items() if isinstance(state, Map) else ():
                part = state.document.get(name)
                arn = part.get("Resource") if isinstance(part, dict) else None
                if isinstance(part, dict) and isinstance(arn, str):
                    yield from self._part(subject, (*state.path, name), part, calls)

    def _part(
        self,
        subject: Subject,
        path: Path,
        part: Mapping[str, Any],
        calls: Mapping[str, Arguments],
    ) -> Iterator[Finding]:
        service, _, action = part["Resource"].rpartition(":states:::")[2].partition(":")
        if subject.is_open(action or part["Resource"]):
            return
        if service != "s3" or action not in calls:
            reason = f"{path[-1]} cannot call {shown(part['Resource'])}"
            known = [f"arn:aws:states:::s3:{name}" for name in calls]
            yield self.finding((*path, "Resource"), reason, f"Use {' or '.join(known)}")
            return
        yield from self._arguments(path, part, f"s3:{action}", calls[action])

    def _arguments(
        self, path: Path, part: Mapping[str, Any], call: str, own: Arguments
    ) -> Iterator[Finding]:
        field = "Arguments" if "Arguments" in part else "Parameters"
        given = part.get(field, {})
        if not isinstance(given, dict):
            return  # an expression, or what another rule reports
        place = (*path, field) if field in part else path
        names = {key: key.removesuffix(".$") for key in given}
        for key, name in names.items():
            if name not in own.names:
                reason = f"{call} of {path[-1]} does not take {shown(name)}"
                suggestion = nearest(name, own.names)
                yield self.finding((*place, key), reason, suggestion, severity=WARNING)
        for name in own.needed:
            if name not in names.values():
                reason = f"{call} of {path[-1]} needs {name}"
                yield self.finding(place, reason, f"Add {name}", severity=WARNING)
