"""The classic of retraining, three times over: the same endpoint moves, and takes customers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from workplace import ROOT, Stack, Workplace

PIPELINE = "customer-churn"
FOLDER = ROOT / "pipelines" / PIPELINE
SEEDS = ("3", "4", "5")


@pytest.fixture(scope="module")
def drops(place: Workplace) -> list[Path]:
    """Three drops of customers who were never seen before."""
    files = [place.work / f"customers-{seed}.csv" for seed in SEEDS]
    for seed, file in zip(SEEDS, files, strict=True):
        place.run(
            "python", str(FOLDER / "sample_data.py"),
            "--rows", "3000", "--seed", seed, "--out", str(file),
        )  # fmt: skip
        text = file.read_text().replace("\nC", f"\nC{seed}-")
        file.write_text(text)
    return files


def described(stack: Stack) -> dict[str, Any]:
    """The endpoint as SageMaker describes it."""
    name = stack.name(PIPELINE)
    found: dict[str, Any] = stack.aws("sagemaker", "describe-endpoint", "--endpoint-name", name)
    return found


def test_the_second_and_the_third_retraining_move_the_same_endpoint(
    stack: Stack, drops: list[Path]
) -> None:
    stack.ratchet("push", str(FOLDER))
    seen = []
    for number, drop in enumerate(drops, start=1):
        stack.copy(drop, f"s3://{stack.landing}/{PIPELINE}/")
        record = stack.ended(f"{PIPELINE}-{number:06d}")["record"]
        assert record["outcome"] == "PROMOTED", record["sentence"]
        assert record["metrics"]["fresh"]["challenger"] > 0.75
        seen.append(described(stack))
    assert len({one["CreationTime"] for one in seen}) == 1, "it was made once"
    assert len({one["EndpointConfigName"] for one in seen}) == len(SEEDS), "and moved twice"
    said = json.loads(stack.ratchet("invoke", PIPELINE, str(drops[2]), "--json").stdout)
    assert len(said["answers"]) == 3000
    assert all(0 <= answer <= 1 for answer in said["answers"])
