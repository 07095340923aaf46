"""The migration page says what the code does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import migration

CALLABLE = [
    name for name in migration.names() if name.arguments and name.old != "set_stream_logger"
]


@pytest.mark.parametrize("name", list(migration.names()), ids=lambda name: name.old)
def test_every_old_name_has_its_place_here(name: migration.Name) -> None:
    assert migration.found(name.place) is not None


@pytest.mark.parametrize("name", CALLABLE, ids=lambda name: name.old)
def test_old_arguments_are_taken_in_their_old_order(name: migration.Name) -> None:
    taken = migration.arguments(migration.found(name.place))
    assert taken[: len(name.arguments)] == name.arguments


def test_the_page_is_what_the_code_makes() -> None:
    assert migration.PAGE.read_text(encoding="utf-8") == migration.page(), (
        "run python tests/docs/migration.py"
    )
