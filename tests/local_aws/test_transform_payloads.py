"""How a batch transform cuts a file into payloads, without the service around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ratchet.local_aws.sagemaker.containers import transform


class Counting:
    """A model that answers every payload with its lines and bytes."""

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        del content_type
        return b"%d/%d;" % (body.count(b"\n"), len(body)), accept


def answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> str:
    """The output file of a file of three lines of ten bytes each."""
    monkeypatch.setattr(transform, "_mode", lambda _: Counting())
    job = {
        "content_type": "application/jsonlines",
        "accept": "application/json",
        "split": "Line",
        "assemble": "None",
        "single": False,
        "payload": 1024**2,
        **changes,
    }
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(b"123456789\n" * 3)
    transform._transformer(job).transform(source, target)
    return target.read_text()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "3/30;"),
        ({"single": True}, "1/10;1/10;1/10;"),
        ({"payload": 20}, "2/20;1/10;"),
        ({"split": "None"}, "3/30;"),
        ({"split": "None", "payload": 0}, "3/30;"),
        ({"payload": 0}, "3/30;"),
        ({"assemble": "Line", "payload": 20}, "2/20;\n1/10;\n"),
        ({"content_type": "text/csv", "accept": "text/csv", "payload": 20}, "2/20;1/10;"),
    ],
)
def test_a_payload_has_as_many_lines_as_the_job_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], expected: str
) -> None:
    assert answered(tmp_path, monkeypatch, **changes) == expected


def test_a_whole_file_above_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(transform.TransformFailed, match="Too much data for max payload size"):
        answered(tmp_path, monkeypatch, split="None", payload=20)
