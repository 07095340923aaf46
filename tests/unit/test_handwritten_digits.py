"""The handwritten-digits pipeline: its images, what its converter takes, and its script."""

from __future__ import annotations

import struct
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from unit_scripts import Ended, run_script

pytestmark = pytest.mark.process
PIPELINE = "handwritten-digits"
MNIST = Path(__file__).resolve().parents[3] / "shared" / "data" / "mnist"
TORCH = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed: .[torch]")


def run(script: str, *arguments: object, **variables: str) -> Ended:
    return run_script(PIPELINE, script, *arguments, environment=variables)


def test_images_of_mnist_become_a_drop(tmp_path: Path) -> None:
    """An image whose rows 2 to 5 are ink: the second row of blocks of the 8 x 8 is dark."""
    ink = bytes(255 if 2 <= place // 28 < 6 else 0 for place in range(28 * 28))
    (tmp_path / "images").write_bytes(struct.pack(">4I", 2051, 1, 28, 28) + ink)
    (tmp_path / "labels").write_bytes(struct.pack(">2I", 2049, 1) + b"\x07")
    out = tmp_path / "out.csv"
    ended = run("convert.py", tmp_path / "images", tmp_path / "labels", out)
    assert ended.returncode == 0, ended.stderr
    row = list(map(int, out.read_text().splitlines()[1].split(",")))
    assert row[:8] == [0] * 8
    assert row[8:16] == [8, *[16] * 6, 8]
    assert not any(row[16:64])
    assert row[64] == 7
    refused = run("convert.py", tmp_path / "labels", tmp_path / "images", out)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr


@pytest.mark.skipif(not MNIST.exists(), reason=f"MNIST is not at {MNIST}")
def test_mnist_itself_becomes_ten_thousand_images_that_look_like_their_digits(
    tmp_path: Path,
) -> None:
    """A digit is that whose mean image is nearest: far from a good model, and far from chance."""
    out = tmp_path / "out.csv"
    files = [MNIST / f"t10k-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1")]
    assert run("convert.py", *files, out).returncode == 0
    table = np.loadtxt(out, delimiter=",", skiprows=1, dtype=int)
    pixels, digits = table[:, :64], table[:, 64]
    assert len(table) == 10_000
    assert digits[:5].tolist() == [7, 2, 1, 0, 4]
    assert (pixels.min(), pixels.max()) == (0, 16)
    means = np.stack([pixels[:5000][digits[:5000] == digit].mean(axis=0) for digit in range(10)])
    apart = ((pixels[5000:, None, :] - means) ** 2).sum(axis=2)
    assert (apart.argmin(axis=1) == digits[5000:]).mean() > 0.75


@TORCH
def test_the_script_learns_to_read(tmp_path: Path) -> None:
    drop, rows = tmp_path / "drop.csv", tmp_path / "rows"
    assert run("sample_data.py", "--rows", 900, "--out", drop).returncode == 0
    rows.mkdir()
    lines = (line.rpartition(",") for line in drop.read_text().splitlines()[1:])
    (rows / "rows.csv").write_text("".join(f"{digit},{grey}\n" for grey, _, digit in lines))
    folders = {"SM_CHANNEL_TRAIN": rows, "SM_CHANNEL_VALIDATION": rows, "SM_MODEL_DIR": tmp_path}
    variables = {name: str(folder) for name, folder in folders.items()}
    ended = run("train.py", "--epochs", 10, **variables)
    assert ended.returncode == 0, ended.stderr
    assert float(ended.stdout.rpartition("=")[2].strip(";\n")) > 0.8
    assert (tmp_path / "weights.pt").is_file()
