"""How a container answers: by the image's own algorithm, or by a script (script mode)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ratchet.local_aws.sagemaker.containers import scripts
from ratchet.local_aws.sagemaker.containers.catalog import container_named
from ratchet.local_aws.sagemaker.containers.container import Predictor
from ratchet.local_aws.sagemaker.containers.errors import BadPayload


class Mode(Protocol):
    """A loaded model that answers requests."""

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """Answer and its media type; raises BadPayload."""
        ...


@dataclass(frozen=True)
class AlgorithmMode:
    """The image's own server: one media type, one score per row, with `separator` between."""

    predictor: Predictor
    content_type: str
    separator: str = ","

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        expected = self.content_type
        if content_type != expected:
            raise BadPayload(
                415, f"Content-type {content_type or '(none)'} is not supported; send {expected}"
            )
        if accept not in ("", "*/*", expected):
            raise BadPayload(406, f"Accept type {accept} is not supported; accept {expected}")
        return self.separator.join(self.predictor.predict(_rows(body))).encode(), expected


def _rows(body: bytes) -> list[list[str]]:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadPayload(415, f"the body is not UTF-8 text: {error}") from error
    return [line.split(",") for line in text.strip().split("\n")]


def load_mode(image: str, archive: Path, code: Path | None) -> tuple[Mode, str]:
    """The loaded model of an archive, and the archive's SHA-256; raises a ContainerError."""
    container = container_named(image)
    if scripts.is_wanted(container.framework, os.environ):
        return scripts.load(container.framework, archive, code, os.environ)
    predictor, digest = container.own.load(archive)
    separator = "\n" if os.environ.get(scripts.BATCH) else ","
    return AlgorithmMode(predictor, container.own.content_type, separator), digest
