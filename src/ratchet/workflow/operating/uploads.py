"""Training scripts that a workflow needs in S3, put there before the workflow is."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from ratchet.workflow.operating.clients import client
from ratchet.workflow.sagemaker.source import Upload
from ratchet.workflow.steps.flow import reachable
from ratchet.workflow.steps.graph import FrozenGraph, Graph


def uploads_of(graph: Graph) -> tuple[Upload, ...]:
    """What the steps of a graph, inner flows included, want uploaded, each once."""
    if isinstance(graph, FrozenGraph):
        return ()
    found: dict[str, Upload] = {}
    waiting = [graph.branch]
    while waiting:
        for state in reachable(waiting.pop()):
            found |= {upload.uri: upload for upload in state.__dict__.get("uploads", ())}
            waiting += state.inner_flows()
    return tuple(found.values())


def put_all(uploads: Iterable[Upload]) -> None:
    """Put each object where its URI says. Its name holds its hash, so twice does no harm."""
    wanted = tuple(uploads)
    s3 = client("s3") if wanted else None
    for upload in wanted:
        place = urlsplit(upload.uri)
        s3.put_object(Bucket=place.netloc, Key=place.path.lstrip("/"), Body=upload.body)  # type: ignore[union-attr]
