"""What the steps read of a definition is what the contract writes into it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from unit_service import DEFINITION

from retraining.documents.definition import PushedDefinition
from retraining.rules import contracts, durations

MACHINE = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
BY_WORKFLOW = {**DEFINITION, "training": {"workflow": MACHINE}}
DURATION = re.compile(r"\d+[smhd]")


def pushed(document: dict[str, Any]) -> PushedDefinition:
    """The definition as a push registers it, every default written out."""
    parsed = contracts.parse_definition(json.dumps(document))
    return PushedDefinition.from_json(contracts.as_document(parsed))


@pytest.mark.parametrize("document", [DEFINITION, BY_WORKFLOW])
def test_every_pushed_definition_has_all_that_the_steps_read(document: dict[str, Any]) -> None:
    definition = pushed(document)
    assert (definition.name, definition.label, definition.metric) == ("bank", "y", "auc")
    assert (definition.keyed, definition.endpoint_kind) == (False, "serverless")
    assert definition.recipe == pushed(document).section("etl")["recipe"]
    assert definition.transform is None
    assert definition.instance == "ml.m5.large"
    assert durations.seconds(definition.quiet_period) == 60
    assert DURATION.fullmatch(definition.max_runtime)


def test_a_pipeline_trains_by_an_algorithm_or_by_its_workflow() -> None:
    built_in, own = pushed(DEFINITION), pushed(BY_WORKFLOW)
    assert (built_in.section("training")["algorithm"], built_in.workflow) == ("xgboost", None)
    assert built_in.hyperparameters["num_round"] == 10
    assert (own.script, own.workflow, own.hyperparameters) == (None, MACHINE, {})


def test_a_definition_is_written_as_it_was_read() -> None:
    definition = pushed(DEFINITION)
    assert definition.as_json() == definition.json
    assert PushedDefinition.from_json(json.loads(json.dumps(definition.as_json()))) == definition
