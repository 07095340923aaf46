"""`etl.files`: what transform.py or features.py reads from beside itself is pushed with it."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path

import pytest

from ratchet.cli import folder_files
from ratchet.cli.errors import CliError
from ratchet.cli.pipeline_folder import Packed, pack
from retraining.errors import PipelineRejected
from retraining.rules.contracts import parse_definition

PIPELINES = Path(__file__).parents[2] / "pipelines"
RATES = b"town,rate\nLeeds,0.5\n"
HELPER = b"def rate(town):\n    return 1.0\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pipeline with features.py, and a table and a module beside it."""
    copy = tmp_path / "late-parcels"
    shutil.copytree(PIPELINES / "late-parcels", copy)
    (copy / "rates.csv").write_bytes(RATES)
    (copy / "rating.py").write_bytes(HELPER)
    return copy


def named(folder: Path, *names: str) -> Path:
    """The folder, whose pipeline names these files."""
    path = folder / "pipeline.yaml"
    text = path.read_text()
    assert "features: features.py" in text
    more = f"features: features.py\n  files: [{', '.join(names)}]"
    path.write_text(text.replace("features: features.py", more))
    return folder


def read_there(folder: Path, lines: str) -> Path:
    path = folder / "features.py"
    path.write_text(f"{lines}\n{path.read_text()}")
    return folder


def with_transform(folder: Path, *names: str) -> Path:
    """The same with a transform, which push does not run."""
    (folder / "transform.py").write_text(
        "import rating\n\n\ndef transform(data):\n    return data\n"
    )
    named(folder, *names)
    path = folder / "pipeline.yaml"
    path.write_text(path.read_text().replace("features: features.py", "transform: transform.py"))
    return folder


def members(packed: Packed) -> dict[str, bytes]:
    (name,) = [name for name in packed.files if name.endswith(".tar.gz")]
    with tarfile.open(fileobj=io.BytesIO(packed.files[name]), mode="r:gz") as tar:
        found = {one: tar.extractfile(one) for one in tar.getnames()}
        return {one: file.read() for one, file in found.items() if file}


def test_the_archive_of_features_carries_what_they_read(folder: Path) -> None:
    """The trial of push reads it too, from beside the module."""
    lines = (
        "from pathlib import Path\nimport rating\n"
        "TABLE = Path(__file__).with_name('rates.csv').read_text()\n"
        "assert rating.rate('Leeds') == 1.0 and 'Leeds' in TABLE"
    )
    packed = pack(named(read_there(folder, lines), "rates.csv", "rating.py"))
    found = members(packed)
    assert (found["rates.csv"], found["rating.py"]) == (RATES, HELPER)
    told = packed.definition["etl"]["files"]
    assert told == {
        "rates.csv": hashlib.sha256(RATES).hexdigest(),
        "rating.py": hashlib.sha256(HELPER).hexdigest(),
    }
    assert not any(name.startswith("files/") for name in packed.files)
    parse_definition(json.dumps(packed.definition))
    (folder / "rates.csv").write_bytes(RATES + b"York,0.1\n")
    assert pack(folder).hash != packed.hash


@pytest.mark.parametrize("name", ["rows.json", "answer.json"])
def test_a_file_of_any_name_is_the_pipelines_own_in_the_trial(folder: Path, name: str) -> None:
    (folder / name).write_text('{"Leeds": 0.5}')
    lines = (
        "import json\nfrom pathlib import Path\n"
        f"assert json.loads(Path(__file__).with_name('{name}').read_text()) == {{'Leeds': 0.5}}"
    )
    assert members(pack(named(read_there(folder, lines), name)))[name] == b'{"Leeds": 0.5}'
    crashing = read_there(folder, "import os\nos._exit(7)")
    with pytest.raises(CliError, match="it ended with exit code 7"):
        pack(crashing)


def test_files_of_a_transform_lie_below_the_pushed_folder(folder: Path) -> None:
    packed = pack(with_transform(folder, "rates.csv", "rating.py"))
    assert packed.files["files/rates.csv"] == RATES
    assert packed.files["files/rating.py"] == HELPER
    parse_definition(json.dumps(packed.definition))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone.csv", "gone.csv is not a file"),
        ("../rates.csv", "etl.files"),
        ("bad.py", r"bad.py:1: not valid Python"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_place(
    folder: Path, name: str, words: str
) -> None:
    (folder / "bad.py").write_text("def (")
    with pytest.raises(CliError) as caught:
        pack(named(folder, name))
    assert words in caught.value.what
    assert ".py:1" in caught.value.what or "pipeline.yaml:" in caught.value.what


def test_files_that_every_container_would_fetch_have_a_limit(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_files, "MOST_BYTES", 40)
    with pytest.raises(CliError, match="bytes together, and at most 40 are allowed"):
        pack(named(folder, "rates.csv", "rating.py"))
    monkeypatch.setattr(folder_files, "MOST_BYTES", 5)
    with pytest.raises(CliError, match=r"rates\.csv has more than 5 bytes"):
        pack(folder)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("features.py", "is what the service itself puts there"),
        ("inference.py", "is what the service itself puts there"),
        ("pandas.py", "would hide the library of that name"),
        ("json.py", "would hide the library of that name"),
        ("a-b.py", "cannot be imported"),
        ("requirements.txt", "is a file of pip"),
    ],
)
def test_a_module_that_would_hide_another_is_refused_by_the_service(
    folder: Path, name: str, words: str
) -> None:
    packed = pack(with_transform(folder, "rating.py"))
    definition = {
        **packed.definition,
        "etl": {**packed.definition["etl"], "files": {name: "0" * 64}},
    }
    with pytest.raises(PipelineRejected, match=words):
        parse_definition(json.dumps(definition))


def test_files_that_nothing_reads_are_refused() -> None:
    packed = pack(PIPELINES / "bank-marketing")
    etl = {**packed.definition["etl"], "transform": None, "files": {"rates.csv": "0" * 64}}
    with pytest.raises(PipelineRejected, match="there is neither"):
        parse_definition(json.dumps({**packed.definition, "etl": etl}))
