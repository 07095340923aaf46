"""The CLI, the template and the job know the names and keys that the service makes."""

from __future__ import annotations

import ast
import datetime as dt
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from ratchet.cli import following, layout, ledger, screen, service_contract
from ratchet.cli.authoring import tables
from retraining.adapters.ledger.items import REGISTRATIONS
from retraining.rules import belonging, definition_problems, names, outcomes, passes, settlement
from retraining.rules.candidates import FRESH, REFERENCE
from retraining.rules.data_check import column_rule
from retraining.rules.gate import decisions

ROOT = Path(__file__).parents[2]
TEMPLATE = (ROOT / "template.yaml").read_text()
JOB = (ROOT / "jobs" / "prepare_dataset.py").read_text()
PIPELINE, TOKEN = "bank-marketing", 17


def test_new_takes_no_date_that_the_check_refuses_as_a_feature() -> None:
    first, last = map(dt.datetime.fromisoformat, (tables.FIRST, tables.LAST))
    day = dt.timedelta(days=1)
    assert column_rule.FIRST_FEATURE <= first < column_rule.FIRST_FEATURE + day
    assert column_rule.LAST_FEATURE - day < last <= column_rule.LAST_FEATURE


def test_the_check_of_a_folder_runs_a_module_of_the_service() -> None:
    assert definition_problems.__name__ == service_contract.MODULE


def test_a_pipeline_may_have_the_same_names() -> None:
    assert f"^{layout.PIPELINE_NAME.pattern}$" == names.PIPELINE_PATTERN
    for name in ("a", "ab", "b" * 24, "b" * 25, "a--b", "a-b", "bank-", "Bank", "bank\n"):
        assert layout.is_pipeline(name) == names.is_pipeline(name), name


@pytest.mark.parametrize("token", [1, 999_999, 1_000_000])
def test_runs_and_objects_have_the_same_names_and_keys(token: int) -> None:
    assert layout.run_id(PIPELINE, token) == names.run_id(PIPELINE, token)
    assert layout.run_item(token) == f"run#{names.token6(token)}"
    assert layout.run_prefix(PIPELINE, token) == names.run_prefix(PIPELINE, token)
    quarantined = names.quarantine_prefix(PIPELINE, token, "0f")
    assert layout.quarantine_prefix(PIPELINE, token) + "0f" == quarantined
    assert layout.definition_prefix(PIPELINE, "0f") == names.definition_prefix(PIPELINE, "0f")
    key, version = f"{PIPELINE}/a b.csv", "null"
    assert layout.object_item(key, version) == f"object#{names.object_id(key, version)}"
    assert ledger.REGISTRATIONS == REGISTRATIONS
    landing = layout.landing_prefix("training/", PIPELINE)
    assert landing == names.landing_prefix("training/", PIPELINE)


def patterns() -> list[str]:
    """What roles may touch in the work bucket; `*` is its policy's, which refuses.

    The landing bucket's part is a parameter.
    """
    inside = re.findall(r"\$\{WorkBucket\.Arn\}/([^\"\s]+)\"", TEMPLATE)
    listed = re.findall(r"s3:prefix: (.+)\}\}?", TEMPLATE)
    quoted = re.findall(r"\"([^\"]+)\"", " ".join(listed))
    return sorted({*inside, *quoted} - {"*", "${LandingPrefix}*"})


def test_roles_may_touch_the_keys_that_the_service_writes() -> None:
    run = names.run_prefix(PIPELINE, TOKEN)
    keys = [
        f"{run}/file",
        f"{run}/folder/file",
        names.accepted_key(PIPELINE, TOKEN, 0, 0),
        f"{names.definition_prefix(PIPELINE, '0f')}/definition.json",
        f"{names.quarantine_prefix(PIPELINE, TOKEN, '0f')}/report.json",
    ]
    folders = {key.split("/")[0] for key in keys}
    assert {pattern.split("/")[0] for pattern in patterns()} == folders
    for key in keys:
        assert any(fnmatchcase(key, pattern) for pattern in patterns()), key


def test_the_jobs_of_a_run_are_named_by_the_words_of_the_rule() -> None:
    machine = (ROOT / "statemachines" / "retraining.asl.yaml").read_text()
    named = re.findall(r"Name: \"\{% \$run\.name & (.+) %\}\"", machine)
    assert named, "no job is named after its run"
    attempt = r" & \$string\(\$states\.context\.State\.RetryCount\)"
    for ending in named:
        assert re.fullmatch(rf"'-' & \$states\.input\.role & '-'{attempt}", ending), ending
    assert set(passes.ROLES) <= set(get_args(names.Purpose))


def constants(source: str) -> dict[str, object]:
    """The module's constants by name; the job is read, as importing it takes Spark."""
    return {
        target.id: ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant | ast.Tuple)
    }


def test_the_job_keeps_the_columns_and_holdouts_that_the_service_reads() -> None:
    job = constants(JOB)
    extra = (job["ARRIVAL"], job["MOMENT"], job["CLUSTER_COLUMN"])
    assert (*job["RESERVED"], *extra) == names.RESERVED_COLUMNS
    assert job["BY_TIME"] == belonging.TIME
    assert (constants(JOB)["FRESH"], constants(JOB)["REFERENCE"]) == (FRESH, REFERENCE)


def test_the_job_refuses_data_under_the_name_that_ends_the_run() -> None:
    classes = {node.name for node in ast.parse(JOB).body if isinstance(node, ast.ClassDef)}
    assert outcomes.REFUSED.removesuffix(": ") in classes
    machine = yaml.safe_load((ROOT / "statemachines" / "retraining.asl.yaml").read_text())
    assert "glue:startJobRun" in machine["States"][outcomes.PREPARING]["Resource"]


def test_every_outcome_of_a_run_has_its_colour() -> None:
    of_the_data = {"DATA_REJECTED"}
    concluded = (decisions.Reject, decisions.Inconclusive, decisions.Suspect)
    of_the_gate = {decisions.Promote("").outcome, *(one.outcome for one in concluded)}
    later = {settlement.FAILED, settlement.UNCHANGED, settlement.POSTPONED, settlement.WAITING}
    by_people = {settlement.APPROVAL_PENDING}
    ends = {*of_the_gate, *later, *by_people, *of_the_data}
    assert set(screen.OUTCOME_STYLES) == ends


def every(states: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All states by name, those inside a Map too."""
    for name, state in states.items():
        yield name, state
        yield from every(state.get("ItemProcessor", {}).get("States", {}))


@pytest.mark.parametrize("name", ["retraining", "promotion"])
def test_every_task_of_a_run_has_words_of_its_own_when_it_is_followed(name: str) -> None:
    machine = yaml.safe_load((ROOT / "statemachines" / f"{name}.asl.yaml").read_text())
    tasks = {name for name, state in every(machine["States"]) if state["Type"] in {"Task", "Map"}}
    assert tasks <= set(following.HUMAN)


def test_no_words_are_left_of_a_state_that_is_gone() -> None:
    texts = [path.read_text() for path in (ROOT / "statemachines").glob("*.asl.yaml")]
    known = {name for text in texts for name, _ in every(yaml.safe_load(text)["States"])}
    assert set(following.HUMAN) <= known
