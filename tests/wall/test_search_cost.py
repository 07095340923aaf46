"""What the command line says of a search's cost goes by the contract's own defaults."""

from __future__ import annotations

from ratchet.cli import search_cost
from retraining.rules.durations import seconds
from retraining.rules.sections.training import BuiltInTraining
from retraining.rules.sections.tuning import Tuning


def test_what_is_left_out_of_pipeline_yaml_is_the_contracts_default() -> None:
    fields = BuiltInTraining.model_fields
    assert fields["instance"].default == search_cost.INSTANCE
    assert fields["max_runtime"].default == search_cost.MAX_RUNTIME
    assert Tuning.model_fields["parallel"].default == search_cost.PARALLEL


def test_durations_are_read_alike() -> None:
    for given in ("90s", "20m", "2h", "1d"):
        training = {"max_runtime": given, "tuning": {"jobs": 3}}
        found = search_cost.SearchCost.of({"training": training})
        assert found is not None
        assert found.hours == 3 * seconds(given) / 3600
