"""Lines on their way to CloudWatch Logs: however many a program prints, some are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ratchet.local_aws.shared import logs


class Exists(Exception):
    """A group or stream that is there already."""


class Logs:
    """CloudWatch Logs, as far as a stream asks it."""

    class exceptions:  # noqa: N801  botocore's name
        ResourceAlreadyExistsException = Exists

    def __init__(self) -> None:
        self.kept: list[str] = []

    def create_log_group(self, **_: Any) -> None:
        raise Exists

    def create_log_stream(self, **_: Any) -> None:
        """It is new."""

    def put_log_events(self, *, logEvents: list[dict[str, Any]], **_: Any) -> None:  # noqa: N803
        self.kept += [event["message"] for event in logEvents]


@pytest.mark.parametrize("line", ["epoch 1\n", "x", "x" * 5_000])
def test_of_a_flood_the_beginning_is_kept_and_a_word_says_so(
    monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """A script that prints gigabytes would take the memory of local AWS, and all else with it."""
    monkeypatch.setattr(logs, "MOST_KEPT", 20_000)
    kept = Logs()
    stream = logs.LogStream(kept, "group", "stream")
    for _ in range(1_000):
        stream.write(line)
    stream.close()
    stream.write("after its end\n")
    stream.close()
    assert set(kept.kept[:-1]) == {line.strip()}
    assert kept.kept[-1] == logs.FULL
    assert sum(map(len, kept.kept)) <= 20_000


def test_a_usual_log_is_kept_whole() -> None:
    kept = Logs()
    stream = logs.LogStream(kept, "group", "stream", spelled=lambda line: f"[{line}]")
    for number in range(2_500):
        stream.write(f"epoch {number}\n")
    stream.close()
    assert kept.kept == [f"[epoch {number}]" for number in range(2_500)]


def test_of_a_large_log_file_the_beginning_is_sent_and_the_last_line_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(logs, "MOST_KEPT", 2_000)
    monkeypatch.setattr(logs, "LONGEST_LINE", 100)
    file = tmp_path / "error.log"
    file.write_text("10 %\r20 %\n" + "warning\n" * 5_000 + "ValueError: no rows\n")
    kept = Logs()
    logs.LogStream(kept, "group", "stream").send(file)
    assert (kept.kept[:3], kept.kept[-1]) == (["10 %", "20 %", "warning"], logs.FULL)
    assert logs.last_line(file) == "ValueError: no rows"


def test_a_program_that_printed_nothing_has_no_line(tmp_path: Path) -> None:
    kept, missing, empty = Logs(), tmp_path / "missing", tmp_path / "empty"
    empty.touch()
    for file in (missing, empty):
        logs.LogStream(kept, "group", "stream").send(file)
        assert logs.last_line(file) == ""
    assert kept.kept == []
