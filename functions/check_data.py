"""State CheckData: reads each claimed version once and writes its accepted copy or its report."""

from __future__ import annotations

from typing import Any

from retraining import bootstrap
from retraining.documents.manifest import Manifest
from retraining.steps.check_data import check_data


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{manifest, chunk} -> counts, up to three labels, and the URI of the chunk's report."""
    aws = bootstrap.adapters()
    manifest = aws.work.read_document(Manifest, event["manifest"])
    return check_data(aws, manifest, int(event["chunk"])).as_json()
