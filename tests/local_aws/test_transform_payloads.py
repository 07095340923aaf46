"""How a batch transform cuts a file into payloads, without the service around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ratchet.local_aws.sagemaker.containers import transform
from ratchet.local_aws.sagemaker.containers.rows import lines_of


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


class Answers:
    """A script that makes an answer of all rows of a body."""

    def __init__(self, script: Any) -> None:
        self._script = script

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        del content_type
        return "".join(f"{line}\n" for line in self._script(body.decode().split())).encode(), accept

    def predict(self, rows: Any) -> list[str]:
        return lines_of(self, rows)


@pytest.mark.parametrize(
    ("script", "rows", "said"),
    [
        (lambda lines: ["0.5"], "1,2 3,4 5,6", "500: the program answered 1 lines to 3 rows"),
        (lambda lines: sorted(set(lines)), "1,2 1,2 3,4", "answered 2 lines to 3 rows"),
        (lambda lines: [*lines, "end"][: 2 * len(lines) - 1], "1,2 3,4", "answered 3 lines to 2"),
        (lambda lines: ["0.5"], "1,2 3,4,5 6,7", "415: rows have [2, 3] columns"),
        (lambda lines: [one for one in lines if "?" not in one], "1,2 3,? 5,6", "(line 2)"),
    ],
    ids=["one for all", "no repeats", "too many", "widths", "left out"],
)
def test_a_wrong_number_of_answers_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: Any, rows: str, said: str
) -> None:
    """Each row alone may be answered: then nothing is wrong with the rows."""
    monkeypatch.setattr(transform, "_predictor", lambda _: Answers(script))
    job = {"content_type": "text/csv", "accept": "text/csv", "split": "Line", "assemble": "Line",
           "input_filter": "$", "output_filter": "$", "join": True, "single": False}  # fmt: skip
    source = tmp_path / "in"
    source.write_text(rows.replace(" ", "\n") + "\n")
    with pytest.raises(transform.TransformFailed) as failed:
        transform._transformer(job).transform(source, tmp_path / "out")
    assert said in str(failed.value), str(failed.value)
