"""Push tries features.py on sample rows before it uploads it, and packs what a container needs."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path

import pytest
import yaml

from ratchet.cli.archives import packed
from ratchet.cli.errors import CliError
from ratchet.cli.pipeline_folder import pack
from ratchet.cli.raw_rows import LINE_BREAK, read
from ratchet.serving import inference

from .conftest import ROOT

PARCELS = ROOT / "pipelines" / "late-parcels"
FEATURES = ["weekday", "december", "carrier", "island", "distance", "weight", "pace"]
COLUMNS = ["day", "carrier", "town", "distance", "weight", "promised"]
DEFINITION = {
    "data": {
        "label": "late",
        "csv": {"delimiter": ";"},
        "columns": yaml.safe_load((PARCELS / "columns.yaml").read_text())["columns"],
    }
}

pytestmark = pytest.mark.process


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "late-parcels"
    shutil.copytree(PARCELS, copy)
    return copy


def refused(folder: Path, old: str, new: str, name: str = "features.py") -> str:
    """What push says once this is changed."""
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))
    with pytest.raises(CliError) as caught:
        pack(folder)
    return caught.value.what


def test_the_archive_carries_what_a_container_needs_under_its_hash(folder: Path) -> None:
    from retraining.rules.contracts import parse_definition

    pushed = pack(folder)
    found = pushed.definition["etl"]["features"]
    assert found["columns"] == FEATURES
    assert found["sha256"] == hashlib.sha256((folder / "features.py").read_bytes()).hexdigest()
    archive = pushed.files[f"{found['code']}.tar.gz"]
    assert hashlib.sha256(archive).hexdigest() == found["code"]
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        assert tar.getnames() == ["contract.py", "features.py", "inference.py"]
        contract = tar.extractfile("contract.py")
        assert contract is not None
        values: dict[str, object] = {}
        exec(contract.read(), values)
    assert values["CONTRACT"] == {
        "label": "late",
        "columns": {
            name: {
                "type": pushed.definition["data"]["columns"][name]["type"],
                "nullable": name in ("town", "weight"),
            }
            for name in COLUMNS
        },
        "features": FEATURES,
    }
    assert pack(folder).hash == pushed.hash
    definition = parse_definition(json.dumps(pushed.definition))
    assert definition.etl.features is not None
    assert definition.etl.features.columns == FEATURES


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('rows["weight"]', 'rows["weight"] - rows["weight"].mean()',
         "features.py is not row by row: row 1 of the sample has weight"),
        ('rows["carrier"].map(CARRIERS)', 'rows["carrier"].astype("category").cat.codes',
         "with constants instead of means, ranks or codes"),
        ('rows["carrier"].map(CARRIERS)', 'rows["carrier"]', "feature 'carrier' is not a number"),
        ('rows["distance"] /', 'rows["miles"] /', "features.py:21: KeyError: 'miles'"),
        ("return pd.DataFrame(", "return pd.get_dummies(rows).astype(float) if 1 else (",
         "features.py"),
        ("import numpy as np", "import nothing as np", "features.py:3: ModuleNotFoundError"),
        ("def features(", "def feature(", "features.py: it has no function features(rows)"),
        ("    day, town", "    day, town =", "not valid Python"),
        ("    day, town", "    import os; os._exit(7)\n    day, town", "with exit code 7"),
    ],
)  # fmt: skip
def test_what_would_fail_later_is_said_at_push(
    folder: Path, old: str, new: str, words: str
) -> None:
    said = refused(folder, old, new)
    assert said.startswith(str(folder / "features.py"))
    assert words in said


def test_features_exclude_recipe_and_transform(folder: Path) -> None:
    said = refused(
        folder, "features: features.py", "features: features.py\n  transform: transform.py",
        "pipeline.yaml",
    )  # fmt: skip
    assert said.endswith("etl: features and transform exclude each other: keep one")
    assert "pipeline.yaml:" in said


def test_a_sample_of_the_folder_is_tried_in_place_of_made_up_rows(folder: Path) -> None:
    rows = "2024-05-06;Badger;Skye;12.5;;3;0\n"
    (folder / "sample.csv").write_text(";".join([*COLUMNS, "late"]) + "\n" + rows)
    assert pack(folder).definition["etl"]["features"]["columns"] == FEATURES
    (folder / "sample.csv").write_text(";".join([*COLUMNS, "late"]) + "\n" + rows[4:])
    with pytest.raises(CliError, match="row 1, column 'day': '-05-06' is not a date"):
        pack(folder)
    pipeline = (folder / "pipeline.yaml").read_text().replace('  csv: {delimiter: ";"}\n', "")
    (folder / "pipeline.yaml").write_text(pipeline.replace("format: csv", "format: parquet"))
    (folder / "sample.csv").write_text(",".join([*COLUMNS, "late"]) + "\n" + rows.replace(";", ","))
    assert pack(folder).definition["etl"]["features"]["columns"] == FEATURES
    (folder / "sample.csv").write_text("day,late\n2024-05-06,0\n")
    with pytest.raises(CliError, match="has no column carrier"):
        pack(folder)


def test_an_archive_is_the_same_bytes_from_the_same_files() -> None:
    files = {"b.py": b"1", "a.py": b"2"}
    assert packed(files) == packed(dict(sorted(files.items())))


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-06;Badger;Ham, Down;12.5;;3\n",
        "late;promised;weight;distance;town;carrier;day\n1;3;;12.5;Ham, Down;Badger;2024-05-06\n",
        json.dumps(
            {"day": "2024-05-06", "carrier": "Badger", "town": "Ham, Down", "distance": 12.5}
            | {"promised": 3, "late": 1}
        ),
    ],
)
def test_invoke_reads_a_file_like_a_dropped_one(text: str) -> None:
    assert read("x", text.encode(), COLUMNS, DEFINITION) == [
        '2024-05-06,Badger,"Ham, Down",12.5,,3'
    ]


def test_invoke_asks_for_a_row_of_several_lines_in_one() -> None:
    text = 'day;carrier;town;promised\r\n2024-05-06;Badger;"Ham\r\nDown";3\r\n'
    assert read("x", text.encode(), COLUMNS, DEFINITION) == ["2024-05-06,Badger,Ham Down,,,3"]
    assert LINE_BREAK.pattern == inference.LINE_BREAK.pattern


def test_invoke_takes_json_whatever_the_format_of_what_lands() -> None:
    """It asks for one row in a line; nobody writes Parquet for that."""
    row = json.dumps({"day": "2024-05-06", "carrier": "Badger", "promised": 3})
    for form in ("csv", "jsonl", "parquet"):
        definition = {**DEFINITION, "data": {**DEFINITION["data"], "format": form}}
        assert read("x", row.encode(), COLUMNS, definition) == ["2024-05-06,Badger,,,,3"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2024-05-06;Badger\n", "x, row 1 has 2 fields, not 6"),
        ("day;carier;promised\n2024-05-06;Badger;3\n", r"did you mean carrier"),
        ("\n", "x holds no rows"),
        ("[1]", "x must contain an object, or a list of objects"),
        ("{", "x is not valid JSON"),
        ("{day};[carrier]\n1;2\n", "x, row 1 has 2 fields, not 6"),
    ],
)
def test_invoke_says_what_is_wrong_with_a_file(text: str, words: str) -> None:
    with pytest.raises(CliError, match=words):
        read("x", text.encode(), COLUMNS, DEFINITION)
