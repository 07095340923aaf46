"""The accepted copy, row by row as one would write it by hand: whole blocks are written at once."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from unit_landed import definition

from retraining.rules import belonging, rows
from retraining.rules.data_check import source
from retraining.rules.data_check.agreed import Rules
from retraining.rules.data_check.check import check
from retraining.rules.data_check.marking import hashed, ids, sides
from retraining.rules.names import arrival

COLUMNS: dict[str, Any] = {
    "age": {"type": "integer"},
    "income": {"type": "number", "nullable": True},
    "when": {"type": "date"},
    "at": {"type": "timestamp", "nullable": True},
    "ok": {"type": "boolean"},
    "note": {"type": "text", "nullable": True},
    "churned": {"type": "category", "values": ["no", "yes"]},
}
NAMES = list(COLUMNS)
PLAIN, HARD = ("good", "ä", "a b", ""), ('"', 'say "hi"', "a,b", "two\nlines", ",", "")
Row = dict[str, str]


def made(notes: tuple[str, ...], count: int = 400) -> list[Row]:
    """Rows spelt as the accepted copy is."""
    draw = random.Random(11)
    return [
        {
            "age": str(draw.choice([n, -n, 10**15 + n])),
            "income": draw.choice(["", "1.5", f"{draw.random():.3f}"]),
            "when": f"2026-0{draw.randint(1, 9)}-1{draw.randint(0, 9)}",
            "at": draw.choice(["", f"2026-01-01T0{draw.randint(0, 9)}:00:00Z"]),
            "ok": draw.choice(["true", "false"]),
            "note": draw.choice(notes),
            "churned": draw.choice(["no", "yes"]),
        }
        for n in range(count)
    ]


def text(landed: list[Row], names: list[str] = NAMES, **options: Any) -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(file, names, **{"lineterminator": "\n", **options})
    writer.writeheader()
    writer.writerows(landed)
    return file.getvalue().encode()


def parquet(landed: list[Row]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(landed), file)
    return file.getvalue()


def by_hand(landed: list[Row], wanted: dict[str, Any], place: int) -> bytes:
    """The copy, a row at a time."""
    rules = Rules.of(wanted, "run-000001")
    lines = [",".join([*NAMES, *rules.reserved])]
    for number, row in enumerate(landed, start=1):
        line = text([row]).decode().split("\n", 1)[1].removesuffix("\n")
        identity = row["age"] if rules.identity == ("age",) else line
        row_id = "r" + hashlib.sha256(identity.encode()).hexdigest()[:31]
        decisive = rows.row_id(row["churned"].encode()) if rules.by == "group" else row_id
        side = "time" if rules.by == "time" else rows.side(decisive, rules.shares)
        marks = {
            "row_id": row_id,
            "split": side,
            "batch": "run-000001",
            "arrival": arrival(place, number),
            "moment": belonging.moment(row["when"], "date"),
            "cluster": belonging.cluster(row["when" if rules.by == "time" else "churned"], "text"),
        }
        lines.append(",".join([line, *(marks[name] for name in rules.reserved)]))
    return ("\n".join(lines) + "\n").encode()


def split(by: str, column: str | None = None, **data: Any) -> dict[str, Any]:
    wanted = definition(COLUMNS, **data)
    return {**wanted, "split": {**wanted["split"], "by": by, "column": column}}


@pytest.mark.parametrize(
    "wanted",
    [
        split("row"),
        split("key", key="age"),
        split("group", "churned"),
        split("time", "when"),
        split("time", "when", key="age"),
    ],
    ids=["row", "key", "group", "time", "time by key"],
)
@pytest.mark.parametrize("notes", [PLAIN, HARD], ids=["plain", "quoted"])
def test_the_copy_is_what_one_would_write_by_hand(
    notes: tuple[str, ...], wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "PIECE", 2048)
    landed = made(notes)
    expected = by_hand(landed, wanted, 3)
    files = {
        "as the copy": ({}, text(landed)),
        "in another order": ({}, text(landed, NAMES[::-1])),
        "quoted": ({}, text(landed, quoting=csv.QUOTE_ALL)),
        "quoted otherwise": (
            {"csv": {"quote": "'"}},
            text(landed, quotechar="'", quoting=csv.QUOTE_ALL),
        ),
        "by semicolons": ({"csv": {"delimiter": ";"}}, text(landed, delimiter=";")),
        "with empty lines": ({}, text(landed, lineterminator="\n\n")),
        "from Windows": ({}, text(landed, lineterminator="\r\n")),
        "without an end": ({}, text(landed).removesuffix(b"\n")),
        "jsonl": ({"format": "jsonl"}, "\n".join(map(json.dumps, landed)).encode()),
        "parquet": ({"format": "parquet"}, parquet(landed)),
    }
    for name, (changed, file) in files.items():
        copy = io.BytesIO()
        rules = Rules.of({**wanted, "data": {**wanted["data"], **changed}}, "run-000001")
        result = check(io.BytesIO(file), rules, copy, 3)
        assert result.accepted, (name, result.problems.sentence())
        assert copy.getvalue().split(b"\n") == expected.split(b"\n"), name


def test_ids_and_sides_are_alike_one_by_one_and_together() -> None:
    lines = [str(n).encode() for n in range(20_000)]
    hashes, shares = hashed(lines), rows.Shares(0.7, 0.15)
    together = [identifier.decode() for identifier in ids(hashes).to_pylist()]
    assert together == [rows.row_id(line) for line in lines]
    found = [side.decode() for side in sides(hashes, shares).to_pylist()]
    assert found == [rows.side(identifier, shares) for identifier in together]
