"""The mistakes that `make mutants` plants can still be planted."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_each_mistake_has_its_place_in_the_code_and_tests_that_could_notice() -> None:
    spec = spec_from_file_location("mutants", ROOT / "tests" / "mutants.py")
    assert spec is not None
    assert spec.loader is not None
    mutants = module_from_spec(spec)
    sys.modules[spec.name] = mutants
    spec.loader.exec_module(mutants)
    for mutant in mutants.MUTANTS:
        source = (ROOT / mutant.file).read_text(encoding="utf-8")
        assert mutant.planted(source) != source, mutant.damage
        assert all((ROOT / test).is_file() for test in mutant.tests), mutant.damage
