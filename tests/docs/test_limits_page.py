"""docs/limits.md says what constants, template and state machines say."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from samtranslator.yaml_helper import yaml_parse

from ratchet.cli.folder_files import MOST_BYTES
from retraining.adapters import object_store, recipe_jobs, spool
from retraining.rules import (
    claims,
    contracts,
    durations,
    names,
    problems,
    settlement,
    sweeping,
)
from retraining.rules.data_check import allowance, column_rule, csv_reader, parquet, unpacking
from retraining.rules.sections import etl, gate, training, tuning
from retraining.steps import record_arrivals

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \| [^|]+ \|$", re.MULTILINE)
RESOURCES = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]


def page() -> dict[str, str]:
    """Limit -> value, of all tables."""
    rows = dict(ROW.findall((ROOT / "docs/limits.md").read_text()))
    return {limit: value for limit, value in rows.items() if limit != "limit"}


def machine(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / f"statemachines/{name}.asl.yaml").read_text())
    return found


def of_template(name: str, *path: str) -> Any:
    value = RESOURCES[name]["Properties"]
    for key in path:
        value = value[key]
    return value


def of_job(constant: str) -> str:
    """A constant of PrepareDataset, which needs Spark to be imported."""
    found = re.search(
        rf"^{constant} = (\d+)", (ROOT / "jobs/prepare_dataset.py").read_text(), re.MULTILINE
    )
    assert found is not None
    return found[1]


STATES = machine("retraining")["States"]
CANDIDATES = STATES["Candidates"]["ItemProcessor"]["States"]
VOLUME = re.search(
    r"'VolumeSizeInGB': (\d+)", CANDIDATES["TrainModel"]["Arguments"]["ResourceConfig"]
) or ["", "no volume is asked for"]
CHECKING = STATES["CheckData"]["ItemProcessor"]["States"]["CheckChunk"]
SCORING = CANDIDATES["ScoreModel"]
(EXPIRING,) = (
    rule
    for rule in of_template("WorkBucket", "LifecycleConfiguration", "Rules")
    if "ExpirationInDays" in rule
)
VALUES = {
    "objects in one run": f"{claims.MOST_OBJECTS:,}",
    "bytes in one run": f"{claims.MOST_BYTES >> 30} GiB",
    "one object": f"{claims.LARGEST_OBJECT >> 30} GiB",
    "one object, unpacked": f"{unpacking.MOST_UNPACKED >> 30} GiB",
    "what packed bytes unpack to": f"{unpacking.MOST_TIMES} times as many",
    "row group of a Parquet file": f"{parquet.LARGEST_ROW_GROUP >> 20} MB",
    "rows in a row group of a Parquet file": f"{parquet.MOST_GROUP_ROWS:,}",
    "time that one function checks": f"{allowance.MINUTES} minutes",
    "bytes of a packed object, as they count for a run": (
        f"{claims.PACKED['.gz']} times its own (gzip, zip), {claims.PACKED['.parquet']} times"
        f" (Parquet), at most {claims.LARGEST_OBJECT >> 30} GiB"
    ),
    "copy in quarantine": f"{object_store.MOST_COPIED >> 30} GiB",
    "functions that check side by side": f"{claims.MOST_CHUNKS}",
    "dates that features.py gets": (
        f"{column_rule.FIRST_FEATURE.date() + timedelta(1)} to {column_rule.LAST_FEATURE.date()}"
    ),
    "a number": f"{column_rule.LARGEST:.1E}".replace("+", ""),
    "malformed lines in one object": f"{csv_reader.MOST_MALFORMED:,}",
    "objects of one chunk that the check dies on": f"{CHECKING['Retry'][-1]['MaxAttempts'] // 2}",
    "problems in one report": f"{problems.LISTED}",
    "functions that record arrivals": str(
        of_template("ArrivalsMapping", "ScalingConfig", "MaximumConcurrency")
    ),
    "arrivals in the queue": (
        f"{of_template('ArrivalsQueue', 'MessageRetentionPeriod') // 86_400} days"
    ),
    "volume of a training job": f"{VOLUME[1]} GB",
    "time until something lost is sent again": (
        f"{sweeping.SLACK // 60} to {sweeping.SLACK // 30} minutes"
    ),
    "versions of a marker's folder looked through": (
        f"{record_arrivals.PAGE * record_arrivals.PAGES:,}"
    ),
    "versions listed in one sweep": f"{sweeping.MOST_LISTED:,} a pipeline",
    "training": f"60s to {durations.LONGEST_RUNTIME}",
    "a search of `training.tuning`": (
        f"{tuning.MOST_JOBS} jobs, {tuning.MOST_PARALLEL} at a time, {tuning.MOST_RANGES} ranges"
    ),
    "a hyperparameter": (
        f"a name of {training.LONGEST_KEY} characters, a value of {training.LONGEST_VALUE:,}"
    ),
    "hyperparameters of a script": f"{training.MOST_HYPERPARAMETERS}",
    "files that `etl.files` names": f"{etl.MOST_FILES}, of {MOST_BYTES >> 20} MiB together",
    "columns of `gate.slices`": f"{gate.MOST_SLICES}",
    "values of one that are told apart": (
        f"{of_job('MOST_VALUES')}, of at most {of_job('LONGEST_VALUE')} characters"
    ),
    "recipe job": f"{recipe_jobs.TIMEOUT_MINUTES} minutes",
    "Glue job": f"{of_template('PrepareDatasetJob', 'Timeout')} minutes",
    "scoring of one model": f"{SCORING['TimeoutSeconds'] // 60} minutes",
    "rows that a run prepared for itself": f"{EXPIRING['ExpirationInDays']} days",
    "approval of a model by a person": f"{sweeping.LONGEST_APPROVAL // 86_400} days",
    "promotion": f"{machine('promotion')['TimeoutSeconds'] // 3600} hours",
    "failures in a row": f"{settlement.PAUSE_AFTER}",
    "a pipeline's name": f"{names.SHORTEST_PIPELINE} to {names.LONGEST_PIPELINE} characters",
    "a definition with its columns and every default": f"{contracts.MOST_BYTES:,} bytes",
    "a training workflow": f"{training.MOST_BYTES:,} bytes",
}
IN_WORDS = {
    "notices of data under no pipeline's prefix",
    "versions in the ledger",
    "history that is trained on",
    "rows of a batch and its reference that are scored",
    "pipelines in one sweep",
    "labels",
    "instance types",
}
"""Limits of AWS, of memory or of a rule that no constant of ours holds."""


@pytest.mark.parametrize("limit", VALUES)
def test_the_page_says_what_the_code_says(limit: str) -> None:
    assert page()[limit] == VALUES[limit]


def test_every_row_of_the_page_is_held_or_known_to_be_words() -> None:
    assert set(page()) == set(VALUES) | IN_WORDS


def test_the_space_that_the_holdout_rows_are_computed_from_is_the_function_s() -> None:
    """Label, cluster and two scores a row, in the space of a function that asks for none.

    With slices the codes of all columns, and of one column at a time the four again, by value.
    """
    assert "EphemeralStorage" not in RESOURCES["ExtractMetricsFunction"]["Properties"]
    rows = re.search(
        r"about (\d+) million, with five columns of `gate.slices` about (\d+) million",
        page()["rows of a batch and its reference that are scored"],
    )
    assert rows is not None
    assert int(rows[1]) == round((512 << 20) / (4 * spool.SIZE) / 1e6)
    sliced = (4 + gate.MOST_SLICES + 4) * spool.SIZE
    assert int(rows[2]) == round((512 << 20) / sliced / 1e6)
    memory = re.search(r"10 million rows take (\d+) MB", (ROOT / "docs/limits.md").read_text())
    assert memory is not None
    assert int(memory[1]) < 512 < of_template("ExtractMetricsFunction", "MemorySize")
