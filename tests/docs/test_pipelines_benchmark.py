"""The block of benchmarks/pipelines.py in docs/benchmarks.md, and what the READMEs say of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ratchet.cli.report import costs
from ratchet.cli.report.costs import Job, Service

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent.name for path in ROOT.glob("pipelines/*/sample_data.py"))
PAGE = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
BLOCK = PAGE.partition("`python benchmarks/pipelines.py`")[2].split("```")[1]
TIMES, _, PRICES = BLOCK.partition("paid jobs of one run on AWS")
SERVICES: dict[str, Service] = {
    "Glue": "glue",
    "DataBrew": "databrew",
    "SageMaker training": "training",
    "SageMaker batch transform": "transform",
}
JOB = re.compile(r"  (.+?) +(\d+) x +(\d+) min  (\S+)(?: workers)? +\$(\S+)\n")


def priced(name: str) -> str:
    """The lines of a pipeline's paid jobs."""
    (found,) = re.findall(rf"^{name}\n((?:  .*\n)+)", PRICES, re.MULTILINE)
    return str(found)


def in_all(name: str) -> tuple[int, float]:
    """Minutes and dollars."""
    ((minutes, dollars),) = re.findall(r"  in all +(\d+) min +\$(\S+)", priced(name))
    return int(minutes), float(dollars)


def test_every_pipeline_is_timed_and_priced_and_one_with_a_search() -> None:
    timed = re.findall(r"^(\S.*?)  +[\d.]+ s +[\d.]+ s", TIMES, re.MULTILINE)
    assert sorted(timed) == sorted([*FOLDERS, "abalone, search"])
    assert f"list prices of {costs.REGION} as of {costs.AS_OF}" in PRICES


@pytest.mark.parametrize("name", [*FOLDERS, "abalone, search"])
def test_its_prices_are_those_of_the_reports(name: str) -> None:
    minutes, dollars = in_all(name)
    told = priced(name)
    ((moves, their),) = re.findall(r"Step Functions +(\d+) transitions +\$(\S+)", told)
    whole = int(moves) * costs.TRANSITION
    assert float(their) == pytest.approx(whole, abs=1e-4)
    spent = 0
    for what, count, each, size, price in JOB.findall(told):
        service = SERVICES[what]
        workers, instance = (int(size), "") if size.isdigit() else (1, size)
        job = Job("", service, 0.0, workers, instance, int(count))
        assert int(each) * 60 == costs.EXPECTED_SECONDS[service]
        assert float(price) == pytest.approx(job.estimate, abs=1e-4)
        whole += job.estimate or 0
        spent += int(count) * int(each)
    assert (minutes, dollars) == (spent, pytest.approx(whole, abs=1e-4))


@pytest.mark.parametrize("name", FOLDERS)
def test_the_readme_of_a_pipeline_says_what_a_run_of_it_costs(name: str) -> None:
    minutes, dollars = in_all(name)
    said = (ROOT / "pipelines" / name / "README.md").read_text(encoding="utf-8")
    assert f"{minutes} minutes of paid jobs, ${dollars:.2f}" in " ".join(said.split())
