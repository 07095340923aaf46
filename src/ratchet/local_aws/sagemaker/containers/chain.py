"""The containers of an inference pipeline in a batch transform, each a process by itself.

They end with the process that started them: its session ends as a whole.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ratchet.local_aws.sagemaker.containers.errors import BadCode, BadPayload
from ratchet.local_aws.sagemaker.containers.rows import lines_of

SERVE = f"{__package__}.serve"
ANYTHING = "*/*"


class Chain:
    """Containers that answer by their ports."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """The answer of the last one; raises BadPayload with the first error."""
        *earlier, last = self._ports
        for port in earlier:
            body, content_type = _asked(port, body, content_type, ANYTHING)
        return _asked(last, body, content_type, accept)

    def predict(self, rows: Sequence[Sequence[str]]) -> list[str]:
        """One line a row."""
        return lines_of(self, rows)


def start(part: Mapping[str, Any]) -> int:
    """Start a container; its port. Raises BadCode if it does not serve."""
    report, written = os.pipe()
    code = [part["code"]] if part["code"] else []
    command = [
        sys.executable, "-I", "-u", "-m", SERVE,
        part["image"], part["archive"], str(written), *code,
    ]  # fmt: skip
    subprocess.Popen(
        command,
        env={**os.environ, **part["environment"]},
        cwd=Path(part["archive"]).parent,
        pass_fds=(written,),
    )
    os.close(written)
    with os.fdopen(report, encoding="utf-8") as pipe:
        line = pipe.readline()
    found = json.loads(line or '{"error": "its process ended"}')
    if "error" in found:
        raise BadCode(f"the container of {part['image']} does not serve: {found['error']}")
    return int(found["port"])


def _asked(port: int, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        headers = {"Content-Type": content_type, "Accept": accept}
        connection.request("POST", "/invocations", body=body, headers=headers)
        answer = connection.getresponse()
        said = answer.read()
    finally:
        connection.close()
    if answer.status >= 300:
        raise BadPayload(answer.status, said.decode(errors="replace"))
    return said, answer.headers.get("Content-Type", "")
