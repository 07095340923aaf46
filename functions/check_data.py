"""State CheckData: reads each claimed version once and writes its accepted copy or its report."""

from __future__ import annotations

from typing import Any

from retraining import adapters
from retraining.steps.check_data import check_chunk


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{manifest, chunk} -> counts, up to three labels, and the URI of the chunk's report."""
    manifest = adapters.work().read_json(adapters.work().key(event["manifest"]))
    return check_chunk(manifest, int(event["chunk"]))
