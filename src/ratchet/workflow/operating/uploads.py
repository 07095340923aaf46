"""Uploads the training scripts that a workflow needs in S3 before it is created."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from ratchet.workflow.operating.clients import beside
from ratchet.workflow.sagemaker.source import Upload
from ratchet.workflow.steps.flow import reachable
from ratchet.workflow.steps.graph import FrozenGraph, Graph


def uploads_of(graph: Graph) -> tuple[Upload, ...]:
    """What the steps of a graph, inner flows included, need uploaded, each object once."""
    if isinstance(graph, FrozenGraph):
        return ()
    found: dict[str, Upload] = {}
    waiting = [graph.branch]
    while waiting:
        for state in reachable(waiting.pop()):
            found |= {upload.uri: upload for upload in state.__dict__.get("uploads", ())}
            waiting += state.inner_flows()
    return tuple(found.values())


def put_all(uploads: Iterable[Upload], states: Any) -> None:
    """Put each object at its URI, in the AWS that the Step Functions client is connected to.

    The name contains the hash of the contents, so uploading twice does no harm.
    """
    s3 = None
    for upload in uploads:
        s3 = s3 or beside(states, "s3")
        place = urlsplit(upload.uri)
        s3.put_object(Bucket=place.netloc, Key=place.path.lstrip("/"), Body=upload.body)
