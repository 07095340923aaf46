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

JSON = "application/json"


class Mode(Protocol):
    """A loaded model that answers requests."""

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """Answer and its media type; raises BadPayload."""
        ...


@dataclass(frozen=True)
class AlgorithmMode:
    """The image's own server: one score per record, with `separator` between."""

    predictor: Predictor
    content_type: str
    separator: str = ","
    default_accept: str = ""

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        answers = self.predictor.predict_body(body, content_type)
        accept = self.default_accept if accept in scripts.ANYTHING else accept
        if accept == JSON:
            scores = ", ".join(f'{{"score": {answer}}}' for answer in answers)
            return f'{{"predictions": [{scores}]}}'.encode(), JSON
        if accept not in ("", self.content_type):
            raise BadPayload(
                406, f"Accept type {accept} is not supported; accept {self.content_type} or {JSON}"
            )
        return self.separator.join(answers).encode(), self.content_type


def load_mode(image: str, archive: Path, code: Path | None) -> tuple[Mode, str]:
    """The loaded model of an archive, and the archive's SHA-256; raises a ContainerError."""
    container = container_named(image)
    if scripts.is_wanted(container.framework, os.environ):
        return scripts.load(container.framework, archive, code, os.environ)
    predictor, digest = container.own.load(archive)
    separator = "\n" if os.environ.get(scripts.BATCH) else ","
    default = os.environ.get(scripts.DEFAULT_ACCEPT, "")
    return AlgorithmMode(predictor, container.own.content_type, separator, default), digest
