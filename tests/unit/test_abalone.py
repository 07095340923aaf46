"""The abalone pipeline: its made-up animals, and what its converter takes."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import unit_scripts
from unit_scripts import Ended, run_script

pytestmark = pytest.mark.process
PIPELINE = "abalone"
PUBLISHED = (
    "M,0.455,0.365,0.095,0.514,0.2245,0.101,0.15,15\n"
    "F,0.53,0.42,0.135,0.677,0.2565,0.1415,0.21,9\n"
    "I,0.43,0.34,0,0.428,0.2065,0.086,0.115,8\n"
)
NAMES = "Sex,Length,Diameter,Height,Whole weight,Shucked,Viscera,Shell,Rings\n"


def libsvm(begin: int) -> str:
    """The published rows as libsvm: what is zero is left out."""
    lines = []
    for row in csv.reader(PUBLISHED.splitlines()):
        values = [str("MFI".index(row[0]) + 1), *row[1:-1]]
        pairs = [f"{begin + at}:{value}" for at, value in enumerate(values) if float(value)]
        lines.append(" ".join([row[-1], *pairs]))
    return "\n".join(lines) + "\n"


def run(script: str, *arguments: str) -> Ended:
    return run_script(PIPELINE, script, *arguments)


def converted(folder: Path, text: str) -> list[dict[str, str]]:
    return unit_scripts.converted(PIPELINE, folder, text.encode())


def test_animals_are_the_same_every_time_and_age_shows(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    for out in (one, two):
        assert run("sample_data.py", "--rows", "1000", "--out", str(out)).returncode == 0
    assert one.read_bytes() == two.read_bytes()
    with one.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    rings = {sex: [int(row["rings"]) for row in rows if row["sex"] == sex] for sex in "MFI"}
    assert all(len(found) > 100 for found in rings.values())
    assert sum(rings["I"]) / len(rings["I"]) < sum(rings["F"]) / len(rings["F"]) - 1


@pytest.mark.parametrize("text", [PUBLISHED, NAMES + PUBLISHED, libsvm(0), libsvm(1)])
def test_a_table_and_libsvm_become_the_same_drop(tmp_path: Path, text: str) -> None:
    rows = converted(tmp_path, text)
    assert [(row["sex"], row["rings"]) for row in rows] == [("M", "15"), ("F", "9"), ("I", "8")]
    assert [float(row["height"]) for row in rows] == [0.095, 0.135, 0]
    assert [float(row["shell_weight"]) for row in rows] == [0.15, 0.21, 0.115]


def test_a_drop_is_copied_as_it_is(tmp_path: Path) -> None:
    drop = tmp_path / "drop.csv"
    assert run("sample_data.py", "--rows", "10", "--out", str(drop)).returncode == 0
    assert run("convert.py", str(drop), str(tmp_path / "out.csv")).returncode == 0
    assert (tmp_path / "out.csv").read_bytes() == drop.read_bytes()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file has no rows"),
        (NAMES, "the file has no rows"),
        ("1,0,3.5\n", "line 1 has 3 fields instead of 9"),
        (PUBLISHED + "X" + PUBLISHED[1:], "line 4: the sex is 'X'"),
        ("9 1:1 9:0.5\n", "line 1: features 1 to 9"),
        ("9 2:1 3:0.5\n", "line 1: features 2 to 3"),
        ("9 1:0.5 8:0.5\n", "feature 1 is the sex"),
        ("9.5 1:1 8:0.5\n", "rings are whole numbers"),
        ("9 1:1 8:old\n", "line 1 is not libsvm"),
        ("9 1:1\n9\n9 :\n", "line 2 is not libsvm"),
        ("nan 1:1 8:0.5\n", "line 1 is not libsvm"),
        ("9 1:1\n-inf 1:1\n", "line 2 is not libsvm"),
    ],
)
def test_another_file_is_refused_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "in").write_text(text)
    ended = run("convert.py", str(tmp_path / "in"), str(tmp_path / "out.csv"))
    assert ended.returncode == 1
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1, "of a script's message the demo shows the last line"
