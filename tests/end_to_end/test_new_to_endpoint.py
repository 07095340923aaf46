"""From a file that no pipeline here is made for to an endpoint that answers its rows."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pytest
from workplace import Stack, Workplace

PIPELINE = "clinic"
ROWS = 2500
ASKED = 200


@pytest.fixture(scope="module")
def file(place: Workplace) -> Path:
    """Appointments as a clinic's own software writes them: who will come?"""
    chance = random.Random(20)
    path = place.work / "appointments.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        write = csv.writer(out, delimiter=";").writerow
        write(("Termin", "Praxis", "Alter", "Wartezeit (Tage)", "Erinnert", "Notiz", "erschienen"))
        for number in range(ROWS):
            days, reminded = chance.randint(0, 60), chance.random() < 0.5
            comes = chance.random() < 0.97 - 0.012 * days + 0.1 * reminded
            write((
                f"T-{number:05d}", chance.choice(("Nord", "Süd", "West")),
                chance.choice(("", str(chance.randint(1, 95)))), days,
                "ja" if reminded else "nein", f"Anruf {chance.random():.4f};\nok",
                "ja" if comes else "nein",
            ))  # fmt: skip
    return path


def test_a_file_nobody_has_seen_serves_rows_as_they_land(stack: Stack, file: Path) -> None:
    place, folder = stack.place, f"pipelines/{PIPELINE}"
    made = place.run(
        "ratchet", "new", PIPELINE, "--from-csv", str(file),
        "--label", "erschienen", "--key", "Termin",
    )  # fmt: skip
    told = " ".join(made.stdout.split())
    assert "erschienen: the model learns nein = 0, ja = 1" in told
    assert "endpoint takes prepared rows" not in told
    place.run("ratchet", "push", folder, "--check")
    stack.ratchet("push", folder)
    assert "PROMOTED" in stack.ratchet("upload", PIPELINE, str(file), "--wait").stdout

    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))[:ASKED]
    asked = place.work / "asked.csv"
    with asked.open("w", newline="", encoding="utf-8") as out:
        wanted = csv.DictWriter(out, [*rows[0]][:-1], delimiter=";", extrasaction="ignore")
        wanted.writeheader()
        wanted.writerows(rows)
    said = json.loads(stack.ratchet("invoke", PIPELINE, str(asked), "--json").stdout)
    assert all(0 <= answer <= 1 for answer in said["answers"])
    soon, late = [], []
    for answer, row in zip(said["answers"], rows, strict=True):
        (soon if int(row["Wartezeit (Tage)"]) < 20 else late).append(answer)
    assert sum(soon) / len(soon) > sum(late) / len(late) + 0.03, "who waits long comes more rarely"
